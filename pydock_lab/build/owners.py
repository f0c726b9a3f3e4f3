"""Users and groups of an image, by name or number, as `--chown` and USER write them: `app`, `1000`, `app:www`."""

from pydock_lab.build.source import Ground, resolve
from pydock_lab.errors import BuildError

# 2**32 - 1 is -1 to chown(2), which means: leave it as it is.
_MAX_ID = 2**32 - 2


def owner(text: str, tree: Ground) -> tuple[int, int]:
    """The uid and gid that `text` means in the image `tree`; raises BuildError for a name that it does not have.

    A user alone brings the group that /etc/passwd gives it, a number alone the group of the same number.
    """
    user, colon, group = text.partition(":")
    uid, gid = _user(user or "0", tree)
    if colon and group:
        gid = _number(group) if _is_number(group) else _group(group, tree)
    return uid, gid


def is_numeric(text: str) -> bool:
    """Whether `text` means the same in every image."""
    return all(_is_number(part) for part in text.split(":") if part)


def _is_number(text: str) -> bool:
    """Whether it is written as ids are: others' digits are none."""
    return text.isascii() and text.isdecimal()


def _number(text: str) -> int:
    number = int(text)
    if number > _MAX_ID:
        raise BuildError("build.id-too-large", id=text)
    return number


def _user(name: str, tree: Ground) -> tuple[int, int]:
    if _is_number(name):
        return _number(name), _number(name)
    for fields in _table("etc/passwd", tree):
        if fields[0] == name and fields[2:4] and all(map(_is_number, fields[2:4])):
            return _number(fields[2]), _number(fields[3])
    raise BuildError("build.no-user", user=name)


def _group(name: str, tree: Ground) -> int:
    for fields in _table("etc/group", tree):
        if fields[0] == name and fields[2:3] and _is_number(fields[2]):
            return _number(fields[2])
    raise BuildError("build.no-group", group=name)


def _table(path: str, tree: Ground) -> list[list[str]]:
    # A link is followed inside the image: names must not be those of the host's users.
    text = tree.read(resolve(tree, path.encode())).decode("utf-8", "replace")
    return [line.split(":") for line in text.splitlines() if not line.startswith("#")]
