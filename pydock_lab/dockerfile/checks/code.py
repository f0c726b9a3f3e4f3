"""Lines of a Dockerfile, written anew: what the checks propose."""

import json
import re
import shlex

_LONGEST = 100  # characters; a proposal has to be taken in at a glance
_SHELL_SIGNS = re.compile(r"[$`|&;<>()*?\[\]{}~!#\n\\'\"]")
_AS = re.compile(r"(\s)[aA][sS](\s+\S+)$")
_PLATFORM = re.compile(r"--platform=\S+\s+")


def short(code: str) -> str:
    """The line, or nothing where it is too long to be shown again."""
    return code if len(code) <= _LONGEST and "\n" not in code else ""


def with_last_word(code: str, word: str) -> str:
    """The line with another last word."""
    return short(re.sub(r"\S+$", lambda _: word, code))


def with_keyword(code: str, keyword: str) -> str:
    """The line with its instruction written otherwise."""
    return short(keyword + code[len(keyword) :])


def with_as(code: str, word: str) -> str:
    """FROM with its AS written otherwise."""
    return short(_AS.sub(lambda found: f"{found[1]}{word}{found[2]}", code))


def without_platform(code: str) -> str:
    """FROM without --platform."""
    return short(_PLATFORM.sub("", code, count=1))


def with_variable(code: str, name: str, meant: str) -> str:
    """The line with another variable in the place of `$name` and `${name...}`."""
    return short(re.sub(rf"(\$\{{?){re.escape(name)}(?![A-Za-z0-9_])", lambda found: found[1] + meant, code))


def exec_form(keyword: str, command: str) -> str:
    """CMD or ENTRYPOINT with its words in a JSON array; what only a shell understands stays with a shell."""
    words = ["/bin/sh", "-c", command] if _SHELL_SIGNS.search(command) else shlex.split(command)
    return short(f"{keyword} {json.dumps(words, ensure_ascii=False)}") if words else ""


def pair(keyword: str, name: str, value: str) -> str:
    """`ENV name=value`, with quotes around a value that has blanks outside quotes of its own."""
    has_blanks = any(char.isspace() for char in value)
    if has_blanks and not (value[:1] == value[-1:] and value[:1] in "'\""):
        escaped = value.replace('"', '\\"')
        value = f'"{escaped}"'
    return short(f"{keyword} {name}={value}")
