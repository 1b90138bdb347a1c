"""A camera's images, from the subscription to the worker that takes the newest."""
