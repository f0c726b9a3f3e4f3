"""What is behind a layer, and a list of its files."""

from pydock_lab.drawing.detail import Detail, FileLine, given
from pydock_lab.drawing.layer_files import SIGNS
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import FileChange, LayerRow

_FILES_SHOWN = 60


def layer_detail(row: LayerRow, key: str, number: int, command: str, speech: Speech) -> Detail:
    """A layer, its digests, and the files that it changes."""
    origin = speech.say("configuration" if row.is_empty else f"origin-{row.origin}")
    facts = [
        (speech.say("fact-origin"), origin),
        (speech.say("fact-line"), str(row.line) if row.line else ""),
        (speech.say("fact-unpacked"), "" if row.is_empty else speech.size(row.unpacked_size)),
        (speech.say("fact-compressed"), "" if row.is_empty else speech.size(row.size)),
        (speech.say("fact-seconds"), speech.seconds(row.seconds) if row.seconds else ""),
        ("digest", row.digest),
        ("diff_id", row.diff_id),
        ("chain_id", row.chain_id),
    ]
    files, more = file_lines(row.changes, row.changes_total, speech)
    title = f"{number}. {clean(row.instruction) or '?'}"
    return Detail(key=key, title=title, facts=given(facts), files=files, more=more, command=clean(command))


def file_lines(changes: tuple[FileChange, ...], total: int, speech: Speech) -> tuple[tuple[FileLine, ...], str]:
    """Deleted files first, for they surprise; then as the view has them."""
    ranked = sorted(changes, key=lambda change: change.kind != "deleted")[:_FILES_SHOWN]
    lines = tuple(
        FileLine(
            kind=change.kind,
            sign=SIGNS[change.kind],
            path=clean(f"{change.path} → {change.link}" if change.link else change.path),
            size="" if change.is_directory else speech.size(change.size),
            weight=change.size,
        )
        for change in ranked
    )
    left = max(total, len(changes)) - len(lines)
    return lines, speech.count("more", left) if left > 0 else ""
