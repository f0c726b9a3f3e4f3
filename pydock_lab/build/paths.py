"""Paths inside an image, as text: what a relative one means, and what a slash at its end says."""

import posixpath


def clean(path: str) -> str:
    """The shortest absolute path of the same meaning: no `.`, no `..`, no double slashes."""
    # Python's normpath keeps two slashes at the start, for which POSIX allows a meaning of its own.
    return "/" + posixpath.normpath(f"/{path}").lstrip("/")


def destination(folder: str, path: str) -> str:
    """Where a COPY goes, from the working directory where it is relative.

    A `/` or `/.` at the end says that it is a folder, so it stays; so do `.` and nothing at all.
    """
    written = "./" if path in ("", ".") else path
    whole = clean(posixpath.join("/", folder, written))
    if written.endswith("/"):
        return whole if whole == "/" else f"{whole}/"
    if written.endswith("/."):
        return "/." if whole == "/" else f"{whole}/."
    return whole


def working_folder(folder: str, path: str) -> str:
    """What WORKDIR makes of a path: an absolute one stays as it is written."""
    return path if path.startswith("/") else clean(posixpath.join("/", folder, path))
