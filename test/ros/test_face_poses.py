"""Where faces are in space: emotion_node with a calibrated camera, and who looks at them."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import ROOT, Peer, StartNode
from conversation import READY, Conversation, Pixels
from geometry_msgs.msg import PointStamped, PoseArray
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from emotion_recognition.ros.messages.cameras import camera_from_message


def camera_info(width: int = 320, height: int = 240, focal_length: float = 300.0) -> CameraInfo:
    k = [focal_length, 0.0, width / 2, 0.0, focal_length, height / 2, 0.0, 0.0, 1.0]
    return CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5, k=k)


def test_binning_and_a_region_of_interest_are_those_of_the_image() -> None:
    info = camera_info(1280, 960, 1000.0)
    info.binning_x = info.binning_y = 2
    info.roi = RegionOfInterest(x_offset=320, y_offset=0, width=640, height=960)
    camera = camera_from_message(info)
    assert (camera.width, camera.height) == (320, 480)
    assert camera.focal_lengths == (500.0, 500.0)
    assert camera.center == (160.0, 240.0)


def test_faces_get_poses_while_somebody_listens_and_the_nearest_who_looks_here_is_looked_at(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node(
        "emotion_node",
        ros_args=["-r", "image_raw:=/eye/image_raw", "-r", "emotions:=/eye/emotions"],
    )
    node.wait_for_log(READY)
    conversation = Conversation(peer, namespace="/eye", node="/emotion_node")
    infos = peer.publisher(CameraInfo, "/eye/camera_info")
    assert infos.get_subscription_count() == 0, "nobody listens yet"
    poses = peer.subscribe(PoseArray, "face_poses")
    peer.wait_for_subscriber(infos)

    message = conversation.message(face_image, frame_id="camera_optical_frame")
    conversation.ask(message)
    assert "nothing has come" not in node.log, "there was no time to find the camera"
    conversation.send_until(
        message, lambda: "nothing has come on '/eye/camera_info'" in node.log, "a line"
    )
    infos.publish(camera_info(focal_length=0.0))
    conversation.send_until(message, lambda: "not calibrated" in node.log, "a reason")
    infos.publish(camera_info(640, 480))
    conversation.send_until(message, lambda: "calibrated for 640x480" in node.log, "a reason")
    assert poses.all == []
    infos.publish(camera_info())
    conversation.send_until(message, lambda: bool(poses.all), "poses")
    told = poses.all[0]
    (face,) = conversation.answers.all[-1].faces
    assert told.header == message.header
    (pose,) = told.poses
    eyes = face.landmarks[:2]
    assert pose.position.x / pose.position.z == pytest.approx(
        (sum(eye.x for eye in eyes) / 2 - 160) / 300, abs=0.01
    )
    apart = math.hypot(eyes[1].x - eyes[0].x, eyes[1].y - eyes[0].y)
    assert pose.position.z == pytest.approx(0.063 * 300 / apart, rel=0.25)

    example = str(ROOT / "examples" / "look_at.py")
    looking = start_node(example, ros_args=["-r", "emotions:=/eye/emotions"])
    looked_at = peer.subscribe(PointStamped, "look_at")
    conversation.send_until(
        conversation.message(face_image, frame_id="camera_optical_frame"),
        lambda: bool(looked_at.all),
        "a point",
    )
    assert looked_at.all[0].point == pose.position
    assert looked_at.all[0].header.frame_id == "camera_optical_frame"

    peer.unsubscribe(poses)
    assert looking.stop() == 0
    peer.wait_until(lambda: infos.get_subscription_count() == 0, "the end of the subscription")
