"""The node `web_view`: the answers, live, in a browser."""
