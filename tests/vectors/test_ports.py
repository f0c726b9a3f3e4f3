"""ports.json: what EXPOSE takes."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.ports import parse_ports


def check(case: Case) -> None:
    if case.is_error:
        case.raises(lambda: parse_ports(case.input["ports"]))
    else:
        assert list(parse_ports(case.input["ports"])) == case.expect["ports"]


def test_ports(every_case: EveryCase) -> None:
    every_case("dockerfile/ports", check)
