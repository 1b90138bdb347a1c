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

from emotion_recognition.core.types import UNKNOWN, Face
from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.outputs import Output


def detections(answer: Answer) -> Detection2DArray:
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


def _detection(face: Face, header: Header) -> Detection2D:
    box = BoundingBox2D(size_x=face.box.width, size_y=face.box.height)
    box.center.position.x = (face.box.x1 + face.box.x2) / 2
    box.center.position.y = (face.box.y1 + face.box.y2) / 2
    return Detection2D(
        header=header,
        results=_hypotheses(face),
        bbox=box,
        id=str(face.track_id) if face.track_id else "",
    )


def _hypotheses(face: Face) -> list[ObjectHypothesisWithPose]:
    others = []
    if face.emotion.id != UNKNOWN.id:
        classes = zip(face.labels, face.probabilities, strict=True)
        others = [(label, score) for label, score in classes if label != face.emotion.label]
        others.sort(key=lambda hypothesis: hypothesis[1], reverse=True)
    return [
        ObjectHypothesisWithPose(hypothesis=ObjectHypothesis(class_id=label, score=score))
        for label, score in [(face.emotion.label, face.emotion.confidence), *others]
    ]


OUTPUTS = (Output("detections", Detection2DArray, detections),)
