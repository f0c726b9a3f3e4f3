r"""Lists as Docker prints them: columns under headings, ids alone, JSON, or what a template makes of each row.

    table                                 the list's own columns
    table {{.ID}}\t{{.Status}}            columns of one's own: each field's heading above it
    json                                  an object a line
    raw                                   name: value, line by line (containers, images, volumes)
    {{.ID}}: {{.Status}}                  that, for each row

Templates are loaded only for who asks for them: a plain `docker ps` needs none. Source: Docker's documentation, "Format
command and log output".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydock_lab.cli.settings import setting
from pydock_lab.cli.tabs import align
from pydock_lab.errors import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydock_lab.cli.session import Session
    from pydock_lab.cli.templates.values import Record

_TABLE = "table"


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """A kind of list: the heading of each field, the fields that are its columns, and the one that `-q` shows.

    `setting` is what Docker's config.json calls its format, `raw` the template of `--format raw`, `quiet_raw` that with
    -q. `quiet_wins`: -q is stronger than a template of one's own.
    """

    headings: Mapping[str, str]
    columns: tuple[str, ...]
    quiet: str = "ID"
    setting: str = ""
    raw: str = ""
    quiet_raw: str = ""
    quiet_wins: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What stands in a row, by field; a value that is a function is computed when it is shown. Labels are by name.

    `in_json` are fields that JSON words otherwise.
    """

    fields: Mapping[str, Any]
    in_json: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def cell(self, name: str) -> str:
        """A field as text."""
        value = self.fields[name]
        return str(value() if callable(value) else value)

    def record(self) -> Record:
        """For a template: fields in the order of their names, and `.Label`."""
        from pydock_lab.cli.templates.values import Record, Spoken  # noqa: PLC0415 - see the module's docstring

        ordered = {name: self.fields[name] for name in sorted(self.fields)}
        ordered |= {name: Spoken(words=ordered[name], plain=plain) for name, plain in self.in_json.items()}
        return Record(fields=ordered, methods={"Label": lambda name: self.labels.get(name, "")}, is_row=True)


def write(here: Session, listing: Listing, rows: Sequence[Row], form: str | None, *, quiet: bool = False) -> None:
    """Show a list; raises CommandError for a template that means nothing."""
    here.face.write(text(listing, rows, chosen(here, listing, form, quiet=quiet), quiet=quiet))


def chosen(here: Session, listing: Listing, form: str | None, *, quiet: bool) -> str:
    """The format in force: what is asked for, else the user's setting, else the table."""
    if form:
        return form
    return (setting(here.face, listing.setting) if listing.setting and not quiet else "") or _TABLE


def text(listing: Listing, rows: Sequence[Row], form: str, *, quiet: bool = False) -> str:
    """A list in a format; raises CommandError."""
    if quiet and (form == _TABLE or (listing.quiet_wins and form != "raw")):
        return "".join(f"{row.cell(listing.quiet)}\n" for row in rows)
    if form == _TABLE:
        return plain_table(listing, rows)
    return _by_template(listing, rows, form, quiet=quiet)


def plain_table(listing: Listing, rows: Iterable[Row]) -> str:
    """The list's own columns."""
    lines = ["\t".join(listing.headings[name] for name in listing.columns)]
    # A tab in a value would make a column of its own.
    lines += ["\t".join(harmless(row.cell(name)).replace("\t", " ") for name in listing.columns) for row in rows]
    return "".join(f"{line}\n" for line in align(lines))


def asks_for(form: str, name: str) -> bool:
    """Whether a format speaks of a field that costs something."""
    from pydock_lab.cli.templates import Template  # noqa: PLC0415 - see the module's docstring

    return Template.parse(_template(form)).speaks_of(name)


def _by_template(listing: Listing, rows: Sequence[Row], form: str, *, quiet: bool) -> str:
    from pydock_lab.cli.templates import Template  # noqa: PLC0415 - see the module's docstring

    source = _template(form)
    if form == "raw" and listing.raw:
        source = listing.quiet_raw if quiet else listing.raw
    template = Template.parse(source)
    lines = [template.render(row.record()) for row in rows]
    if not form.startswith(_TABLE):
        return "".join(f"{line}\n" for line in lines)
    whole = "\n".join([template.heading(listing.headings), *map(harmless, lines)])
    return "".join(f"{line}\n" for line in align(whole.split("\n")))


def filled(form: str, lists: Mapping[str, Sequence[Record]]) -> str:
    """Several lists at once, by name, in one template; raises CommandError."""
    from pydock_lab.cli.templates import Template  # noqa: PLC0415 - see the module's docstring
    from pydock_lab.cli.templates.values import Record  # noqa: PLC0415 - see above

    return Template.parse(_template(form)).render(Record(fields=lists, is_row=True))


def _template(form: str) -> str:
    r"""The template in a format: \t and \n written with a backslash are what they say."""
    source = "{{json .}}" if form == "json" else form.removeprefix(_TABLE)
    return source.strip(" ").replace("\\t", "\t").replace("\\n", "\n")


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Rows as columns that are as narrow as they can be."""
    return "\n".join(line.rstrip() for line in align(["\t".join(row) for row in rows], least=0))
