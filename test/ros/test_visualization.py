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
    for topic in ("image_raw", "emotions", "annotated_image", "image_annotations", "/diagnostics"):
        peer.wait_for_publisher(topic)
    return dict(peer.node.get_topic_names_and_types())


def panels(layout: Any, kind: str) -> Iterator[Any]:  # noqa: ANN401
    """The configurations of the panels of a kind."""
    for name, panel in layout["configById"].items():
        if name.startswith(f"{kind}!"):
            yield panel


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
    displays = rviz["Visualization Manager"]["Displays"]
    assert [display["Class"] for display in displays] == ["rviz_default_plugins/Image"] * 2
    for display in displays:
        assert IMAGES & set(topics[display["Topic"]["Value"]])
    (shown,) = (display for display in displays if display["Enabled"])
    assert shown["Topic"]["Value"] == "/annotated_image"


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
