"""The build checks: what each finds, what it proposes, and where the looking ends."""

import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydock_lab import locale
from pydock_lab.dockerfile.checks import Rule, check
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.platforms import parse_platform
from pydock_lab.dockerfile.stages import parse
from pydock_lab.dockerfile.survey import BuildFacts
from pydock_lab.errors import PydockError
from pydock_lab.oci import ContainerConfig, ImageConfig

IMAGE = ImageConfig(platform=parse_platform("linux/amd64"), config=ContainerConfig(env=("LANG=C",)))


def known(**facts):
    return BuildFacts(all_stages=True, find_config=lambda _name, _platform: IMAGE, **facts)


def found(text, facts=None):
    return [(each.lines.first, each.rule.value) for each in check(text, facts or known()).findings]


EXAMPLES = tomllib.loads((Path(__file__).parent / "build_checks.toml").read_text(encoding="utf-8"))


def example(rule):
    case = EXAMPLES[rule.value]
    ignore = IgnoreRules.parse(case["ignore"]) if "ignore" in case else None
    return case["dockerfile"], case.get("instead", ""), known(ignore=ignore)


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_finds_and_proposes(rule):
    text, instead, facts = example(rule)
    first = next(each for each in check(text, facts).findings if each.rule is rule)
    assert first.instead == instead
    assert first.message("fr") != first.detail
    assert first.advice("en") != first.advice("fr")


@pytest.mark.parametrize(
    "rule",
    [
        *("CONSISTENT_INSTRUCTION_CASING", "DUPLICATE_STAGE_NAME", "EXPOSE_INVALID_FORMAT", "EXPOSE_PROTO_CASING"),
        *("FROM_AS_CASING", "FROM_PLATFORM_FLAG_CONST_DISALLOWED", "JSON_ARGS_RECOMMENDED", "LEGACY_KEY_VALUE_FORMAT"),
        *("MAINTAINER_DEPRECATED", "REDUNDANT_TARGET_PLATFORM", "RESERVED_STAGE_NAME", "STAGE_NAME_CASING"),
        *("UNDEFINED_ARG_IN_FROM", "UNDEFINED_VAR", "WORKDIR_RELATIVE_PATH"),
    ],
)
def test_what_is_proposed_for_a_line_is_no_longer_found(rule):
    text, instead, facts = example(Rule[rule])
    first = next(each for each in check(text, facts).findings if each.rule is Rule[rule])
    lines = text.split("\n")
    lines[first.lines.first - 1] = instead
    assert Rule[rule].value not in [name for _, name in found("\n".join(lines), facts)]


SHELL = {
    "CMD echo $HOME": 'CMD ["/bin/sh", "-c", "echo $HOME"]',
    "ENTRYPOINT a && b": 'ENTRYPOINT ["/bin/sh", "-c", "a && b"]',
    "CMD": "",
}


@pytest.mark.parametrize(("line", "instead"), SHELL.items())
def test_exec_form_keeps_a_shell_where_one_is_needed(line, instead):
    assert check(f"FROM a\n{line}", known()).findings[0].instead == instead


def test_stages_that_the_target_does_not_need():
    text = "FROM a as unused\nWORKDIR b\nFROM a AS used\nWORKDIR c\nFROM a\nCOPY --from=used /c /\n"
    always = [(1, "FromAsCasing")]
    assert found(text, BuildFacts()) == [*always, (4, "WorkdirRelativePath")]
    assert found(text, BuildFacts(all_stages=True)) == [*always, (2, "WorkdirRelativePath"), (4, "WorkdirRelativePath")]
    assert found(text, BuildFacts(target="unused", all_stages=True)) == [*always, (2, "WorkdirRelativePath")]


def test_an_image_that_nobody_has_may_set_any_variable():
    text = "FROM a\nCOPY $APP_HOME /\n"
    assert found(text) == [(2, "UndefinedVar")]
    assert found(text, BuildFacts()) == []
    assert found("FROM scratch\nCOPY $APP_HOME /\n", BuildFacts()) == [(2, "UndefinedVar")]


def test_triggers_of_a_base_stand_at_its_from():
    text = "FROM a AS b\nONBUILD WORKDIR c\nONBUILD COPY --from=d $LNAG /\nFROM a AS d\nFROM b\n"
    assert found(text, BuildFacts(find_config=lambda *_: IMAGE)) == [(5, "UndefinedVar"), (5, "WorkdirRelativePath")]


IGNORED = [
    (["*"], ".", True),
    (["docs"], ".", False),
    (["docs"], "docs/a.md", True),
    (["docs", "!docs/a.md"], "docs", False),
    (["docs", "!docs/a.md"], "docs/b.md", True),
    (["*", "!*/keep"], "sub", False),
    (["*.log", "!src/*"], "a.log", True),
]


@pytest.mark.parametrize(("patterns", "source", "is_ignored"), IGNORED)
def test_what_the_context_leaves_out(patterns, source, is_ignored):
    facts = known(ignore=IgnoreRules.of(patterns))
    assert found(f"FROM a\nCOPY {source} /x/\n", facts) == ([(2, "CopyIgnoredFile")] if is_ignored else [])


