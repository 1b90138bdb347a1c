"""The policy for SROS 2 grants each node what it has when it is used, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from xml.etree import ElementTree

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import ROOT, Peer, StartNode
from conversation import READY
from geometry_msgs.msg import Point32, PoseArray
from rclpy.node import NodeNameNonExistentError

from emotion_recognition.msg import FaceEmotion, FaceEmotionArray

POLICY = ROOT / "policies" / "emotion_recognition.policy.xml"
#: What a node has only where the messages of other packages are installed.
OPTIONAL = {"publish /detections", "publish /image_annotations"}


def profiles() -> dict[str, ElementTree.Element]:
    """The profile of each node of the policy, by the node's name."""
    found = ElementTree.parse(POLICY).iter("profile")
    return {profile.attrib["node"]: profile for profile in found}


def granted(node: str) -> set[str]:
    """What the policy allows a node: verbs and full names."""
    return {
        f"{verb} /{str(rule.text).replace('~', node).lstrip('/')}"
        for rules in profiles()[node]
        for verb in rules.attrib
        for rule in rules
    }


class Graph:
    """What a node has had in the graph so far, in the same words."""

    def __init__(self, peer: Peer, node: str) -> None:
        self._peer = peer
        self._node = node
        self.seen: set[str] = set()

    def look(self) -> None:
        """Adds what the node has now."""
        graph = self._peer.node
        for verb, names_and_types in (
            ("publish", graph.get_publisher_names_and_types_by_node),
            ("subscribe", graph.get_subscriber_names_and_types_by_node),
            ("reply", graph.get_service_names_and_types_by_node),
            ("request", graph.get_client_names_and_types_by_node),
        ):
            with suppress(NodeNameNonExistentError):  # not yet, or not any more
                self.seen |= {f"{verb} {name}" for name, _ in names_and_types(self._node, "/")}

    def wait_for(self, name: str) -> None:
        """Waits until the node has this, or has had it."""

        def has() -> bool:
            self.look()
            return name in self.seen

        self._peer.wait_until(has, name)

    def wait_until_as_granted(self) -> None:
        """Waits until the node has had all that it is granted; fails for what it is not."""

        def missing() -> set[str]:
            self.look()
            return {
                pattern
                for pattern in granted(self._node) - OPTIONAL
                if not any(fnmatchcase(name, pattern) for name in self.seen)
            }

        try:
            self._peer.wait_until(lambda: not missing(), "what the policy grants")
        except AssertionError:
            raise AssertionError(f"granted for nothing: {sorted(missing())}") from None
        beyond = [
            name
            for name in self.seen
            if not any(fnmatchcase(name, pattern) for pattern in granted(self._node))
        ]
        assert beyond == []


def test_the_policy_is_as_sros_2_reads_it() -> None:
    policy = ElementTree.parse(POLICY, ElementTree.XMLParser(encoding="utf-8")).getroot()
    assert (policy.tag, policy.attrib) == ("policy", {"version": "0.2.0"})
    (enclaves,) = policy
    # It takes a comment among the enclaves for one of them, without a path.
    text = POLICY.read_text(encoding="utf-8")
    for gap in text.split("<enclaves>")[1].split("</enclave>"):
        assert "<!--" not in gap.partition("<enclave ")[0]
    assert {enclave.attrib["path"] for enclave in enclaves} > {"/emotion_node", "/camera"}
    for profile in profiles().values():
        assert profile.attrib["ns"] == "/"
        for rules in profile:
            verbs = {"topics": {"publish", "subscribe"}, "services": {"reply", "request"}}
            assert rules.attrib.keys() <= verbs[rules.tag]
            assert set(rules.attrib.values()) == {"ALLOW"}
            assert all(rule.tag == rules.tag.removesuffix("s") and rule.text for rule in rules)


def test_no_picture_leaves_the_node() -> None:
    pictures = {"annotated_image", "image_raw", "compressed"}
    names = [name for name in granted("emotion_node") if name.startswith("publish")]
    assert names
    assert not [name for name in names if any(picture in name for picture in pictures)]


def test_emotion_node_has_what_it_is_granted(start_node: StartNode, peer: Peer) -> None:
    graph = Graph(peer, "emotion_node")
    peer.subscribe(PoseArray, "face_poses")  # so that it asks for the camera's calibration
    node = start_node("emotion_node", use_sim_time=True)
    node.wait_for_log(READY)
    graph.wait_for("subscribe /image_raw")
    assert node.stop() == 0
    start_node("emotion_node", image_transport="compressed").wait_for_log(READY)
    graph.wait_until_as_granted()


def test_a_camera_has_what_it_is_granted(start_node: StartNode, peer: Peer) -> None:
    start_node("video_source", use_sim_time=True)
    Graph(peer, "video_source").wait_until_as_granted()


def test_web_view_has_what_it_is_granted(start_node: StartNode, peer: Peer) -> None:
    web_viewer = pytest.importorskip("web_viewer", reason="needs aiohttp")
    graph = Graph(peer, "web_view")
    for transport in ("raw", "compressed"):
        node = start_node("web_view", port=0, image_transport=transport, use_sim_time=True)
        node.wait_for_log("http://")
        address = next(word for word in node.log.split() if word.startswith("http://"))
        with web_viewer.WebViewer(address):
            topic = {"raw": "/image_raw", "compressed": "/image_raw/compressed"}[transport]
            for name in (topic, "/emotions", "/diagnostics"):  # all that it has for a viewer alone
                graph.wait_for(f"subscribe {name}")
        assert node.stop() == 0
    graph.wait_until_as_granted()


def test_hri_bridge_has_what_it_is_granted(
    start_node: StartNode, peer: Peer, interfaces: Callable[[str], None]
) -> None:
    interfaces("hri_msgs")
    start_node("hri_bridge", use_sim_time=True, gone_after=60.0)
    answers = peer.publisher(FaceEmotionArray, "emotions")
    peer.wait_for_subscriber(answers)
    face = FaceEmotion(track_id=7, landmarks=[Point32()] * 5)
    answers.publish(FaceEmotionArray(faces=[face]))
    Graph(peer, "hri_bridge").wait_until_as_granted()


def test_the_greeter_has_what_it_is_granted(start_node: StartNode, peer: Peer) -> None:
    start_node(str(ROOT / "examples" / "greeter.py"), use_sim_time=True)
    Graph(peer, "greeter").wait_until_as_granted()
