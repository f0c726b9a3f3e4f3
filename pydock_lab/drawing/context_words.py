"""A build context in words: what is sent, which line leaves out what, and which instruction takes what."""

from collections.abc import Iterator

from pydock_lab.drawing.detail import Detail, given
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import ContextCopy, ContextFile, ContextTree, IgnoreLine

_TEXT = 44  # characters of an instruction or a pattern
_ROW = 38


def facts(view: ContextTree, speech: Speech) -> list[str]:
    """What is sent, and what is left out."""
    top = view.top
    sent = [f"{speech.count('files', top.files)}, {speech.size(top.size)}"]
    out = f"{speech.count('copied-out', top.ignored_files)}, {speech.size(top.ignored_size)}"
    return [*sent, *([out] if top.ignored_files else [])]


def command(view: ContextTree) -> str:
    """What builds with it."""
    return f"docker build {clean(view.name)}"


def lesson_of(view: ContextTree, speech: Speech) -> str:
    """What this picture teaches."""
    if view.problem:
        return speech.say("lesson-copied-problem", problem=clean(view.problem))
    for copy in view.copies:
        if copy.problem and copy.ignored >= 0:
            line = view.rules[copy.ignored].line
            return speech.say("lesson-copied-out", text=_cut(copy.text, _TEXT), line=line, file=clean(view.ignore_file))
    whole = next((copy for copy in view.copies if copy.files == view.top.files and copy.files), None)
    if whole is not None:
        said = {"text": _cut(whole.text, _TEXT), "name": clean(view.name), "to": clean(whole.to)}
        return speech.say("lesson-copied-whole", files=speech.count("files", whole.files), **said)
    if view.copies and view.top.untaken:
        return speech.count("lesson-copied-untaken", view.top.untaken)
    return speech.say("lesson-copied-none" if view.top.files else "lesson-context-empty", name=clean(view.name))


def copy_note(view: ContextTree, copy: ContextCopy, speech: Speech) -> str:
    """Why an instruction finds nothing; "" where it does."""
    if copy.problem and copy.ignored >= 0:
        return speech.say("copied-blame", line=view.rules[copy.ignored].line, file=clean(view.ignore_file))
    return clean(copy.problem)


def rule_note(rule: IgnoreLine, speech: Speech) -> str:
    """What a line of the ignore file does."""
    if rule.keeps:
        return speech.say("copied-keeps")
    if not rule.files:
        return speech.say("copied-nothing")
    return f"{speech.count('files', rule.files)}, {speech.size(rule.size)}"


def amount(row: ContextFile, speech: Speech) -> str:
    """How many files are in a folder, and how many of them are left out; "" for a file."""
    if not row.is_directory:
        return ""
    if row.is_out:
        return speech.count("files", row.ignored_files)
    words = speech.count("files", row.files)
    return f"{words}, {speech.count('copied-out', row.ignored_files)}" if row.ignored_files else words


def destiny(view: ContextTree, row: ContextFile, speech: Speech) -> str:
    """Which lines take it, or leave it out, in a few words."""
    if row.is_out:
        return speech.say("copied-out-by", line=view.rules[row.ignored].line) if row.ignored >= 0 else ""
    if row.taken:
        lines = ", ".join(str(line) for line in lines_of(view, row))
        return speech.say("copied-by", lines=lines)
    return speech.say("copied-by-none") if view.copies and row.files else ""


def lines_of(view: ContextTree, row: ContextFile) -> list[int]:
    """The lines of the instructions that take it, each once."""
    return list(dict.fromkeys(view.copies[at].line for at in row.taken))


def label(view: ContextTree, row: ContextFile, speech: Speech) -> str:
    """A row in a sentence, for a screen reader."""
    size = speech.size(row.ignored_size if row.is_out else row.size)
    words = [clean(row.path) or clean(row.name), size, amount(row, speech), destiny(view, row, speech)]
    return ", ".join(filter(None, words))


def rest(row: ContextFile, speech: Speech) -> str:
    """What is not shown of a folder."""
    words = speech.count("more", row.others)
    return f"{words}, {speech.size(row.size)}" if row.size else words


# ---- as text


