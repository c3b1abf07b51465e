"""Reach and border loss of all zones, block by block of origins."""
