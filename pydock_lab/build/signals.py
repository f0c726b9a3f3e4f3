"""The signals that STOPSIGNAL can name, by the names Linux gives them, with or without SIG.

Source: signal(7).
"""

from pydock_lab.errors import BuildError

_STANDARD = """
    ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP
    TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX
"""
_REAL_TIME = (*(f"RTMIN+{n}" for n in range(1, 16)), *(f"RTMAX-{n}" for n in range(1, 15)))
_NAMES = frozenset((*_STANDARD.split(), *_REAL_TIME))


def check_signal(text: str) -> None:
    """Raises BuildError for what is neither the name of a signal nor a number other than 0."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    is_number = digits.isascii() and digits.isdigit() and digits.strip("0") != ""
    if not is_number and text.upper().removeprefix("SIG") not in _NAMES:
        raise BuildError("build.signal", signal=text)
