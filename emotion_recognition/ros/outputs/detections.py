"""The faces as vision_msgs/Detection2DArray."""

from __future__ import annotations

from std_msgs.msg import Header
from vision_msgs.msg import (
    BoundingBox2D,
    Detection2D,
    Detection2DArray,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
)

from emotion_recognition.core.types import LABELS
from emotion_recognition.msg import FaceEmotion, FaceEmotionArray
from emotion_recognition.ros.image_conversion import Pixels
from emotion_recognition.ros.outputs.output import Output


def detections(answer: FaceEmotionArray, image: Pixels) -> Detection2DArray:
    """One detection a face, in the same order, each with the header of the image.

    results: the published emotion comes first, the other classes follow by falling probability;
    the score of each is its probability. Of a face whose emotion is UNKNOWN only that is said, with
    score 0. No pose is estimated: it stays zero. bbox: in pixels of the image. id: the track id as
    text, empty for a face that is too new to have one.
    """
    return Detection2DArray(
        header=answer.header,
        detections=[_detection(face, answer.header) for face in answer.faces],
    )


def _detection(face: FaceEmotion, header: Header) -> Detection2D:
    box = BoundingBox2D(size_x=float(face.roi.width), size_y=float(face.roi.height))
    box.center.position.x = face.roi.x_offset + face.roi.width / 2
    box.center.position.y = face.roi.y_offset + face.roi.height / 2
    return Detection2D(
        header=header,
        results=_hypotheses(face),
        bbox=box,
        id=str(face.track_id) if face.track_id else "",
    )


def _hypotheses(face: FaceEmotion) -> list[ObjectHypothesisWithPose]:
    others = []
    if face.emotion != FaceEmotion.UNKNOWN:
        classes = zip(LABELS, map(float, face.probabilities), strict=True)
        others = [(label, score) for label, score in classes if label != face.label]
        others.sort(key=lambda hypothesis: hypothesis[1], reverse=True)
    return [
        ObjectHypothesisWithPose(hypothesis=ObjectHypothesis(class_id=label, score=score))
        for label, score in [(face.label, face.confidence), *others]
    ]


OUTPUTS = (Output("detections", Detection2DArray, detections),)
