"""The words of every text that a person reads, in French and in English.

A text has a key, `area.name`, and stands in `en/AREA.toml` and `fr/AREA.toml`: either a plain string, or a
table of `text` and `hint` (what to do next). `{field}` in a text is filled from keyword arguments. Docker's own
words (image, tag, layer, the options) stay as they are in both languages.

The language is `$PYDOCK_LANG`, or what `set_lang` said last, else English; never the system's locale, because
the kernel of a notebook does not see the reader's.
"""

import os
import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "fr")
_chosen: list[str] = []


def lang() -> str:
    """The language in force: `en` or `fr`."""
    if _chosen:
        return _chosen[-1]
    wanted = os.environ.get("PYDOCK_LANG", "en")[:2].lower()
    return wanted if wanted in LANGUAGES else "en"


def set_lang(language: str) -> None:
    """Speak `language` (`en` or `fr`) from now on; raises ValueError for another one."""
    if language not in LANGUAGES:
        raise ValueError(f"{language!r}: not one of {', '.join(LANGUAGES)}")
    _chosen[:] = [language]


@cache
def catalog(language: str, area: str) -> dict[str, str]:
    """All texts of one area: `name` and, where a hint is given, `name.hint`."""
    path = Path(__file__).with_name(language) / f"{area}.toml"
    texts: dict[str, str] = {}
    for name, value in tomllib.loads(path.read_text(encoding="utf-8")).items():
        if isinstance(value, str):
            texts[name] = value
        else:
            texts[name] = value["text"]
            texts |= {f"{name}.{part}": words for part, words in value.items() if part != "text"}
    return texts


def find(key: str, language: str | None = None) -> str | None:
    """The text of `key` with its fields still open, or None where there is none."""
    area, _, name = key.partition(".")
    try:
        return catalog(language or lang(), area).get(name)
    except FileNotFoundError:
        return None


def text(key: str, /, language: str | None = None, **fields: object) -> str:
    """The text of `key`, filled with `fields`; an unknown key raises KeyError (a defect, tested)."""
    found = find(key, language)
    if found is None:
        raise KeyError(key)
    return found.format(**fields) if fields else found


def number(value: float, digits: int = 0, language: str | None = None) -> str:
    """A number with the decimal sign of the language: `31.2` or `31,2`."""
    shown = f"{value:.{digits}f}"
    return shown.replace(".", ",") if (language or lang()) == "fr" else shown


def size(count: int, language: str | None = None) -> str:
    """A number of bytes in decimal units, as Docker shows it: `31.2 MB`, `31,2 Mo`."""
    letter = "o" if (language or lang()) == "fr" else "B"
    value, unit = float(count), 0
    while value >= 999.95 and unit < 4:  # noqa: PLR2004 - 999.95 is shown as 1000.0
        value, unit = value / 1000, unit + 1
    return f"{number(value, 1 if unit else 0, language)} {('', 'k', 'M', 'G', 'T')[unit]}{letter}"


def seconds(value: float, language: str | None = None) -> str:
    """A duration: `0.4 s`, `12,0 s`, `3 min 20 s`."""
    if value < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{number(value, 1, language)} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"
