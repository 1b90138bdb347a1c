"""The inference core: images in, faces with emotions out. Never imports ROS or torch."""
