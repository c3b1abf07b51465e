"""Measures beside reach, from the keys of a study to tables."""
