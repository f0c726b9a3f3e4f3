"""A terminal of so many columns and lines, as far as progress needs one: what is written, and what is seen of it."""

import re

_PIECE = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


class Screen:
    """What a person sees; `scrolled` is above it, `writes` are what came, one text a write."""

    def __init__(self, columns=80, lines=24):
        self.columns, self.lines = columns, lines
        self.scrolled, self.rows, self.writes = [], [""], []
        self.row, self.column, self.has_cursor = 0, 0, True

    @property
    def size(self):
        """Columns and lines."""
        return self.columns, self.lines

    @property
    def text(self):
        """All that can be seen, also by scrolling up."""
        return "\n".join(row.rstrip() for row in [*self.scrolled, *self.rows])

    def write(self, text):
        """Obey."""
        self.writes.append(text)
        for piece in _PIECE.finditer(text):
            number, letter, control, words = piece.groups()
            if letter:
                self._obey(number, letter)
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self._down()
            else:
                self._put(words)

    def _obey(self, number, letter):
        match letter:
            case "A":
                self.row = max(0, self.row - int(number or 1))
            case "K":
                self.rows[self.row] = self.rows[self.row][: self.column]
            case "J":
                del self.rows[self.row + 1 :]
                self.rows[self.row] = self.rows[self.row][: self.column]
            case "h" | "l":
                self.has_cursor = letter == "h"
            case "m":
                pass
            case _:
                raise AssertionError(f"a terminal is asked for {letter}")

    def _put(self, words):
        for character in words:
            if self.column == self.columns:
                self._down()
            row = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = row[: self.column] + character + row[self.column + 1 :]
            self.column += 1

    def _down(self):
        self.row, self.column = self.row + 1, 0
        if self.row == len(self.rows):
            self.rows.append("")
        if len(self.rows) > self.lines:
            self.scrolled.append(self.rows.pop(0))
            self.row -= 1
