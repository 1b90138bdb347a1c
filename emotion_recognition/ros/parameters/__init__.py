"""Parameters: declaring them, what can change while a node runs, what nobody reads."""
