"""The C library, and what goes wrong in a call of it as Python's own exception.

`PyDLL` keeps the interpreter's lock while it calls: the child of a raw clone has a single thread, and a lock that
another thread of the parent held at that instant would stay locked in it for ever. Every failure is an OSError whose
text names the call.
"""

import ctypes
import os

LIBC = ctypes.PyDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long


def checked(result: int, call: str, path: str | None = None) -> int:
    """The result, where it is one; raises the OSError that a negative one stands for."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{call}: {os.strerror(code)}", path)
    return result


def as_bytes(text: str | os.PathLike[str] | None) -> bytes | None:
    """A path or a word as the kernel takes it; None stays what it is: no pointer."""
    return None if text is None else os.fsencode(text)
