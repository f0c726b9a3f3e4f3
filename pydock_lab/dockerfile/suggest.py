"""The word that somebody probably meant, for errors that ask "did you mean ...?"."""

from collections.abc import Iterable

_FARTHEST = 2  # edits; one more, and every three-letter word resembles every other


def closest(word: str, options: Iterable[str]) -> str | None:
    """The option nearest to `word`, in the case that `word` is written in; None where none is near."""
    ranked = [(_distance(word.lower(), option.lower()), option) for option in options]
    distance, option = min(ranked, default=(_FARTHEST + 1, ""), key=lambda pair: pair[0])
    if distance > _FARTHEST or option == word:
        return None
    return option.upper() if word.isupper() else option


def closest_name(word: str, options: Iterable[str]) -> str | None:
    """The same for names in which a small letter and a capital differ, such as variables."""
    ranked = [(_distance(word, option), option) for option in options if option]
    distance, option = min(ranked, default=(_FARTHEST + 1, ""), key=lambda pair: pair[0])
    return option if 0 < distance <= _FARTHEST else None


def _distance(source: str, target: str) -> int:
    """Levenshtein's distance: how many characters to insert, delete or replace.

    One row of his table at a time, so time is the product of the lengths; a word that is much too long is far
    away without asking.
    """
    if abs(len(source) - len(target)) > _FARTHEST:
        return _FARTHEST + 1
    row = list(range(len(target) + 1))
    for index, left in enumerate(source, 1):
        previous, row[0] = row[0], index
        for column, right in enumerate(target, 1):
            replaced = previous + (left != right)
            previous, row[column] = row[column], min(replaced, row[column] + 1, row[column - 1] + 1)
    return row[-1]
