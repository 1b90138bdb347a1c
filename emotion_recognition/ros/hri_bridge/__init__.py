"""The node `hri_bridge`: faces and expressions as REP 155 has them."""
