"""How tests talk to a node: what they say must not be lost, or they wait for nothing."""

from __future__ import annotations

import signal
from threading import Thread

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer
from conversation import Conversation, Pixels
from node_process import NodeProcess


def test_nothing_is_said_to_a_node_that_has_not_discovered_who_says_it(
    node: NodeProcess, peer: Peer, face_image: Pixels
) -> None:
    peer.wait_for_publisher("/emotions")
    peer.wait_until(lambda: peer.node.count_subscribers("/image_raw") > 0, "the node")
    begun: list[Conversation] = []
    beginning = Thread(target=lambda: begun.append(Conversation(peer)))
    node.process.send_signal(signal.SIGSTOP)  # as one that gets no processor
    try:
        beginning.start()
        beginning.join(1.0)
        assert begun == []
    finally:
        node.process.send_signal(signal.SIGCONT)
        beginning.join()
    assert begun[0].ask(begun[0].message(face_image)).faces
