"""`docker top`: the columns of ps(1), for what its options ask.

    -ef                     UID PID PPID C STIME TTY TIME CMD
    aux                     USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND
    -o pid,comm,args        those

The numbers of processes are the host's. Source: ps(1), of procps.
"""

import os
import pwd
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType

from pydock_lab.engine.values import ProcessTable
from pydock_lab.errors import CommandError
from pydock_lab.linux.processes import ProcessFacts

_DAY = 86400
_FULL = ("uid", "pid", "ppid", "c", "stime", "tty", "time", "cmd")
_PLAIN = ("pid", "tty", "time", "comm")
_BY_USER = ("user", "pid", "pcpu", "pmem", "vsz", "rss", "tty", "stat", "start", "time", "args")
_SELECTING = frozenset("eAaxdT")  # whom ps shows: here always the container's
_Cell = Callable[[ProcessFacts], str]


def table(processes: Iterable[ProcessFacts], arguments: Iterable[str]) -> ProcessTable:
    """The table that `ps` with these arguments shows of these processes; raises CommandError for what it knows not."""
    names = _columns(list(arguments) or ["-ef"])
    cells = [_COLUMNS[name] for name in names]
    rows = tuple(tuple(cell(one) for _, cell in cells) for one in processes)
    return ProcessTable(titles=tuple(title for title, _ in cells), rows=rows)


def _columns(arguments: list[str]) -> tuple[str, ...]:
    chosen: list[str] = []
    form: tuple[str, ...] = _PLAIN
    while arguments:
        word = arguments.pop(0)
        letters, _, own = word.removeprefix("-").partition("o")
        if "f" in letters:
            form = _FULL
        elif "u" in letters:
            form = _BY_USER
        unknown = set(letters) - _SELECTING - {"f", "u"}
        if unknown or word.startswith("--"):
            raise CommandError("engine.top-option", option=word)
        if "o" in word:
            chosen += _named(own or (arguments.pop(0) if arguments else ""))
    return tuple(chosen) or form


def _named(text: str) -> list[str]:
    found = [_SYNONYMS.get(name, name) for name in text.replace(" ", ",").split(",") if name]
    for name in found:
        if name not in _COLUMNS:
            raise CommandError("engine.top-column", column=name, known=", ".join(sorted(_COLUMNS)))
    if not found:
        raise CommandError("engine.top-column", column=text, known=", ".join(sorted(_COLUMNS)))
    return found


def _user(one: ProcessFacts) -> str:
    try:
        return pwd.getpwuid(one.uid).pw_name
    except KeyError:  # somebody of the container alone
        return str(one.uid)


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"


def _elapsed(one: ProcessFacts) -> str:
    days, rest = divmod(max(0, int(time.time() - one.started)), _DAY)
    hours, rest = divmod(rest, 3600)
    text = f"{rest // 60:02}:{rest % 60:02}"
    text = f"{hours:02}:{text}" if hours or days else text
    return f"{days}-{text}" if days else text


def _begun(one: ProcessFacts) -> str:
    form = "%H:%M" if time.time() - one.started < _DAY else "%b%d"
    return time.strftime(form, time.localtime(one.started))


def _share(one: ProcessFacts) -> float:
    return 100 * one.cpu_seconds / max(time.time() - one.started, 0.01)


@cache
def _memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE")


def _state(one: ProcessFacts) -> str:
    priority = "<" if one.nice < 0 else "N" if one.nice > 0 else ""
    return f"{one.state}{priority}{'s' if one.session == one.pid else ''}{'l' if one.threads > 1 else ''}"


_COLUMNS: Mapping[str, tuple[str, _Cell]] = MappingProxyType(
    {
        "uid": ("UID", _user),
        "user": ("USER", _user),
        "gid": ("GID", lambda one: str(one.gid)),
        "pid": ("PID", lambda one: str(one.pid)),
        "ppid": ("PPID", lambda one: str(one.parent)),
        "pgid": ("PGID", lambda one: str(one.group)),
        "sid": ("SID", lambda one: str(one.session)),
        "c": ("C", lambda one: str(int(_share(one)))),
        "pcpu": ("%CPU", lambda one: f"{_share(one):.1f}"),
        "pmem": ("%MEM", lambda one: f"{100 * one.resident_size / _memory():.1f}"),
        "vsz": ("VSZ", lambda one: str(one.virtual_size // 1024)),
        "rss": ("RSS", lambda one: str(one.resident_size // 1024)),
        "tty": ("TTY", lambda one: one.terminal),
        "stat": ("STAT", _state),
        "s": ("S", lambda one: one.state),
        "ni": ("NI", lambda one: str(one.nice)),
        "nlwp": ("NLWP", lambda one: str(one.threads)),
        "stime": ("STIME", _begun),
        "start": ("START", _begun),
        "etime": ("ELAPSED", _elapsed),
        "time": ("TIME", lambda one: _clock(one.cpu_seconds)),
        "comm": ("COMMAND", lambda one: one.name),
        "args": ("COMMAND", lambda one: one.command),
        "cmd": ("CMD", lambda one: one.command),
    }
)
_SYNONYMS = MappingProxyType(
    {
        "%cpu": "pcpu",
        "%mem": "pmem",
        "command": "args",
        "tt": "tty",
        "tname": "tty",
        "state": "s",
        "nice": "ni",
        "thcount": "nlwp",
        "cputime": "time",
        "euser": "user",
        "euid": "uid",
        "ucmd": "comm",
        "vsize": "vsz",
        "rssize": "rss",
        "start_time": "stime",
    }
)