ENDS = [
    ("FROM a as b\nWRONG\nMAINTAINER c", "instruction-unknown", [(1, "FromAsCasing")]),
    ("# check=skip\nFROM a as b", "check-option", []),
    ("FROM a\nVOLUME $X\nWORKDIR b", "volume-empty", [(2, "UndefinedVar")]),
    ("FROM a\nWORKDIR b\nFROM $X", "base-blank", [(3, "InvalidDefaultArgInFrom"), (3, "UndefinedArgInFrom")]),
    ("FROM a AS b\nCOPY --from=c / /\nFROM a AS c\nCOPY --from=b / /", "stage-circle", []),
    ("FROM a\nWORKDIR b\nCOPY --from=c / /\nFROM a AS c", "stage-later", [(2, "WorkdirRelativePath")]),
    ("FROM a\nCOPY --from=7 / /", "stage-index", []),
    ("FROM a\nCOPY --from=$b / /", "from-variable", []),
    ("ARG a", "no-stages", []),
]


@pytest.mark.parametrize(("text", "key", "before"), ENDS)
def test_checks_end_where_a_build_would(text, key, before):
    report = check(text, known())
    assert report.error is not None
    assert report.error.key == f"dockerfile.{key}"
    assert found(text) == before


def test_findings_can_fail_the_build():
    report = check("# check=error=true\nFROM a as b\nfrom c as D", known())
    assert report.violation is not None
    assert report.violation.message("en") == (
        "lint violation found for rules: FromAsCasing, StageNameCasing, ConsistentInstructionCasing"
    )
    assert check("# check=error=true\nFROM a AS b").violation is None
    assert check("FROM a as b").violation is None


def test_a_comment_skips_for_one_instruction():
    text = (
        "FROM scratch\n# check=skip=SecretsUsedInArgOrEnv // it is none\nARG TOKEN\nENV TOKEN=a\n# check=\nARG AUTH\n"
    )
    assert found(text) == [(4, "SecretsUsedInArgOrEnv"), (6, "SecretsUsedInArgOrEnv")]


def test_every_text_has_a_rule():
    described = {name.removesuffix(".description") for name in locale.catalog("en", "checks") if "." in name}
    rules = {name.removesuffix(".hint").removesuffix("-like") for name in described}
    assert rules - {"violation"} == {rule.slug for rule in Rule}
    assert set(locale.catalog("en", "checks")) == set(locale.catalog("fr", "checks"))


PIECES = some.sampled_from(
    [
        *("FROM a\n", "FROM $x AS b\n", "FROM b\n", "FROM --platform=$y a AS Scratch\n", "ARG x=b\n", "ARG TOKEN=$z\n"),
        *("COPY --from=b $q /\n", "COPY --from=0 a /\n", "ADD git@h:r?ref= /\n", "RUN --mount=from=b,id=$w x\n"),
        *("EXPOSE 1:$x/TCP\n", "ONBUILD COPY --from=b $x .\n", "ENV k $v\n", "LABEL a=${b:?c}\n", "VOLUME $x\n"),
        *("CMD 'a\n", "ENTRYPOINT a\n", "WORKDIR $x\n", "MAINTAINER me\n", "RUN a \\\n\n b\n", "# check=skip=x\n"),
        *("# check=error=true\n", "# x y\n", "HEALTHCHECK NONE\n", "from a as b\n", "\\", "$", "\udc80", "é", "\x00"),
        *("SHELL ['a']\n", 'SHELL ["a"]\n', "STOPSIGNAL $s\n", "USER $u\n", "COPY <<E /\n$h\nE\n", "${x#*", "/", ":"),
    ]
)
TEXTS = some.one_of(some.lists(PIECES, max_size=25).map("".join), some.text(max_size=40))
ON_BUILD = ImageConfig(platform=IMAGE.platform, config=ContainerConfig(on_build=("COPY --from=b $t /", "WORKDIR u")))
FACTS = [
    BuildFacts(),
    known(build_args={"x": "b"}, ignore=IgnoreRules.of(["*", "!a"])),
    BuildFacts(target="b", find_config=lambda _name, _platform: ON_BUILD),
]


def in_words(error: PydockError | None) -> None:
    for language in locale.LANGUAGES if error else ():
        error.message(language)
        error.hint(language)


@given(TEXTS, some.sampled_from(FACTS))
def test_any_dockerfile_gives_a_report(text, facts):
    report = check(f"FROM a\n{text}" if len(text) % 2 else text, facts)
    in_words(report.error)
    in_words(report.violation)
    for finding in report.findings:
        for language in locale.LANGUAGES:
            assert finding.summary(language)
            assert finding.advice(language)
        finding.to_json()


def parses(call: Callable[[], object]) -> bool:
    try:
        call()
    except PydockError:
        return False
    return True


@given(TEXTS)
def test_what_does_not_parse_is_told(text):
    if not parses(lambda: parse(text)):
        assert check(text).error is not None


LARGE = {
    "stages": "".join(f"FROM a AS s{index}\nCOPY --from=s{index + 1} a /\n" for index in range(4000)),
    "variables": "FROM a\n" + "".join(f"ENV name{index}=$other{index}\n" for index in range(4000)),
    "ports": "FROM a\nEXPOSE " + "80 " * 10_000,
    "keys": "FROM a\nENV " + "token=a " * 5000,
    "underlines": "FROM a\nARG " + "_key" * 10_000,
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_large_files_take_little_time(text):
    began = time.process_time()
    check(text, known())
    assert time.process_time() - began < 5
