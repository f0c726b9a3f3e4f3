"""What differs in a step itself: fact by fact of its two keys, each with who is behind it.

    args, script   the command, word by word        user, cwd        USER and WORKDIR above it
    env            a variable, and who set it       files            what COPY read, file by file
    layers         the base image                   destination      where COPY puts it
    mounts         one mount                        anything else    the flag of that name: old -> new

A fact whose words are the same in both Dockerfiles is followed to what made it differ (`origins`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from pydock_lab.build.explain.facts import BELOW
from pydock_lab.build.explain.files import FilesOf, compare
from pydock_lab.build.explain.origins import Pair, Side
from pydock_lab.build.explain.words import word_difference
from pydock_lab.build.record import StepKind
from pydock_lab.dockerfile import instructions as ins
from pydock_lab.views import Cause, CauseKind, ChangeKind, FileDifference, SetBy, Setter

_FLAGS = {"owner": "--chown", "mode": "--chmod", "hosts": "--add-host", "excludes": "--exclude", "ulimits": "--ulimit"}
_CONTENT = frozenset({"content", "files", "checksum", "digest"})  # what a mount says of the bytes behind it
_CHOOSING = frozenset({"excludes", "parents"})  # with these, other files are read
_NOTHING: Mapping[str, Any] = {}
_WORDS: Mapping[str, Callable[[Any], object]] = {
    "owner": lambda one: one.chown,
    "mode": lambda one: one.chmod,
    "excludes": lambda one: one.excludes,
}


def causes_of(pair: Pair, files: FilesOf) -> tuple[Cause, ...]:
    """The differences of a step's own facts; none where it only stands on something else."""
    old, new = pair.old.facts, pair.new.facts
    if pair.new.step.kind is StepKind.FROM:
        return tuple(_from(pair))
    names = [name for name in {**new, **old} if name != BELOW and old.get(name) != new.get(name)]
    if "step" in names and "unpack" in names:
        names.remove("unpack")  # that is what makes ADD another instruction
    found = [cause for name in names for cause in _FACTS.get(name, _flag)(pair, name)]
    if reads_others(pair):
        found += _files(pair, files, is_other_choice=any(_sources(pair, "files")) or not _CHOOSING.isdisjoint(names))
    if (BELOW in old) != (BELOW in new) and "link" not in names:
        found += _flag(pair, "link")
    return tuple(dict.fromkeys(found))


# ---- FROM


def _from(pair: Pair) -> Iterator[Cause]:
    old, new = pair.old.step, pair.new.step
    if (old.origin and _is_same_stage(pair)) or (old.key and old.key_digest == new.key_digest):
        return  # where it is the same stage, it is for the steps of that one to say
    platform = pair.platform()
    if platform.old != platform.new:
        yield platform
        return
    derived = tuple(pair.written(lambda one: one.base))
    yield from derived or [_base(pair)]


def _is_same_stage(pair: Pair) -> bool:
    """Whether two FROM stand on one stage, which may have got another name or another place."""
    return pair.old.step.origin == pair.new.step.origin or _stage(pair.old) == _stage(pair.new)


def _stage(side: Side) -> int | None:
    """The index of the stage that a FROM stands on."""
    return next((one.stage_index for one in side.record.steps if one.stage == side.step.origin), None)


def _base(pair: Pair) -> Cause:
    old, new = (side.step.base for side in (pair.old, pair.new))
    names = [side.step.origin or (base.name if base else "") for side, base in ((pair.old, old), (pair.new, new))]
    return Cause(
        kind=CauseKind.BASE,
        name=names[1],
        text=names[0],
        old=old.chain if old else "",
        new=new.chain if new else "",
        set_by=pair.new.setter,
    )


# ---- RUN


def _command(pair: Pair, _name: str) -> Iterator[Cause]:
    (old, new), scripts = pair.fact("args"), pair.fact("script")
    old, new = [*map(str, old or ())], [*map(str, new or ())]
    if old[:-1] != new[:-1] and old[-1:] == new[-1:] and scripts[0] == scripts[1]:
        yield from pair.governed(CauseKind.SHELL, ins.Shell, lambda one: one.arguments)
        return
    # The shell is the same on both sides: what is shown is what it receives.
    shared = len(old) - 1 if len(old) == len(new) and old[:-1] == new[:-1] else 0
    before, after = (
        "\n".join(filter(None, (" ".join(args[shared:]), script)))
        for args, script in ((old, scripts[0]), (new, scripts[1]))
    )
    words = word_difference(before, after)
    yield Cause(kind=CauseKind.COMMAND, old=before, new=after, words=words, set_by=pair.new.setter)


def _environment(pair: Pair, _name: str) -> Iterator[Cause]:
    old, new = pair.old.environment, pair.new.environment
    different = [name for name in {**new, **old} if old.get(name) != new.get(name)]
    for name in different:
        yield from pair.variable(name)
    if not different:
        yield _order(list(old), list(new))


