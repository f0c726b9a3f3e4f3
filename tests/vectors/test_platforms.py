"""platforms.json: platforms, and the arguments that every build has."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.platforms import parse_platform, platform_arguments


def check_parse(case: Case) -> None:
    if case.is_error:
        case.raises(lambda: parse_platform(case.input["platform"]))
        return
    found = parse_platform(case.input["platform"])
    assert case.expect == {
        "os": found.os,
        "arch": found.architecture,
        "variant": found.variant,
        "format": str(found),
    }


def check_arguments(case: Case) -> None:
    target = case.input["target_platform"]
    found = platform_arguments(
        build=parse_platform(case.input["build_platform"]),
        target=parse_platform(target) if target else None,
        stage=case.input["target_stage"],
        overrides=case.input.get("build_args"),
    )
    assert found == case.expect["args"]


def test_parse(every_case: EveryCase) -> None:
    every_case("dockerfile/platforms", check_parse, "parse")


def test_arguments(every_case: EveryCase) -> None:
    every_case("dockerfile/platforms", check_arguments, "global-args")
