"""What a camera and an emotion_node say, for web_view to show."""

from __future__ import annotations

from itertools import count

import numpy as np
from builtin_interfaces.msg import Time
from conftest import Peer
from conversation import wait_until_known
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from sensor_msgs.msg import CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header
from web_viewer import Seen

from emotion_recognition.msg import FaceEmotion, FaceEmotionArray
from emotion_recognition.ros.messages.images import encode_message

LABELS = ["happy", "neutral"]
HEIGHT, WIDTH = 48, 64


def header(number: int) -> Header:
    return Header(stamp=Time(sec=number, nanosec=7), frame_id="camera")


def image(number: int) -> Image:
    """As bright as the lowest byte of its number."""
    pixels = np.full((HEIGHT, WIDTH, 3), number % 256, np.uint8)
    return encode_message(pixels, "bgr8", header(number))


def answer(number: int) -> FaceEmotionArray:
    """Of the image with the number, which is the face's track id too."""
    face = FaceEmotion(
        emotion=FaceEmotion.HAPPY,
        label="happy",
        confidence=0.75,
        probabilities=[0.75, 0.25],
        raw_probabilities=[0.5, 0.5],
        roi=RegionOfInterest(x_offset=10, y_offset=20, width=8, height=9),
        detection_score=0.875,
        track_id=number,
    )
    return FaceEmotionArray(
        header=header(number), image_width=WIDTH, image_height=HEIGHT, faces=[face], labels=LABELS
    )


class Robot:
    """What a camera and an emotion_node say."""

    def __init__(
        self,
        peer: Peer,
        namespace: str = "",
        image_type: type = Image,
        image_topic: str = "image_raw",
    ) -> None:
        self.peer = peer
        form = "/compressed" if image_type is CompressedImage else ""
        topic = f"{namespace}/{image_topic}{form}"
        self.images = peer.publisher(image_type, topic)
        self.answers = peer.publisher(FaceEmotionArray, f"{namespace}/emotions")
        self.health = peer.publisher(DiagnosticArray, "/diagnostics")
        self.numbers = count(1)

    def wait_for_viewers(self) -> None:
        for publisher in (self.images, self.answers, self.health):
            self.peer.wait_for_subscriber(publisher)
        wait_until_known(self.peer, "web_view")

    def wait_for_nobody(self) -> None:
        publishers = (self.images, self.answers, self.health)
        self.peer.wait_until(
            lambda: not any(publisher.get_subscription_count() for publisher in publishers),
            "the end of all subscriptions",
        )

    def report(self, name: str, level: bytes, text: str) -> None:
        """On /diagnostics."""
        values = [KeyValue(key="rate (Hz)", value="9.5")]
        status = DiagnosticStatus(level=level, name=name, message=text, values=values)
        self.health.publish(DiagnosticArray(status=[status]))


def number_of(seen: Seen) -> int:
    """The number of an answer, whose picture is the image of that number."""
    number = int(seen.answer["faces"][0]["id"])
    assert seen.picture is not None
    assert abs(float(seen.picture.mean()) - number % 256) <= 1, "the picture of another answer"
    return number
