"""What emotion_node says when something begins or ends, and to those who come later."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Messages, Peer, StartNode
from conversation import READY, Conversation, Lifecycle, Pixels
from rclpy.qos import DurabilityPolicy, QoSProfile

from emotion_recognition.msg import FaceEmotionEvent, FaceEmotionEventArray
from emotion_recognition.ros.messages.stamps import seconds_of, stamp_of

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
APPEARED, BEGAN = FaceEmotionEvent.APPEARED, FaceEmotionEvent.EMOTION_BEGAN
ENDED, LEFT = FaceEmotionEvent.EMOTION_ENDED, FaceEmotionEvent.LEFT


def ongoing(peer: Peer) -> Messages:
    """As a behaviour hears it that comes now."""
    return peer.subscribe(FaceEmotionEventArray, "emotion_events/ongoing", LATCHED)


def kinds(events: Messages) -> list[int]:
    return [event.kind for event in events.all]


def test_each_beginning_and_end_is_told_once_and_who_comes_late_hears_what_is_true(
    start_node: StartNode, peer: Peer, face_image: Pixels, empty_image: Pixels
) -> None:
    settings = {"tracking.birth_hits": 1, "events.gone_after": 0.5, "stall_timeout": 3.0}
    start_node("emotion_node", **settings).wait_for_log(READY)
    events = peer.subscribe(FaceEmotionEvent, "emotion_events")
    peer.wait_for_publisher("emotion_events")
    assert ongoing(peer).wait_for(lambda _: True).events == [], "nobody, which is worth knowing"
    conversation = Conversation(peer)

    def show(image: Pixels, seconds: float) -> None:
        message = conversation.message(image, frame_id="eye", seconds=seconds)
        conversation.send_until(
            message,
            lambda: any(told.header == message.header for told in conversation.answers.all),
            "an answer",
        )

    show(face_image, 100.0)
    show(face_image, 101.0)
    events.wait_for(lambda event: event.kind == BEGAN)
    appeared, began = events.all
    assert (appeared.kind, began.kind) == (APPEARED, BEGAN)
    (face,) = conversation.answers.all[-1].faces
    assert (began.track_id, began.emotion, began.label) == (1, face.emotion, face.label)
    assert (stamp_of(began.header), began.since.sec) == (100 * 10**9, 100)
    assert (appeared.header.frame_id, appeared.emotion) == ("eye", 255)

    show(empty_image, 101.4)
    show(face_image, 101.5)
    show(empty_image, 101.6)
    show(empty_image, 102.2)
    events.wait_for(lambda event: event.kind == LEFT)
    assert kinds(events) == [APPEARED, BEGAN, ENDED, LEFT]
    ended, left = events.all[2:]
    assert (ended.track_id, ended.label, ended.since.sec) == (1, face.label, 100)
    assert seconds_of(ended.duration) == seconds_of(left.duration) == 1.5
    assert ongoing(peer).wait_for(lambda told: told.header.frame_id).events == []

    show(face_image, 103.0)
    told = ongoing(peer).wait_for(lambda told: told.events)
    assert [event.kind for event in told.events] == [APPEARED, BEGAN]
    assert [event.since.sec for event in told.events] == [103, 103]
    heard = ongoing(peer)
    heard.wait_for(lambda told: told.events)
    show(face_image, 103.4)
    now = heard.wait_for(lambda told: told.header.stamp.nanosec == 400_000_000)
    assert [seconds_of(event.duration) for event in now.events] == [0.4, 0.4]

    # The stream stalls: nobody knows who is still there.
    events.wait_for(lambda event: event.kind == LEFT and event.since.sec == 103)
    assert kinds(events)[4:] == [APPEARED, BEGAN, ENDED, LEFT]

    # Time goes back while somebody is there, as when a recording starts again.
    show(face_image, 104.0)
    show(face_image, 50.0)
    events.wait_for(lambda event: event.kind == BEGAN and event.since.sec == 50)
    assert kinds(events)[8:] == [APPEARED, BEGAN, ENDED, LEFT, APPEARED, BEGAN]

    lifecycle = Lifecycle(peer)
    assert lifecycle.change("deactivate")
    events.wait_for(lambda event: event.kind == LEFT and event.since.sec == 50)
    assert kinds(events)[14:] == [ENDED, LEFT]
    assert ongoing(peer).wait_for(lambda _: True).events == []
    assert lifecycle.change("activate")
    conversation.wait_for_subscriber()
    show(face_image, 60.0)
    events.wait_for(lambda event: event.kind == BEGAN and event.since.sec == 60)
    assert len(events.all) == 18
