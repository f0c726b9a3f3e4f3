"""Signals as people write them: `TERM`, `SIGTERM`, `15`, `SIGRTMIN+3` (signal(7))."""

import contextlib
import signal

from pydock_lab.errors import ContainerError


def number_of(word: str) -> int:
    """The number of a signal; raises ContainerError for what is none."""
    if word.isdigit() and 0 < int(word) <= signal.SIGRTMAX:
        return int(word)
    name = word.upper().removeprefix("SIG")
    for sign, base in (("+", "RTMIN"), ("-", "RTMAX")):
        start, found, count = name.partition(sign)
        if start == base and (count.isdigit() or not found):
            number = signal.Signals[f"SIG{base}"] + int(f"{sign}{count or 0}")
            if signal.SIGRTMIN <= number <= signal.SIGRTMAX:
                return number
    with contextlib.suppress(KeyError):
        return signal.Signals[f"SIG{name}"].value
    raise ContainerError("runtime.unknown-signal", signal=word)


def name_of(number: int) -> str:
    """`SIGTERM`, `SIGRTMIN+3`."""
    if signal.SIGRTMIN < number < signal.SIGRTMAX:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"
    return signal.Signals(number).name
