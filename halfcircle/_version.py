"""The version, stated once: the package, the wheel and the manifest read it here."""

__version__ = "0.1.0"
