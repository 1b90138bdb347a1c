"""Heads behind faces: which way they turn, and where in space they are."""
