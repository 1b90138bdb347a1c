"""Somebody else's robot, which takes in a launch file of this package: copy and change it.

    ros2 launch robot.launch.py robot:=anna

The emotions are on /<robot>/emotions. The arguments given below are those that
`ros2 launch emotion_recognition emotion_recognition.launch.py --show-args` lists.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    robot = LaunchConfiguration("robot")
    launch_file = PathJoinSubstitution(
        [FindPackageShare("emotion_recognition"), "launch", "emotion_recognition.launch.py"]
    )
    emotions = IncludeLaunchDescription(
        launch_file,
        launch_arguments={
            "namespace": robot,
            "image_topic": "camera/image_raw",  # of the robot's own camera driver
            "params_file": "pi4",
        }.items(),
    )
    return LaunchDescription(
        [
            DeclareLaunchArgument("robot", default_value="robot", description="Its namespace."),
            # A group keeps the arguments of the included file from the rest of this one.
            GroupAction([emotions]),
            Node(
                package="emotion_recognition",
                executable="greeter",
                namespace=robot,
                output="screen",
            ),
        ]
    )
