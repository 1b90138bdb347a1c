"""What keeps a node from running."""

from __future__ import annotations


class NodeError(RuntimeError):
    """Something that keeps a node from running, and that its user can put right."""
