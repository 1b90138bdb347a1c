"""Images: from files, cameras and messages to arrays, and faces drawn on them."""
