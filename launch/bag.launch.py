"""A recording, played by `ros2 bag` from when emotion_node is ready, in the recording's time."""

from launch import LaunchContext, LaunchDescription
from launch.actions import ExecuteProcess, OpaqueFunction, RegisterEventHandler, Shutdown
from launch.event_handlers import OnProcessIO
from launch.events.process import ProcessIO
from launch_ros.actions import SetParameter

from emotion_recognition.ros.launch_parts import describe, emotion_node, is_true

ARGUMENTS = {
    "bag": (None, "The recording: a file or folder that `ros2 bag play` takes."),
    "rate": ("", "How many times as fast as recorded; empty: once."),
    "loop": ("false", "Start again at the end; otherwise the launch ends there."),
}
READY = b"Ready: "  # what emotion_node logs when it is active; images before that would be lost


def emotion_node_and_player(context: LaunchContext) -> list[object]:
    given = context.launch_configurations
    node = emotion_node(context)
    command = ["ros2", "bag", "play", given["bag"], "--clock"]
    command += ["--rate", given["rate"]] if given["rate"] else []
    command += ["--loop"] if is_true(context, "loop") else []
    player = [ExecuteProcess(cmd=command, output="screen", on_exit=Shutdown())]

    def play(event: ProcessIO) -> list[ExecuteProcess] | None:
        return [player.pop()] if player and READY in event.text else None

    when_ready = OnProcessIO(target_action=node, on_stdout=play, on_stderr=play)
    return [node, RegisterEventHandler(when_ready)]


def generate_launch_description() -> LaunchDescription:
    return describe(
        ARGUMENTS,
        SetParameter("use_sim_time", value=True),
        OpaqueFunction(function=emotion_node_and_player),
    )
