"""Errors of system calls, by number."""

import os


def failed(code: int) -> OSError:
    """The error of that number."""
    return OSError(code, os.strerror(code))
