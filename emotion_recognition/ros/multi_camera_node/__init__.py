"""The node `multi_camera_node`: an emotion_node for each of several cameras."""
