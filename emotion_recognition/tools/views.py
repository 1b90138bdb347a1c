"""Writes the views of rviz and Foxglove for the topics of a robot, from those in config/.

ros2 run emotion_recognition views --image-topic camera/image_raw
ros2 run emotion_recognition views left right --folder ~/views
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import get_package_share_directory

from emotion_recognition.ros.launch_files.arguments import ArgumentError, namespace, topic

RVIZ, FOXGLOVE = "emotion_recognition.rviz", "foxglove_layout.json"

#: The one topic of the shipped views that a camera publishes; all others are emotion_node's.
_IMAGES = "/image_raw"

Topics = Callable[[str], str]


def topics_of(camera: str, image_topic: str) -> Topics:
    """Where a camera's topics are, by what they are called in the shipped views.

    camera: namespace of its emotion_node, empty for none. image_topic: as the launch files have it:
    below the namespace, unless it begins with /.
    """
    prefix = f"/{camera.strip('/')}" if camera.strip("/") else ""

    def place(name: str) -> str:
        if name == "/diagnostics":  # of all nodes
            return name
        own, dot, field = name.partition(".")
        if own == _IMAGES:
            own = image_topic if image_topic.startswith("/") else f"/{image_topic}"
            return own if image_topic.startswith("/") else f"{prefix}{own}"
        return f"{prefix}{own}{dot}{field}"

    return place


def rviz_view(shipped: Any, cameras: Sequence[str], image_topic: str) -> Any:  # noqa: ANN401
    """The view of rviz for these cameras. shipped: the one in config/."""
    view = copy.deepcopy(shipped)
    displays, geometry = [], view["Window Geometry"]
    for camera in cameras:
        place = topics_of(camera, image_topic)
        for display in copy.deepcopy(shipped["Visualization Manager"]["Displays"]):
            display["Topic"]["Value"] = place(display["Topic"]["Value"])
            title = _titled(display["Name"], camera)
            if display["Name"] in geometry:
                geometry[title] = geometry[display["Name"]]
            display["Name"] = title
            displays.append(display)
    view["Visualization Manager"]["Displays"] = displays
    return view


def foxglove_layout(shipped: Any, cameras: Sequence[str], image_topic: str) -> Any:  # noqa: ANN401
    """The layout of Foxglove for these cameras, side by side. shipped: the one in config/."""
    layout = copy.deepcopy(shipped)
    layout["configById"] = {}
    columns = []
    for number, camera in enumerate(cameras):
        place = topics_of(camera, image_topic)
        names = {name: f"{name}_{number}" if camera else name for name in shipped["configById"]}
        for name, panel in copy.deepcopy(shipped["configById"]).items():
            panel["foxglovePanelTitle"] = _titled(panel["foxglovePanelTitle"], camera)
            if mode := panel.get("imageMode"):
                mode["imageTopic"] = place(mode["imageTopic"])
                if "annotations" in mode:
                    mode["annotations"] = {
                        place(topic): shown for topic, shown in mode["annotations"].items()
                    }
            if "topics" in panel:
                panel["topics"] = {place(topic): shown for topic, shown in panel["topics"].items()}
            for path in panel.get("paths", []):
                path["value"] = place(path["value"])
            layout["configById"][names[name]] = panel
        columns.append(_renamed(shipped["layout"], names))
    layout["layout"] = reduce(_beside, columns)
    return layout


def _titled(title: str, camera: str) -> str:
    return f"{title}: {camera}" if camera else title


def _renamed(node: Any, names: dict[str, str]) -> Any:  # noqa: ANN401
    if isinstance(node, str):
        return names[node]
    return {
        **node,
        "first": _renamed(node["first"], names),
        "second": _renamed(node["second"], names),
    }


def _beside(left: Any, right: Any) -> Any:  # noqa: ANN401
    return {"direction": "row", "splitPercentage": 50, "first": left, "second": right}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        "views", description="Writes the views of rviz and Foxglove for the topics of a robot."
    )
    parser.add_argument("cameras", nargs="*", help="namespaces, if the nodes have any")
    parser.add_argument(
        "--image-topic",
        default=_IMAGES[1:],
        help="of the cameras, as for the launch files; camera/image_raw with pi_camera.launch.py",
    )
    parser.add_argument("--folder", type=Path, default=Path(), help="where to; by default here")
    given = parser.parse_args(arguments)
    try:
        cameras = [namespace("camera", camera).strip("/") for camera in given.cameras] or [""]
        image_topic = topic("image_topic", given.image_topic)
        given.folder.mkdir(parents=True, exist_ok=True)
        config = Path(get_package_share_directory("emotion_recognition")) / "config"
        view = yaml.safe_load((config / RVIZ).read_text(encoding="utf-8"))
        layout = json.loads((config / FOXGLOVE).read_text(encoding="utf-8"))
        files = {
            RVIZ: yaml.safe_dump(rviz_view(view, cameras, image_topic), sort_keys=False),
            FOXGLOVE: json.dumps(foxglove_layout(layout, cameras, image_topic), indent=2) + "\n",
        }
        for name, text in files.items():
            (given.folder / name).write_text(text, encoding="utf-8")
            print(given.folder / name)
    except (ArgumentError, OSError) as error:
        print(f"views: {error}", file=sys.stderr)
        return 1
    return 0
