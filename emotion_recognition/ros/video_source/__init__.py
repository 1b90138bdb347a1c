"""The node `video_source`: publishes images as a camera driver does."""