def _order(old: list[str], new: list[str]) -> Cause:
    """The variables between the first and the last that are in another place."""
    places = [at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other]
    first, last = (places[0], places[-1] + 1) if places else (0, len(new))
    return Cause(kind=CauseKind.ENV_ORDER, old=" ".join(old[first:last]), new=" ".join(new[first:last]))


def _user(pair: Pair, _name: str) -> Iterator[Cause]:
    yield from pair.governed(CauseKind.USER, ins.User, lambda one: one.user)


def _folder(pair: Pair, name: str) -> Iterator[Cause]:
    own = name == "path"  # WORKDIR's own step, and not a RUN in that folder
    yield from pair.governed(CauseKind.WORKDIR, ins.Workdir, lambda one: one.path, own=own)


def _platform(pair: Pair, _name: str) -> Iterator[Cause]:
    yield pair.platform()


# ---- mounts


def _mounts(pair: Pair, _name: str) -> Iterator[Cause]:
    derived = tuple(pair.written(lambda one: one.mounts))
    if derived:
        yield from derived
        return
    old, new = (_by_target(mounts or ()) for mounts in pair.fact("mounts"))
    for target in sorted(new.keys() - old.keys()):
        # The same kind of mount in another place is one that moved.
        kind = new[target].get("type")
        was = next((one for one in old if one not in new and old[one].get("type") == kind), None)
        if was is not None:
            old = {target if one == was else one: mount for one, mount in old.items()}
    for target in {**new, **old}:
        before, after = old.get(target), new.get(target)
        if before is None or after is None:
            change = ChangeKind.ADDED if before is None else ChangeKind.DELETED
            yield _mount(pair, target, "", _options(after or before or {}), change)
        elif before != after:
            names = [name for name in {**after, **before} if before.get(name) != after.get(name)]
            said = [name for name in names if name not in _CONTENT]
            if said:
                was_said, is_said = (
                    _options({name: mount.get(name, "") for name in said}) for mount in (before, after)
                )
                yield _mount(pair, target, was_said, is_said, ChangeKind.CHANGED)


def _mount(pair: Pair, target: str, old: str, new: str, change: ChangeKind) -> Cause:
    if change is ChangeKind.DELETED:
        old, new = new, old
    return Cause(kind=CauseKind.MOUNT, name=target, old=old, new=new, change=change, set_by=pair.new.setter)


def _by_target(mounts: Any) -> dict[str, Mapping[str, Any]]:
    return {str(mount.get("target") or mount.get("env") or at): mount for at, mount in enumerate(mounts)}


def _options(mount: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in mount.items() if name not in _CONTENT and value not in ("", None)}
    return ",".join(f"{name}={_shown(value)}" for name, value in kept.items())


def reads_others(pair: Pair) -> bool:
    """Whether what the step reads (COPY, bind mounts) is not what it was; a mount that is new is news enough."""
    old, new = (_contents(side) for side in (pair.old, pair.new))
    return any(old[name] != new[name] for name in old.keys() & new.keys())


def stages_read(side: Side) -> frozenset[str]:
    """The titles of the stages that a step copies from, or has mounted."""
    titles = {str(step.stage_index): step.stage for step in side.record.steps}
    known = {title.lower(): title for title in titles.values()} | titles
    named = (known.get(one.lower()) for one in (side.step.origin, *_mounted(side)))
    return frozenset(title for title in named if title)


def _mounted(side: Side) -> Iterator[str]:
    """What the mounts of a RUN are `from`: that is never a variable."""
    if isinstance(side.instruction, ins.Run):
        parts = (part.partition("=") for text in side.instruction.mounts for part in text.split(","))
        yield from (value.strip('"') for name, _, value in parts if name.strip(' "').lower() == "from")


def _contents(side: Side) -> dict[str, object]:
    """What the key says of the bytes that are read: by COPY (""), by the mount at a path."""
    mounts = _by_target(side.facts.get("mounts") or ())
    bound = {target: [mount.get(name) for name in sorted(_CONTENT)] for target, mount in mounts.items()}
    return {"": side.facts.get("files"), **bound}


# ---- COPY and ADD


def _sources(pair: Pair, _name: str) -> Iterator[Cause]:
    """Other files because the words name others."""
    old, new = pair.old.step, pair.new.step
    if bool(old.origin) != bool(new.origin) or _other_words(pair, lambda one: getattr(one, "origin", "")):
        yield _said(pair, CauseKind.SOURCES, f"--from={old.origin}", f"--from={new.origin}")
    elif old.sources != new.sources:
        yield from _other_sources(pair, " ".join(old.sources), " ".join(new.sources))


def _other_sources(pair: Pair, old: str, new: str) -> Iterator[Cause]:
    derived = tuple(pair.written(lambda one: one.sources))
    yield from derived or [_said(pair, CauseKind.SOURCES, old, new)]


