"""The node `emotion_node`: images in, faces and emotions out."""
