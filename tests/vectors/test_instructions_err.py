"""instructions_err.json: what is wrong, in the reference's words, and on which lines."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.parser import read_syntax
from pydock_lab.dockerfile.readers import read_instruction
from pydock_lab.dockerfile.stages import parse


def check_file(case: Case) -> None:
    error = case.raises(lambda: parse(case.input["dockerfile"]))
    wanted = case.expect["error_lines"]
    # The reference counts the lines of directives from 0.
    shift = 1 if error.key.startswith("dockerfile.directive") else 0
    place = [error.fields.get("line", 0) - shift, error.fields.get("end_line", 0) - shift]
    assert place == [wanted[0][0], wanted[-1][-1]]


def check_single(case: Case) -> None:
    case.raises(lambda: read_instruction(read_syntax(case.input["dockerfile"]).nodes[0]))


def test_files(every_case: EveryCase) -> None:
    every_case("dockerfile/instructions_err", check_file, "file", "multi")


def test_single_instructions(every_case: EveryCase) -> None:
    every_case("dockerfile/instructions_err", check_single, "single")
