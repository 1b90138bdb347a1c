"""What nodes leave on the machine, and what they find there."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import READY, Pixels
from node_process import NodeProcess
from private_hour import DDS_PORTS, watch
from traces import Trace, can_trace, tracing_python

from emotion_recognition.msg import FaceEmotionArray

SHARED_MEMORY = Path("/dev/shm")
#: Seconds; the telemetry of onnxruntime looks its host up 14 s after its start.
CONTACT_AFTER = 15.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a folder for temporary files for the nodes, empty."""
    home = tmp_path / "home"
    home.mkdir()
    for name in [name for name in os.environ if name.startswith(("XDG_", "ORT_", "ROS_LOG_"))]:
        monkeypatch.delenv(name)
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(home))
    return home


def segments_of(process: int) -> set[Path]:
    """The shared memory that a process has made, which is what it keeps a lock of."""
    links = [os.readlink(link) for link in Path(f"/proc/{process}/fd").iterdir()]
    locks = [re.fullmatch(r"(/dev/shm/fast(?:dds|rtps)_[0-9a-f]{16})_el", link) for link in links]
    return {Path(lock[1]) for lock in locks if lock}


def test_nodes_write_no_file_but_their_log(home: Path, start_node: StartNode, peer: Peer) -> None:
    start_node("emotion_node").wait_for_log(READY)
    start_node("video_source").wait_for_log("Publishing ")
    answers = peer.subscribe(FaceEmotionArray, "emotions")
    answers.wait_for(lambda answer: bool(answer.faces))
    files = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    assert files
    assert all(path.parts[:2] == (".ros", "log") for path in files), files


def test_the_page_writes_no_file_while_someone_watches(home: Path, start_node: StartNode) -> None:
    web_viewer = pytest.importorskip("web_viewer", reason="needs aiohttp")
    start_node("emotion_node")
    start_node("video_source", rate=10.0, width=320)
    web_view = start_node("web_view", port=0)
    web_view.wait_for_log("http://")
    address = next(word for word in web_view.log.split() if word.startswith("http://"))
    with web_viewer.WebViewer(address) as viewer:
        viewer.wait_for_answer(lambda seen: seen.picture is not None)
    files = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    assert all(path.parts[:2] == (".ros", "log") for path in files), files


def test_nodes_contact_nobody_and_write_nowhere_else(
    home: Path, tmp_path: Path, start_node: StartNode
) -> None:
    if not can_trace():
        pytest.skip("needs strace, and the permission to use it")
    nodes: list[NodeProcess] = []
    chosen: tuple[tuple[str, dict[str, object]], ...] = (
        ("emotion_node", {}),
        ("video_source", {"rate": 5.0}),  # as every call under strace takes long
        ("web_view", {"port": 0}),
    )
    for name, parameters in chosen:
        trace = tmp_path / f"{name}.trace"
        nodes.append(start_node(name, python=tracing_python(trace), **parameters))
    for node, ready in zip(nodes, (READY, "Publishing ", "http://"), strict=True):
        node.wait_for_log(ready)
    time.sleep(CONTACT_AFTER)
    for file in tmp_path.glob("*.trace"):
        trace = Trace(file)
        assert trace.ports
        assert trace.ports <= set(DDS_PORTS), trace.ports
        places = (f"{home}/.ros/log/", "/dev/shm/", "/dev/null", "/proc/self/")
        assert [path for path in trace.written if not path.startswith(places)] == []


def test_images_leave_nothing_behind_and_nothing_but_answers_goes_out(
    home: Path,
    tmp_path: Path,
    start_node: StartNode,
    peer: Peer,
    face_image: Pixels,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not can_trace():
        pytest.skip("needs strace, and the permission to use it")
    monkeypatch.chdir(home)
    file = tmp_path / "trace"
    node = start_node("emotion_node", python=tracing_python(file))
    node.wait_for_log(READY)
    result = watch(peer, node, file, home, face_image, frames=500)
    assert result.failures == []
    assert result.soak.answered >= 499
    assert result.listener.topics["/emotions", "emotion_recognition/msg/FaceEmotionArray"] > 300
    assert result.listener.ids


def test_a_picture_that_goes_out_is_noticed(
    home: Path, tmp_path: Path, start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    file = tmp_path / "trace"
    file.write_text("")
    node = start_node("emotion_node", publish_annotated_image=True)
    node.wait_for_log(READY)
    noticed = " ".join(watch(peer, node, file, home, face_image, frames=300).failures)
    assert "topics of pictures" in noticed
    assert "numbers in a row" in noticed
    assert "strace saw nothing" in noticed


def test_a_start_removes_what_killed_nodes_left_and_nothing_else(start_node: StartNode) -> None:
    living = start_node("video_source", loop=True)
    killed = [start_node("video_source") for _ in range(2)]
    for node in (living, *killed):
        node.wait_for_log("Publishing ")
    kept = segments_of(living.process.pid)
    orphans = {segment for node in killed for segment in segments_of(node.process.pid)}
    assert kept
    assert len(orphans) >= len(killed)
    for node in killed:
        node.process.send_signal(signal.SIGKILL)
        node.wait()
    assert all(segment.exists() for segment in orphans)
    for segment in orphans | kept:  # as if all had started some time ago
        os.utime(f"{segment}_el", (0, 0))

    # Or it is the node of another test that starts first: the folder is the machine's.
    next_node = start_node("video_source")
    next_node.wait_for_log("Publishing ")
    assert not any(segment.exists() or Path(f"{segment}_el").exists() for segment in orphans)
    assert all(segment.exists() and Path(f"{segment}_el").exists() for segment in kept)
    assert segments_of(next_node.process.pid)


def test_no_other_user_can_read_the_images_in_shared_memory(start_node: StartNode) -> None:
    node = start_node("video_source")
    node.wait_for_log("Publishing ")
    segments = segments_of(node.process.pid)
    assert segments
    assert {segment.stat().st_mode & 0o777 for segment in segments} == {0o600}


@pytest.mark.parametrize("home", [None, "/proc"], ids=["unset", "read-only"])
def test_without_a_home_a_node_runs_without_a_log_file_and_says_so(
    home: str | None, start_node: StartNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "ROS_HOME", "ROS_LOG_DIR"):
        monkeypatch.delenv(name, raising=False)
    if home:
        monkeypatch.setenv("HOME", home)
    node = start_node("video_source")
    node.wait_for_log("Publishing ")
    (line,) = [line for line in node.log.splitlines() if "log file" in line]
    assert "ROS_LOG_DIR" in line
    assert node.stop() == 0
