"""How well the node does, and how it says so on /diagnostics."""
