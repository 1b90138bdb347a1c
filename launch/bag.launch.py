"""A recording, played by `ros2 bag` from when emotion_node is ready, in the recording's time."""

from launch import Action, LaunchContext, LaunchDescription
from launch.actions import ExecuteProcess, RegisterEventHandler, Shutdown
from launch.event_handlers import OnProcessIO
from launch.events.process import ProcessExited, ProcessIO

from emotion_recognition.ros.launch_files.arguments import (
    existing_path,
    not_negative,
    one_of,
    positive_number,
    require,
)
from emotion_recognition.ros.launch_files.parts import (
    describe,
    emotion_node,
    end_if_failed,
    is_true,
    transport_environment,
)

ARGUMENTS = {
    "bag": (None, "The recording: a file or folder that `ros2 bag play` takes."),
    "rate": ("", "How many times as fast as recorded; empty: once."),
    "delay": (
        "1",
        "Seconds before the first image (of each loop), in which the nodes find each other.",
    ),
    "loop": ("false", "Start again at the end; otherwise the launch ends there."),
}
READY = b"Ready: "  # what emotion_node logs when it is active; images before that would be lost
AUDIBLE = one_of(
    "debug",
    "info",
    because="the recording is played when emotion_node logs, as info, that it is ready",
)
SIMULATED = {"use_sim_time": True}  # the recording's time, which the player publishes


def emotion_node_and_player(context: LaunchContext) -> list[Action]:
    given = context.launch_configurations
    command = ["ros2", "bag", "play", str(existing_path("bag", given["bag"])), "--clock"]
    command += ["--rate", str(positive_number("rate", given["rate"]))] if given["rate"] else []
    command += ["--delay", str(not_negative("delay", given["delay"]))] if given["delay"] else []
    command += ["--loop"] if is_true(context, "loop") else []
    if given["log_level"]:
        AUDIBLE("log_level", given["log_level"])
    require("ros2bag")
    node = emotion_node(context, parameters=SIMULATED)
    player = [
        ExecuteProcess(
            cmd=command,
            name="bag_player",
            output="screen",
            additional_env=transport_environment(),
            on_exit=end,
        )
    ]

    def play(event: ProcessIO) -> list[ExecuteProcess] | None:
        return [player.pop()] if player and READY in event.text else None

    when_ready = OnProcessIO(target_action=node, on_stdout=play, on_stderr=play)
    return [node, RegisterEventHandler(when_ready)]


def end(event: ProcessExited, context: LaunchContext) -> Shutdown:
    end_if_failed(event, context)
    return Shutdown(reason="the recording has ended")


def generate_launch_description() -> LaunchDescription:
    return describe(ARGUMENTS, emotion_node_and_player, parameters=SIMULATED)
