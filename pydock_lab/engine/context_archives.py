"""Archives as build contexts: told from a Dockerfile by their first bytes, whatever they are called."""

HEAD = 512  # bytes that tell
_MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00")  # gzip, zstd, bzip2, xz
_TAR_AT, _TAR = 257, b"ustar"


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is a tar, compressed or not."""
    return head.startswith(_MAGIC) or head[_TAR_AT:].startswith(_TAR)
