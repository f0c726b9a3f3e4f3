"""dockerignore.json: what a .dockerignore says, and which files it keeps."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.ignore import IgnoreRules, read_patterns


def check_read(case: Case) -> None:
    assert list(read_patterns(case.input["text"])) == case.expect["patterns"]


def check_filter(case: Case) -> None:
    rules = IgnoreRules.parse(case.input["text"])
    assert [path for path in case.input["files"] if not rules.ignores(path)] == case.expect["kept"]


def test_read(every_case: EveryCase) -> None:
    every_case("dockerfile/dockerignore", check_read, "read")


def test_filter(every_case: EveryCase) -> None:
    every_case("dockerfile/dockerignore", check_filter, "filter")
