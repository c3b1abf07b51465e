"""What is told about the border once all zones are computed."""
