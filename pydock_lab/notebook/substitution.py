"""The line of a magic as words, with Python's variables filled in.

    %docker run {name} echo hi          {name} is the value of the variable, in one word whatever is in it
    %docker inspect -f '{{.Id}}' app    Docker's own template is left alone
    %docker run app echo {{name}}       the text {name}; {{end}} and {{else}} are the template's, too

Only a name, with attributes if need be, stands for a variable; all other braces are just braces. IPython's own
expansion would turn `{{.Id}}` into `{.Id}`, replace `$HOME`, and give up in silence when one name is missing. The
body of a cell is never touched: a Dockerfile has variables of its own.
"""

import re
import shlex
from collections.abc import Mapping

from pydock_lab.errors import CommandError

# Words that a template may consist of: Go's text/template, "Actions" and "Functions".
_OF_TEMPLATES = frozenset({"end", "else", "break", "continue", "nil", "print", "println"})
_NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_VARIABLE = re.compile(rf"\{{\{{({_NAME})\}}\}}|(?<!\{{)\{{({_NAME})\}}(?!\}})")


def split(line: str) -> list[str]:
    """The words of a line, as a POSIX shell sees them; raises CommandError for a quote that is not closed."""
    try:
        return shlex.split(line)
    except ValueError:
        raise CommandError("notebook.open-quote", line=line.strip()) from None


def words(line: str, variables: Mapping[str, object]) -> list[str]:
    """The words with variables filled in; raises CommandError for a name that Python does not know."""
    return [substitute(word, variables) for word in split(line)]


def substitute(word: str, variables: Mapping[str, object]) -> str:
    """One word with variables filled in."""

    def value(found: re.Match[str]) -> str:
        literal, name = found.groups()
        if literal in _OF_TEMPLATES:
            return found[0]
        return f"{{{literal}}}" if literal else str(_look_up(name, variables))

    return _VARIABLE.sub(value, word)


def _look_up(name: str, variables: Mapping[str, object]) -> object:
    first, *attributes = name.split(".")
    if first not in variables:
        raise CommandError("notebook.no-variable", name=first)
    found = variables[first]
    for attribute in attributes:
        if not hasattr(found, attribute):
            raise CommandError("notebook.no-attribute", name=name, attribute=attribute)
        found = getattr(found, attribute)
    return found
