"""The shipped views of rviz and Foxglove show what emotion_node really publishes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("emotion_recognition.msg", reason="needs ROS 2 and the built messages")

from conftest import Peer, StartNode

from emotion_recognition.core.images.overlay import COLORS
from emotion_recognition.core.manifest import model_names, read_manifest
from emotion_recognition.tools import views

CONFIG = Path(__file__).resolve().parents[2] / "config"
IMAGES = {"sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"}


@pytest.fixture(scope="module")
def rviz() -> Any:  # noqa: ANN401
    return yaml.safe_load((CONFIG / "emotion_recognition.rviz").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def layout() -> Any:  # noqa: ANN401
    return json.loads((CONFIG / "foxglove_layout.json").read_text(encoding="utf-8"))


@pytest.fixture
def topics(
    interfaces: Callable[[str], None], start_node: StartNode, peer: Peer
) -> dict[str, list[str]]:
    """Types by topic, of a camera and an emotion_node to which nothing is missing."""
    for package in ("foxglove_msgs", "vision_msgs"):
        interfaces(package)
    start_node("emotion_node", publish_annotated_image=True).wait_for_log("Ready: ")
    start_node("video_source")
    names = ("image_raw", "emotions", "annotated_image", "image_annotations", "face_poses")
    for topic in (*names, "/diagnostics"):
        peer.wait_for_publisher(topic)
    return dict(peer.node.get_topic_names_and_types())


def panels(layout: Any, kind: str) -> Iterator[Any]:  # noqa: ANN401
    """The configurations of the panels of a kind."""
    for name, panel in layout["configById"].items():
        if name.startswith(f"{kind}!"):
            yield panel


def displays_of(rviz: Any, kind: str) -> list[Any]:  # noqa: ANN401
    """The displays of a kind that rviz brings."""
    displays = rviz["Visualization Manager"]["Displays"]
    return [display for display in displays if display["Class"] == f"rviz_default_plugins/{kind}"]


def leaves(node: Any) -> list[str]:  # noqa: ANN401
    """The panels in a (sub)division of the screen."""
    if isinstance(node, str):
        return [node]
    return leaves(node["first"]) + leaves(node["second"])


def check_path(path: str, topics: dict[str, list[str]]) -> None:
    """Whether a Foxglove message path, /topic.field[0].field, leads somewhere."""
    topic, *fields = path.split(".")
    (kind,) = topics[topic]
    for field in fields:
        package, name = kind.split("/")[0], kind.split("/")[-1]
        message = getattr(import_module(f"{package}.msg"), name)
        step = re.fullmatch(r"(\w+)(?:\[(\d+)\])?", field)
        assert step, field
        declared = message.get_fields_and_field_types()[step[1]]
        array = re.fullmatch(r"sequence<(.+)>|(.+)\[(\d+)\]", declared)
        assert bool(array) == bool(step[2]), f"{field} of {kind} is a {declared}"
        if array and array[3]:
            assert int(step[2]) < int(array[3]), f"{field} of {kind} is a {declared}"
        kind = (array[1] or array[2]) if array else declared


def test_rviz_shows_images_that_are_published(rviz: Any, topics: dict[str, list[str]]) -> None:  # noqa: ANN401
    displays = displays_of(rviz, "Image")
    assert len(displays) == 2
    for display in displays:
        assert IMAGES & set(topics[display["Topic"]["Value"]])
    (shown,) = (display for display in displays if display["Enabled"])
    assert shown["Topic"]["Value"] == "/annotated_image"


def test_rviz_shows_where_the_heads_are(rviz: Any, topics: dict[str, list[str]]) -> None:  # noqa: ANN401
    (display,) = displays_of(rviz, "PoseArray")
    assert display["Enabled"]
    assert display["Shape"] == "Axes"
    assert 0 < display["Axes Radius"] < display["Axes Length"] < 0.3, "of the size of a head"
    assert topics[display["Topic"]["Value"]] == ["geometry_msgs/msg/PoseArray"]


def test_foxglove_shows_where_the_heads_are(layout: Any, topics: dict[str, list[str]]) -> None:  # noqa: ANN401
    (panel,) = panels(layout, "3D")
    ((topic, shown),) = panel["topics"].items()
    assert topics[topic] == ["geometry_msgs/msg/PoseArray"]
    assert (shown["visible"], shown["type"]) == (True, "axis")
    assert 0 < shown["axisScale"] < 0.3, "of the size of a head"


def test_rviz_needs_no_plugin(rviz: Any) -> None:  # noqa: ANN401
    manager = rviz["Visualization Manager"]
    parts = [*rviz["Panels"], *manager["Displays"], *manager["Tools"], manager["Views"]["Current"]]
    for part in parts:
        assert part["Class"].startswith(("rviz_default_plugins/", "rviz_common/"))


def test_the_foxglove_layout_places_every_panel_it_configures(layout: Any) -> None:  # noqa: ANN401
    placed = leaves(layout["layout"])
    assert sorted(placed) == sorted(layout["configById"])
    assert {"globalVariables", "userNodes", "playbackConfig"} < layout.keys()


def test_foxglove_shows_images_that_are_published(
    layout: Any,  # noqa: ANN401
    topics: dict[str, list[str]],
) -> None:
    modes = [panel["imageMode"] for panel in panels(layout, "Image")]
    assert "/annotated_image" in [mode["imageTopic"] for mode in modes]
    for mode in modes:
        assert IMAGES & set(topics[mode["imageTopic"]])
        for topic in mode.get("annotations", {}):
            assert topics[topic] == ["foxglove_msgs/msg/ImageAnnotations"]


def test_foxglove_plots_fields_that_exist(layout: Any, topics: dict[str, list[str]]) -> None:  # noqa: ANN401
    paths = [
        path["value"]
        for kind in ("Plot", "StateTransitions")
        for panel in panels(layout, kind)
        for path in panel["paths"]
    ]
    assert len(paths) >= 5
    for path in paths:
        check_path(path, topics)
    for panel in panels(layout, "DiagnosticSummary"):
        assert topics[panel["topicToRender"]] == ["diagnostic_msgs/msg/DiagnosticArray"]


def test_foxglove_plots_each_emotion_in_its_color(layout: Any) -> None:  # noqa: ANN401
    (plot,) = panels(layout, "Plot")
    labels = tuple(path["label"] for path in plot["paths"])
    for name in model_names("classifier"):
        known = read_manifest("classifier", name).labels
        assert labels[: len(known)] == known, name
    for index, path in enumerate(plot["paths"]):
        assert path["value"] == f"/emotions.faces[0].probabilities[{index}]"
        blue, green, red = COLORS[path["label"]]
        assert path["color"] == f"#{red:02x}{green:02x}{blue:02x}"


def topics_in(rviz: Any, layout: Any) -> set[str]:  # noqa: ANN401
    """All topics that two views show."""
    displays = rviz["Visualization Manager"]["Displays"]
    modes = [panel["imageMode"] for panel in panels(layout, "Image")]
    return {
        *(display["Topic"]["Value"] for display in displays),
        *(mode["imageTopic"] for mode in modes),
        *(topic for mode in modes for topic in mode.get("annotations", {})),
        *(topic for panel in panels(layout, "3D") for topic in panel["topics"]),
        *(
            path["value"].split(".")[0]
            for kind in ("Plot", "StateTransitions")
            for panel in panels(layout, kind)
            for path in panel["paths"]
        ),
    }


def written(folder: Path, *arguments: str) -> tuple[Any, Any]:
    """The views that the command writes."""
    assert views.main([*arguments, "--folder", str(folder)]) == 0
    rviz, layout = (folder / name for name in (views.RVIZ, views.FOXGLOVE))
    return yaml.safe_load(rviz.read_text()), json.loads(layout.read_text())


def test_views_for_no_other_topics_are_the_shipped_ones(
    rviz: Any,  # noqa: ANN401
    layout: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    assert written(tmp_path) == (rviz, layout)


def test_views_fit_the_topic_of_a_camera(tmp_path: Path) -> None:
    assert topics_in(*written(tmp_path, "--image-topic", "camera/image_raw")) == {
        "/camera/image_raw",
        "/annotated_image",
        "/image_annotations",
        "/emotions",
        "/face_poses",
    }


def test_views_of_two_cameras_in_namespaces_show_what_both_publish(
    interfaces: Callable[[str], None], start_node: StartNode, peer: Peer, tmp_path: Path
) -> None:
    for package in ("foxglove_msgs", "vision_msgs"):
        interfaces(package)
    cameras = {"left": "/left/image_raw", "robot/right": "/robot/right/image_raw"}
    start_node(
        "multi_camera_node", cameras="[left, robot/right]", publish_annotated_image=True
    ).wait_for_log("'/robot/right/emotions'")
    rviz, layout = written(tmp_path, *cameras)
    shown = topics_in(rviz, layout)
    for camera, images in cameras.items():
        start_node("video_source", ros_args=["-r", f"__ns:=/{camera}"], width=64)
        peer.wait_for_publisher(images)
    published = dict(peer.node.get_topic_names_and_types())
    assert len(shown) == 10
    assert shown <= published.keys()
    assert len(rviz["Visualization Manager"]["Displays"]) == 6
    assert sorted(leaves(layout["layout"])) == sorted(layout["configById"])
    for panel in (*panels(layout, "Plot"), *panels(layout, "StateTransitions")):
        for path in panel["paths"]:
            check_path(path["value"], published)


def test_cameras_of_similar_names_have_panels_of_their_own(tmp_path: Path) -> None:
    one, two = (
        len(written(tmp_path, *cameras)[1]["configById"]) for cameras in (["a_b"], ["a/b", "a_b"])
    )
    assert two == 2 * one


def test_an_absolute_topic_of_the_images_stays_where_it_is() -> None:
    place = views.topics_of("left", "/cam")
    assert [place("/image_raw"), place("/emotions.faces[0].label"), place("/diagnostics")] == [
        "/cam",
        "/left/emotions.faces[0].label",
        "/diagnostics",
    ]


@pytest.mark.parametrize("arguments", [["9x"], ["--image-topic", "a//b"]])
def test_names_that_cannot_be_are_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str]
) -> None:
    assert views.main([*arguments, "--folder", str(tmp_path / "new")]) == 1
    assert re.fullmatch(r"views: .*: expected .*\n", capsys.readouterr().err)
    assert not (tmp_path / "new").exists()
