"""Command-line programs beside the nodes."""
