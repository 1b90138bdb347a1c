# emotion_node in a container, for amd64 and arm64:
#   docker build -t emotion_recognition .
#   docker run --rm --network host --ipc host emotion_recognition
# What follows the image's name is for `ros2 launch emotion_recognition`, as in
#   ... emotion_recognition multi_camera.launch.py cameras:=left,right
# The drivers of cameras are not in it: usb_camera.launch.py needs ros-$ROS_DISTRO-usb-cam and
# pi_camera.launch.py ros-$ROS_DISTRO-camera-ros beside what rosdep installs.
# --network and --ipc host let it hear the nodes outside; a camera also needs --device.
ARG ROS_DISTRO=jazzy
FROM ros:${ROS_DISTRO}-ros-base

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /ws
COPY . src/emotion_recognition
RUN apt-get update \
    && rosdep update --rosdistro "$ROS_DISTRO" \
    && rosdep install --from-paths src --ignore-src -y -t buildtool -t build -t exec \
    && source "/opt/ros/$ROS_DISTRO/setup.bash" \
    && colcon build --cmake-args -DBUILD_TESTING=OFF \
    && rm -rf build log src /var/lib/apt/lists/*

ENTRYPOINT ["/bin/bash", "-c", "source install/setup.bash && exec ros2 launch emotion_recognition \"$@\"", "ros2"]
CMD ["emotion_recognition.launch.py"]
