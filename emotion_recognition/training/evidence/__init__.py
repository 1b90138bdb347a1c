"""What is measured of the packaged models beyond their headline figures, and how it is shown."""
