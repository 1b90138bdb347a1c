"""Ids of faces as REP 155 wants them."""

from __future__ import annotations

from random import Random

from emotion_recognition.ros.hri_bridge.face_ids import LENGTH, FaceIds


def test_an_id_is_short_and_made_of_letters() -> None:
    ids = FaceIds(1.0)
    ids.see(range(1, 500), 0.0)
    given = list(ids.current.values())
    assert len(set(given)) == 499
    for face_id in given:
        assert len(face_id) == LENGTH
        assert face_id.isascii()
        assert face_id.isalpha()


def test_a_face_keeps_its_id_while_it_is_seen_often_enough() -> None:
    ids = FaceIds(1.0)
    ids.see([7], 0.0)
    first = ids.current
    for time in (0.5, 1.5, 2.4):
        ids.see([7, 8], time)
        assert not ids.forget(time + 0.9)
        assert ids.current[7] == first[7]


def test_a_face_is_gone_after_its_time_and_its_id_with_it() -> None:
    ids = FaceIds(1.0)
    ids.see([7], 0.0)
    ids.see([8], 0.75)
    first = ids.current
    assert not ids.forget(1.0)
    assert ids.forget(1.5)
    assert ids.current == {8: first[8]}
    ids.see([7], 1.5)
    assert ids.current[7] != first[7]


def test_a_face_without_a_track_gets_no_id() -> None:
    ids = FaceIds(1.0)
    ids.see([0, 0], 0.0)
    assert ids.current == {}


class Scripted(Random):
    """Draws what it is told to."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self._texts = iter(texts)

    def choices(self, *args: object, **options: object) -> list[str]:  # type: ignore[override]
        return list(next(self._texts))


def test_no_two_faces_share_an_id() -> None:
    ids = FaceIds(1.0, Scripted("aaaaa", "aaaaa", "bbbbb"))
    ids.see([1, 2], 0.0)
    assert ids.current == {1: "aaaaa", 2: "bbbbb"}
