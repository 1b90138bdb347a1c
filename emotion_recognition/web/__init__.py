"""The page that shows the answers live in a browser, without ROS."""
