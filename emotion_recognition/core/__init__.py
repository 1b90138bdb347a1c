"""The inference core: images in, faces with emotions out. Needs numpy and OpenCV, never ROS or torch."""
