"""Here-documents: lines that follow an instruction and are its input, up to a line with only their name.

    RUN <<EOF              RUN <<-EOF           COPY <<"EOF" /etc/motd      RUN 3<<EOF cat /proc/self/fd/3
    apt-get update         <tab>tabs go         $HOME stays as it is        a file descriptor
    EOF                    EOF                  EOF                         EOF

Source: POSIX.1-2017, 2.7.4 "Here-Document"; BuildKit's documentation, "Here-Documents".
"""

import re
from dataclasses import dataclass

from pydock_lab.dockerfile.expansion import Expansion, Mode, expand
from pydock_lab.errors import DockerfileError

_SIGN = re.compile(r"([0-9]*)<<(-?)([^<]*)")
_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)
_DIGITS = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Heredoc:
    """One here-document; `content` is as it stands in the Dockerfile, with its line ends."""

    name: str
    content: str = ""
    expand: bool = True  # whether variables in it are replaced: not where a part of the name is quoted
    chomp: bool = False  # `<<-`: tabs at the start of lines do not belong to it
    descriptor: int = 0

    @property
    def data(self) -> str:
        """The content that is meant: without leading tabs for `<<-`."""
        return chomp(self.content) if self.chomp else self.content


def chomp(content: str) -> str:
    """The lines without the tabs they start with."""
    return _LEADING_TABS.sub("", content)


def heredoc(word: str) -> Heredoc | None:
    """The here-document that `<<NAME` announces, None for any other word; raises DockerfileError."""
    found = _SIGN.fullmatch(word)
    if found is None or not found[3]:
        return None
    if len(found[1]) > _DIGITS:
        raise DockerfileError("dockerfile.heredoc-descriptor", descriptor=found[1])
    names = _words(found[3], Mode.KEEP_UNSET).words
    if len(names) != 1:
        return None
    # A name that quotes have changed says that the content is to be taken literally.
    with_quotes = _words(found[3], Mode.KEEP_UNSET | Mode.KEEP_QUOTES).words
    return Heredoc(
        name=names[0],
        expand=with_quotes == names,
        chomp=bool(found[2]),
        descriptor=int(found[1] or "0"),
    )


def announced(line: str) -> tuple[Heredoc, ...]:
    """The here-documents that follow a line of a Dockerfile, in order; raises DockerfileError."""
    try:
        words = _words(line, Mode.KEEP_UNSET | Mode.KEEP_QUOTES | Mode.KEEP_ESCAPES).words
    except DockerfileError:
        # A quote that is not closed here is the shell's affair, and no word can then be told for sure.
        return ()
    return tuple(found for word in words if (found := heredoc(word)) is not None)


def _words(text: str, mode: Mode) -> Expansion:
    # Here the escape is the shell's, whatever the Dockerfile's directive says.
    return expand(text, {}, "\\", mode)
