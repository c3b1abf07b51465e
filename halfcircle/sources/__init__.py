"""Open data for a study: from the name of a place to files with a lock."""
