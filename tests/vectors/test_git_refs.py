"""git_refs.json: what ADD makes of the address of a repository."""

from dataclasses import asdict

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.git_reference import find_git_reference, parse_git_reference

NAMES = {"looks_local": "indistinguishable_from_local", "is_unencrypted": "unencrypted_tcp"}


def check(case: Case) -> None:
    text = case.input["ref"]
    if case.is_error:
        case.raises(lambda: parse_git_reference(text))
        if case.expect["is_git"]:
            case.raises(lambda: find_git_reference(text))
        else:
            assert find_git_reference(text) is None
        return
    found = asdict(parse_git_reference(text))
    assert {NAMES.get(name, name): value for name, value in found.items()} == case.expect["git"]


def test_git_refs(every_case: EveryCase) -> None:
    every_case("dockerfile/git_refs", check)
