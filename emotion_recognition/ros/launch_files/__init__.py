"""What the files in launch/ share."""
