"""Scenarios of a study: edits applied, computed, compared, explained."""
