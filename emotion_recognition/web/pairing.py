"""Brings answers together with the images that they belong to."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Image = TypeVar("Image")
Answer = TypeVar("Answer")

#: What is kept at most of images without an answer: so many, and so many bytes, but always two.
IMAGES = 30
BYTES = 64_000_000
#: Answers that wait for their image; when there are more, the oldest goes without it.
ANSWERS = 3


class Pairing(Generic[Image, Answer]):
    """Images and answers in any order, told apart by their stamps (nanoseconds, 0: none).

    An answer without a stamp goes on without an image: it could be that of any.

    Most images get no answer from a node that takes the newest only; they are forgotten when a
    later one has got its answer. Answers to images from before the first are forgotten, too: those
    had been sent before anybody listened.
    """

    def __init__(self) -> None:
        self._images: OrderedDict[int, tuple[Image, int]] = OrderedDict()
        self._answers: OrderedDict[int, Answer] = OrderedDict()
        self._bytes = 0
        self._has_begun = False

    def add_image(self, stamp: int, image: Image, size: int) -> list[tuple[Answer, Image | None]]:
        """The answers that are complete with it, in order. size: of the image in bytes."""
        if not stamp:
            return []
        if not self._has_begun:
            self._has_begun = True
            for early in [other for other in self._answers if other < stamp]:
                del self._answers[early]
        if stamp in self._answers:
            return [*self._overtaken_by(stamp), (self._answers.pop(stamp), image)]
        self._forget(stamp)
        self._images[stamp] = (image, size)
        self._bytes += size
        while len(self._images) > IMAGES or (self._bytes > BYTES and len(self._images) > 2):
            self._forget(next(iter(self._images)))
        return []

    def add_answer(self, stamp: int, answer: Answer) -> list[tuple[Answer, Image | None]]:
        """The answers that are complete now, in order, each with its image or None."""
        if not stamp:
            return [*self._overtaken_by(None), (answer, None)]
        if stamp in self._images:
            image = self._images[stamp][0]
            while next(iter(self._images)) != stamp:
                self._forget(next(iter(self._images)))
            self._forget(stamp)
            return [*self._overtaken_by(None), (answer, image)]
        self._answers[stamp] = answer
        self._answers.move_to_end(stamp)
        if len(self._answers) > ANSWERS:
            return [(self._answers.popitem(last=False)[1], None)]
        return []

    def _overtaken_by(self, stamp: int | None) -> list[tuple[Answer, Image | None]]:
        """The answers that came before that of this stamp, or all, and whose image did not come."""
        overtaken: list[tuple[Answer, Image | None]] = []
        while self._answers and next(iter(self._answers)) != stamp:
            overtaken.append((self._answers.popitem(last=False)[1], None))
        return overtaken

    def _forget(self, stamp: int) -> None:
        if stamp in self._images:
            self._bytes -= self._images.pop(stamp)[1]
