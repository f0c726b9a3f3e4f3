"""The reference, read from the code: it cannot say anything else than what the code does.

{magics}             each magic with its docstring
{command-line}       each command with its `--help`
{missing-options}    the options of Docker that are not there, by reason (the list that the tests keep true)
{boundary}           where our boundary is another one than podman's, and why (likewise)
{build-checks} LANG  each build check: an example, what is said of it, and what to write instead
"""

import inspect
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from pydock_lab import locale
from pydock_lab.cli.app import make_app
from pydock_lab.dockerfile.checks import Rule, check
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.platforms import LINUX_AMD64
from pydock_lab.dockerfile.survey import BuildFacts
from pydock_lab.notebook.magics import DockerMagics
from pydock_lab.oci import ContainerConfig, ImageConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx

TESTS = Path(__file__).parents[1] / "tests"
MISSING = TESTS / "cli" / "missing_options.toml"
BOUNDARY = TESTS / "peers" / "boundary_differences.toml"
EXAMPLES = TESTS / "dockerfile" / "build_checks.toml"
_WIDTH = 90


def magics() -> Iterator[str]:
    """One section for each magic; one that is both `%` and `%%` has one section."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for kind, names in DockerMagics.magics.items():
        for name in names:
            by_name[name].append(f"`{'%%' if kind == 'cell' else '%'}{name}`")
    for name, written in sorted(by_name.items()):
        yield f"## {', '.join(written)}\n\n```text\n{inspect.getdoc(getattr(DockerMagics, name))}\n```\n"


def commands() -> Iterator[str]:
    """One section for each command; the commands of a group follow it."""
    locale.set_lang("en")
    app = make_app("pydock").whole()
    for path, command in _walk(app, "pydock"):
        context = click.Context(command, info_name=path, max_content_width=_WIDTH, terminal_width=_WIDTH)
        yield f"## `{path}`\n\n```text\n{command.get_help(context)}\n```\n"


def missing() -> Iterator[str]:
    """A table: reason, options, and the commands that would have them."""
    with MISSING.open("rb") as file:
        rows = tomllib.load(file)["missing"]
    by_reason: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_reason[row["reason"]].append(f"`--{row['option']}`")
    yield "| Why not | Options |\n|---|---|\n"
    for reason, options in sorted(by_reason.items()):
        yield f"| {reason} | {', '.join(options)} |\n"


def boundary() -> Iterator[str]:
    """A table: what differs, and the reason."""
    yield "| In | Which | Why |\n|---|---|---|\n"
    for row in tomllib.loads(BOUNDARY.read_text(encoding="utf-8"))["difference"]:
        keys = ", ".join(f"`{key}`" for key in row.get("keys", ())) or "all"
        yield f"| `{row['part']}` | {keys} | {row['why']} |\n"


def build_checks(language: str) -> Iterator[str]:
    """One section for each check; its words are those that `pydock build --check` writes."""
    examples = tomllib.loads(EXAMPLES.read_text(encoding="utf-8"))
    image = ImageConfig(platform=LINUX_AMD64, config=ContainerConfig())
    for name, example in sorted(examples.items()):
        rule = Rule(name)
        ignore = IgnoreRules.parse(example["ignore"]) if "ignore" in example else None
        facts = BuildFacts(ignore=ignore, all_stages=True, find_config=lambda *_: image)
        finding = next(each for each in check(example["dockerfile"], facts).findings if each.rule is rule)
        yield f"## `{name}`\n\n{rule.description(language).rstrip('.')}.\n\n```text\n{example['dockerfile']}\n```\n"
        yield f"> {finding.message(language)} ({locale.text('checks.place', language, line=finding.lines.first)})\n"
        yield f"{finding.advice(language)}\n"
        if finding.instead:
            yield f"```text\n{finding.instead}\n```\n"
        if rule.url:
            yield f"<{rule.url}>\n"


def _walk(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _walk(command, f"{path} {name}")


class Written(SphinxDirective):
    """A directive whose Markdown is written by `source`."""

    source: "ClassVar[Callable[[], Iterator[str]]]"

    def run(self) -> list[nodes.Node]:
        """The nodes of what was written."""
        return self.parse_text_to_nodes("\n".join(type(self).source()), allow_section_headings=True)


class Magics(Written):
    """`{magics}`."""

    source = staticmethod(magics)


class Commands(Written):
    """`{command-line}`."""

    source = staticmethod(commands)


class MissingOptions(Written):
    """`{missing-options}`."""

    source = staticmethod(lambda: iter(["".join(missing())]))


class Boundary(Written):
    """`{boundary}`."""

    source = staticmethod(lambda: iter(["".join(boundary())]))


class BuildChecks(SphinxDirective):
    """`{build-checks} LANG`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The nodes of what was written in that language."""
        return self.parse_text_to_nodes("\n".join(build_checks(self.arguments[0])), allow_section_headings=True)


def setup(app: "Sphinx") -> dict[str, bool]:
    """Sphinx asks for this."""
    app.add_directive("magics", Magics)
    app.add_directive("command-line", Commands)
    app.add_directive("missing-options", MissingOptions)
    app.add_directive("boundary", Boundary)
    app.add_directive("build-checks", BuildChecks)
    return {"parallel_read_safe": True}
