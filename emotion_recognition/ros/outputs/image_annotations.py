"""The faces as foxglove_msgs/ImageAnnotations, which Foxglove draws on any image of the camera."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from foxglove_msgs.msg import Color, ImageAnnotations, Point2, PointsAnnotation, TextAnnotation

from emotion_recognition.core.images.overlay import COLORS, label_text, line_thickness
from emotion_recognition.core.types import Face
from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.outputs import Output

_BLACK = Color(r=0.0, g=0.0, b=0.0, a=1.0)
_TEXT_HEIGHT = 1 / 30  # of the image's longer side


def image_annotations(answer: Answer) -> ImageAnnotations:
    """A box, a label and the landmarks for each face, in pixels of the image, with its stamp."""
    width, height, stamp = answer.width, answer.height, answer.header.stamp
    thickness = float(line_thickness(width, height))
    font_size = max(width, height) * _TEXT_HEIGHT
    return ImageAnnotations(
        points=[
            *(_box(face, thickness, stamp) for face in answer.faces),
            *(_landmarks(face, thickness, stamp) for face in answer.faces if face.landmarks),
        ],
        texts=[_label(face, font_size, stamp) for face in answer.faces],
    )


def _box(face: Face, thickness: float, stamp: Time) -> PointsAnnotation:
    box = face.box
    corners = ((box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2))
    return PointsAnnotation(
        timestamp=stamp,
        type=PointsAnnotation.LINE_LOOP,
        points=[Point2(x=x, y=y) for x, y in corners],
        outline_color=_color(face),
        thickness=thickness,
    )


def _landmarks(face: Face, thickness: float, stamp: Time) -> PointsAnnotation:
    return PointsAnnotation(
        timestamp=stamp,
        type=PointsAnnotation.POINTS,
        points=[Point2(x=x, y=y) for x, y in face.landmarks],
        outline_color=_color(face),
        thickness=2 * thickness,
    )


def _label(face: Face, font_size: float, stamp: Time) -> TextAnnotation:
    # Above the box, or inside it where the image ends.
    bottom = face.box.y1 if face.box.y1 >= font_size else face.box.y1 + font_size
    return TextAnnotation(
        timestamp=stamp,
        position=Point2(x=face.box.x1, y=bottom),
        text=label_text(face),
        font_size=font_size,
        text_color=_BLACK,
        background_color=_color(face),
    )


def _color(face: Face) -> Color:
    blue, green, red = (channel / 255 for channel in COLORS[face.emotion.label])
    return Color(r=red, g=green, b=blue, a=1.0)


OUTPUTS = (Output("image_annotations", ImageAnnotations, image_annotations),)