def _other_words(pair: Pair, words: Callable[[Any], object]) -> bool:
    old, new = pair.old.instruction, pair.new.instruction
    return type(old) is type(new) and words(old) != words(new) and pair.old.step.origin != pair.new.step.origin


def _files(pair: Pair, files: FilesOf, *, is_other_choice: bool) -> Iterator[Cause]:
    found = differences(pair, files)
    if is_other_choice:
        # The words name other files, so that some come and go is no news; that one changed is.
        found = tuple(one for one in found if one.kind is ChangeKind.CHANGED and one.attributes)
    if found or not is_other_choice:
        yield Cause(kind=CauseKind.FILES, files=found)


def differences(pair: Pair, files: FilesOf) -> tuple[FileDifference, ...]:
    """What the step reads, file by file; where that was not kept, the paths that it names."""
    before, after = (files(side.record, side.step) for side in (pair.old, pair.new))
    if before is not None and after is not None:
        return compare(before, after)
    old, new = (dict(side.facts.get("files") or ()) for side in (pair.old, pair.new))
    kinds = {
        path: ChangeKind.ADDED if path not in old else ChangeKind.DELETED if path not in new else ChangeKind.CHANGED
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    }
    return tuple(FileDifference(path=path, kind=kind) for path, kind in kinds.items())


def _inline(pair: Pair, _name: str) -> Iterator[Cause]:
    old, new = (dict(found or ()) for found in pair.fact("inline"))
    derived = tuple(pair.written(lambda one: [file.data for file in one.inline_files if file.expand]))
    if derived:
        yield from derived
        return
    for name in {**new, **old}:
        if old.get(name) != new.get(name):
            words = word_difference(str(old.get(name, "")), str(new.get(name, "")))
            yield Cause(kind=CauseKind.INLINE, name=str(name), words=words, set_by=pair.new.setter)


def _destination(pair: Pair, _name: str) -> Iterator[Cause]:
    old, new = pair.fact("destination")
    derived = tuple(pair.written(lambda one: one.destination))
    if derived:
        yield from derived
        return
    theirs, ours = (getattr(side.instruction, "destination", None) for side in (pair.old, pair.new))
    if theirs is None or theirs != ours:
        yield _said(pair, CauseKind.DESTINATION, str(old), str(new))
    elif not str(ours).startswith("/"):
        yield from _folder(pair, "cwd")


def _remote(pair: Pair, _name: str) -> Iterator[Cause]:
    """What ADD fetches: under another address, or something else under the same one."""
    written = [getattr(side.instruction, "sources", ()) for side in (pair.old, pair.new)]
    if written[0] != written[1] or any(pair.written(lambda one: one.sources)):
        yield from _other_sources(pair, *(" ".join(words) for words in written))
        return
    for old, new in zip_longest(*(value or () for value in pair.fact("remote")), fillvalue=_NOTHING):
        names = [name for name in {**new, **old} if old.get(name) != new.get(name)]
        said = [", ".join(f"{name}: {_shown(one[name])}" for name in names if name in one) for one in (old, new)]
        name = str(new.get("file") or new.get("repository") or "")
        if names:
            yield Cause(kind=CauseKind.REMOTE, name=name, old=said[0], new=said[1], set_by=pair.new.setter)


def _instruction(pair: Pair, _name: str) -> Iterator[Cause]:
    yield _said(pair, CauseKind.INSTRUCTION, *map(str, pair.fact("step")))


def _said(pair: Pair, kind: CauseKind, old: str, new: str) -> Cause:
    return Cause(kind=kind, old=old, new=new, set_by=pair.new.setter)


# ---- anything else


def _flag(pair: Pair, name: str) -> Iterator[Cause]:
    words = _WORDS.get(name)
    derived = tuple(pair.written(words)) if words else ()
    if derived:
        yield from derived
        return
    old, new = map(_shown, pair.fact(name))
    # Where the instruction says what it said, it was an option of the whole build.
    setter = pair.new.setter if pair.old.step.text != pair.new.step.text else None
    flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
    yield Cause(kind=CauseKind.FLAG, name=flag, old=old, new=new, set_by=setter)


def _shown(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False)


def set_by_base(cause: Cause) -> bool:
    """Whether the base image brought what differs."""
    return cause.set_by == Setter(by=SetBy.BASE)


_Maker = Callable[[Pair, str], Iterator[Cause]]
_FACTS: Mapping[str, _Maker] = {
    "step": _instruction,
    "args": _command,
    "script": _command,
    "env": _environment,
    "user": _user,
    "cwd": _folder,
    "path": _folder,
    "platform": _platform,
    "mounts": _mounts,
    "files": _sources,
    "inline": _inline,
    "destination": _destination,
    "remote": _remote,
}
