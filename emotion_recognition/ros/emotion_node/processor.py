"""One image in, one answer out: what the node does, without the node around it."""

from __future__ import annotations

from collections.abc import Callable

from std_msgs.msg import Header

from emotion_recognition import EmotionPipeline
from emotion_recognition.core.arrays import Pixels
from emotion_recognition.core.following.follower import FaceFollower
from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.messages.faces import presentable_faces
from emotion_recognition.ros.messages.stamps import NANOSECONDS, age, stamp_of
from emotion_recognition.ros.parameters.settings import Settings


class ImageProcessor:
    """Answers the images of one camera with the faces and emotions in them.

    settings: can be assigned at any time; an image is processed with one or the other. follower:
    gives the track ids; it outlives the processor so that none is given twice. now: the time in
    nanoseconds since the epoch, by the clock that stamps the images.
    """

    def __init__(
        self,
        pipeline: EmotionPipeline,
        settings: Settings,
        follower: FaceFollower,
        now: Callable[[], int],
    ) -> None:
        self.pipeline = pipeline
        self.settings = settings
        self._follower = follower
        self._now = now

    def __call__(
        self, image: Pixels, header: Header, is_wanted: Callable[[], bool] = lambda: True
    ) -> Answer | None:
        """The answer to an image. image: uint8 (H, W, 3) BGR. header: of its message. is_wanted:
        asked when the faces are found, as that may take long; None where they are not: faces of
        the past would break off the tracks of those that came since."""
        settings = self.settings
        height, width = image.shape[:2]
        result = self.pipeline.process(image, settings.score_threshold)
        if not is_wanted():
            return None
        stamp = stamp_of(header)
        time = stamp or self._now()
        faces = self._follower.update(result.faces, time / NANOSECONDS, settings.following)
        return Answer(
            header=header,
            image=image,
            faces=presentable_faces(faces, width, height, self.pipeline.labels),
            latency=age(stamp, self._now()),
            model=self.pipeline.model_name,
            labels=self.pipeline.labels,
            stamp=time,
        )

    def reset(self) -> None:
        """Forgets all faces, as when another stream begins."""
        self._follower.reset()
