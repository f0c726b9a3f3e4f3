"""All checks on one Dockerfile, in the order of a build."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydock_lab.dockerfile.checks.files import copy_ignored_file
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.checks.table import FILE_RULES, NODE_RULES, READ_NODE_RULES, SIGHT_RULES
from pydock_lab.dockerfile.checks.wishes import is_wanted, wishes_of_file, with_comments
from pydock_lab.dockerfile.directives import CheckOptions
from pydock_lab.dockerfile.nodes import Syntax
from pydock_lab.dockerfile.parser import read_syntax
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.dockerfile.stages import Dockerfile, read_dockerfile
from pydock_lab.dockerfile.survey import BuildFacts, DefaultBase, Sight, SourceSeen, survey
from pydock_lab.errors import BuildError, DockerfileError, PydockError


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What the checks found, by line, rule and detail; `error` is where a build would end, None where it would not.

    `violation` is the error that `# check=error=true` makes of findings.
    """

    findings: tuple[Finding, ...]
    error: PydockError | None = None
    violation: PydockError | None = None


def check(text: str, facts: BuildFacts | None = None) -> Report:
    """Check a Dockerfile; whatever is wrong with it is in the report."""
    checker = _Checker(facts or BuildFacts())
    error: PydockError | None = None
    try:
        checker.run(text)
    except PydockError as caught:
        error = caught
    return checker.report(error)


class _Checker:
    def __init__(self, facts: BuildFacts) -> None:
        self._facts = facts
        self._wishes = CheckOptions()
        self._findings: list[Finding] = []

    def run(self, text: str) -> None:
        self._wishes = wishes_of_file(text)
        syntax = read_syntax(text)
        self._continuations(syntax)
        dockerfile = self._read(syntax)
        for rule in FILE_RULES:
            self._add(rule(dockerfile.stages))
        for sight in survey(dockerfile, self._facts):
            self._look(sight)

    def report(self, error: PydockError | None) -> Report:
        found = sorted(self._findings, key=lambda each: (each.lines.first, each.rule.value, each.detail))
        violation = None
        if self._wishes.is_error and found:
            # Each rule once, the one that was found first in front.
            rules = ", ".join(dict.fromkeys(each.rule.value for each in self._findings))
            violation = BuildError("checks.violation", rules=rules)
        return Report(findings=tuple(found), error=error, violation=violation)

    def _add(self, findings: Iterable[Finding], comments: tuple[str, ...] = ()) -> None:
        wishes = with_comments(self._wishes, comments)
        self._findings += [each for each in findings if is_wanted(each.rule, wishes)]

    def _continuations(self, syntax: Syntax) -> None:
        for warning in syntax.warnings:
            lines = LineRange(first=warning.line, last=warning.line)
            self._add([Finding(rule=Rule.NO_EMPTY_CONTINUATION, lines=lines)])

    def _read(self, syntax: Syntax) -> Dockerfile:
        """The stages; where one line cannot be read, those above it are checked all the same."""
        try:
            dockerfile = read_dockerfile(syntax)
        except DockerfileError as error:
            self._nodes(syntax, error.line or 0)
            raise
        self._nodes(syntax, None)
        return dockerfile

    def _nodes(self, syntax: Syntax, wrong: int | None) -> None:
        for node in syntax.nodes:
            is_read = wrong is None or node.lines.last < wrong
            if wrong is not None and node.lines.first > wrong:
                return
            for rule in (*NODE_RULES, *(READ_NODE_RULES if is_read else ())):
                self._add(rule(node), node.comments)

    def _look(self, sight: Sight) -> None:
        # The reference looks at defaults before it looks at comments.
        comments = () if isinstance(sight, DefaultBase) else sight.instruction.source.comments
        for rule in SIGHT_RULES.get(type(sight), ()):
            self._add(rule(sight), comments)
        if isinstance(sight, SourceSeen) and self._facts.ignore is not None:
            self._add(copy_ignored_file(sight, self._facts.ignore), comments)
