"""Everything that a study names, read and checked before any work."""
