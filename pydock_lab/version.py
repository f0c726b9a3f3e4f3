"""The version, for whoever must not import the whole face to know it."""

__version__ = "0.1.0"
