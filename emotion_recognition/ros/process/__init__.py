"""How every node runs: its start and end, spinning, logging, shared memory."""