def lines(view: ContextTree, speech: Speech) -> Iterator[str]:
    """A context, for a terminal."""
    yield f"{speech.say('context-title', name=clean(view.name))}   {' · '.join(facts(view, speech))}"
    if view.copies:
        yield f"\n{clean(view.dockerfile)}"
    for copy in view.copies:
        took = copy_note(view, copy, speech) or f"{speech.count('files', copy.files)}, {speech.size(copy.size)}"
        yield f"{copy.line:>5}  {_cut(copy.text, _TEXT).ljust(_TEXT)}  → {clean(copy.to)}   {took}"
    if view.rules:
        yield f"\n{clean(view.ignore_file)}"
    for rule in view.rules:
        yield f"{rule.line:>5}  {_cut(rule.text, _TEXT).ljust(_TEXT)}  {rule_note(rule, speech)}"
    yield ""
    for row in view.rows:
        yield _line(view, row, speech)
    yield ""
    yield lesson_of(view, speech)
    yield command(view)


def _line(view: ContextTree, row: ContextFile, speech: Speech) -> str:
    indent = "  " * row.depth
    if row.others:
        return f"{'':>9}  {indent}{rest(row, speech)}"
    size = speech.size(row.ignored_size if row.is_out else row.size).rjust(9)
    name = _cut(row.name + (f" → {row.link}" if row.link else ""), _ROW)
    aside = "   ".join(filter(None, (destiny(view, row, speech), amount(row, speech))))
    return f"{size}  {(indent + name).ljust(_ROW)}  {aside}"


# ---- behind each part


def details(view: ContextTree, speech: Speech) -> Iterator[Detail]:
    """All parts, in the order of the picture."""
    for at, copy in enumerate(view.copies):
        yield _copy(view, copy, at, speech)
    for at, rule in enumerate(view.rules):
        yield _rule(view, rule, at, speech)
    for row in (view.top, *view.rows):
        yield _file(view, row, speech) if not row.others else Detail(key=row.key, title=rest(row, speech))


def _copy(view: ContextTree, copy: ContextCopy, at: int, speech: Speech) -> Detail:
    said = [
        (speech.say("fact-line"), str(copy.line)),
        (speech.say("fact-stage"), copy.stage),
        (speech.say("fact-copied-to"), copy.to),
        (speech.say("fact-files"), speech.count("files", copy.files)),
        (speech.say("fact-file-size"), speech.size(copy.size)),
        (speech.say("fact-lesson"), copy_note(view, copy, speech)),
    ]
    return Detail(key=f"copy-{at}", title=clean(copy.text), facts=given(said), command=command(view))


def _rule(view: ContextTree, rule: IgnoreLine, at: int, speech: Speech) -> Detail:
    said = [
        (speech.say("fact-copied-line", file=clean(view.ignore_file)), str(rule.line)),
        (speech.say("fact-left-out"), "" if rule.keeps else rule_note(rule, speech)),
        (speech.say("fact-lesson"), speech.say("copied-keeps") if rule.keeps else ""),
    ]
    return Detail(key=f"rule-{at}", title=clean(rule.text), facts=given(said), command=command(view))


def _file(view: ContextTree, row: ContextFile, speech: Speech) -> Detail:
    rule = view.rules[row.ignored] if row.ignored >= 0 else None
    ignored = f"{speech.count('copied-out', row.ignored_files)}, {speech.size(row.ignored_size)}"
    said = [
        (speech.say("fact-copied-folder"), view.folder if not row.path else ""),
        (speech.say("fact-sent"), f"{amount(row, speech)} {speech.size(row.size)}".strip() if row.files else ""),
        (speech.say("fact-left-out"), ignored if row.ignored_files else ""),
        (speech.say("fact-copied-line", file=clean(view.ignore_file)), f"{rule.line}: {rule.text}" if rule else ""),
        *((speech.say("fact-copied-taken", line=view.copies[at].line), view.copies[at].text) for at in row.taken),
        (speech.say("fact-lesson"), speech.count("copied-untaken", row.untaken) if view.copies and row.untaken else ""),
        (speech.say("fact-mode"), f"{row.mode:04o}" if row.path else ""),
        (speech.say("fact-link"), row.link),
    ]
    return Detail(key=row.key, title=clean(row.path or row.name), facts=given(said), command=command(view))


def _cut(text: str, length: int) -> str:
    text = clean(text)
    return text if len(text) <= length else text[: length - 1] + "…"
