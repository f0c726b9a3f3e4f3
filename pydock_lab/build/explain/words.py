"""The difference of two commands, word by word.

pip install flask==3.0 requests
pip install flask==3.1 requests      ->  pip install [-flask==3.0-] {+flask==3.1+} requests
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import groupby

from pydock_lab.views import Sign, WordPiece

_WORD = re.compile(r"\s*\S+|\s+$")


def word_difference(old: str, new: str) -> tuple[WordPiece, ...]:
    """The words of both texts in order; white space belongs to the word behind it.

    White space counts where nothing else differs: the cache compares every character.
    """
    before, after = _WORD.findall(old), _WORD.findall(new)
    stripped = [[word.strip() for word in words] for words in (before, after)]
    old_words, new_words = stripped if stripped[0] != stripped[1] else (before, after)
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    pieces = (piece for found in matcher.get_opcodes() for piece in _pieces(found, before, after))
    return tuple(_joined(pieces))


def _pieces(found: tuple[str, int, int, int, int], before: list[str], after: list[str]) -> Iterator[tuple[Sign, str]]:
    tag, start, end, first, last = found
    if tag == "equal":
        yield Sign.KEPT, "".join(after[first:last])
        return
    if start < end:
        yield Sign.REMOVED, "".join(before[start:end])
    if first < last:
        yield Sign.ADDED, "".join(after[first:last])


def _joined(pieces: Iterator[tuple[Sign, str]]) -> Iterator[WordPiece]:
    for sign, group in groupby(pieces, key=lambda piece: piece[0]):
        yield WordPiece(text="".join(text for _, text in group), sign=sign)
