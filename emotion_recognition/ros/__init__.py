"""The ROS 2 layer: nodes around the core. Nothing in the core imports it."""
