"""Blocks of origins: kept on disk, computed here or on a cluster."""
