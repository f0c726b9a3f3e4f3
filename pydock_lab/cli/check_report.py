"""What `docker build --check` writes: each finding with its lines of the Dockerfile, and what to write instead.

WARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/
'as' and 'FROM' keywords' casing do not match
Dockerfile:1
--------------------
   1 | >>> FROM scratch as base
   2 |     COPY app /
--------------------
Write instead: FROM scratch AS base
"""

import base64
from collections.abc import Iterator, Sequence

from pydock_lab import locale
from pydock_lab.dockerfile.checks import Finding, Report
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.engine.options import BuildOptions

_RULE = "-" * 20
_AROUND_ONE, _AROUND_MANY = 4, 2  # lines of the file shown beside those that are meant


def report_text(report: Report, options: BuildOptions) -> Iterator[str]:
    """The lines of a report."""
    yield _summary(len(report.findings))
    source = options.dockerfile.split("\n")
    for finding in report.findings:
        yield ""
        yield from _finding(finding, source, options.dockerfile_name)


def _summary(count: int) -> str:
    if count == 0:
        return locale.text("checks.complete-none")
    return locale.text("checks.complete-one") if count == 1 else locale.text("checks.complete-many", count=count)


def _finding(finding: Finding, source: Sequence[str], name: str) -> Iterator[str]:
    link = f" - {finding.rule.url}" if finding.rule.url else ""
    yield locale.text("checks.warning", rule=finding.rule.value) + link
    yield finding.message()
    yield f"{name}:{finding.lines.first}"
    yield _RULE
    shown = _around(finding.lines, len(source))
    for number in range(shown.first, shown.last + 1):
        mark = ">>>" if finding.lines.first <= number <= finding.lines.last else "   "
        yield f" {number:3} | {mark} {source[number - 1]}".rstrip()
    yield _RULE
    yield finding.advice()
    if finding.instead:
        yield locale.text("checks.instead", code=finding.instead)


def _around(lines: LineRange, count: int) -> LineRange:
    """Some lines before and behind, as Docker has them: fewer where more are meant, and no more than there are."""
    first, last, shown = lines.first, min(lines.last, count), 0
    wanted = _AROUND_ONE if first == last else _AROUND_MANY
    while shown < wanted:
        before, behind = first > 1, last < count
        first, last, shown = first - before, last + behind, shown + before + behind + 1
    return LineRange(first=first, last=last)


def report_json(report: Report, options: BuildOptions) -> dict[str, object]:
    """The report as `docker build --call=check,format=json` has it."""
    data = base64.b64encode(options.dockerfile.encode("utf-8", "replace")).decode()
    document: dict[str, object] = {
        "warnings": [finding.to_json() for finding in report.findings],
        "sources": [{"filename": options.dockerfile_name, "language": "Dockerfile", "data": data}],
    }
    if report.error is not None:
        line = report.error.fields.get("line")
        end = report.error.fields.get("end_line", line)
        ranges = [{"start": {"line": line}, "end": {"line": end}}] if line else []
        document["buildError"] = {"message": report.error.message("en"), "location": {"ranges": ranges}}
    return document
