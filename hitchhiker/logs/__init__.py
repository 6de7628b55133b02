"""Files as people's trackers and scripts write them: read right, or asked about."""
