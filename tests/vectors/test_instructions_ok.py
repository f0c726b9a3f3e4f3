"""instructions_ok.json: what each instruction comes to; heredoc.json has some more."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile import instructions as of
from pydock_lab.dockerfile.instructions import Instruction
from pydock_lab.dockerfile.parser import read_syntax
from pydock_lab.dockerfile.readers import read_instruction
from pydock_lab.dockerfile.stages import Stage, parse


def lines(value: Instruction | Stage) -> list[int]:
    return [value.lines.first, value.lines.last]


def command(instruction: Instruction) -> dict[str, object]:
    """One instruction as `expect.command` has it."""
    common = {
        "name": instruction.name.lower(),
        "code": instruction.code,
        "lines": lines(instruction),
    }
    return common | DETAILS[type(instruction)](instruction)


def stage(value: Stage) -> dict[str, object]:
    """One stage as `expect.stage` has it."""
    return {
        "name": value.name,
        "base_name": value.base,
        "platform": value.platform,
        "orig_cmd": value.start.source.keyword,
        "code": value.start.code,
        "doc_comment": value.start.description,
        "lines": lines(value),
        "commands": [command(each) for each in value.commands],
    }


def _command_line(line: of.CommandLine, *, empty: list[str] | None) -> dict[str, object]:
    return {
        "cmd_line": list(line.arguments) or empty,
        "prepend_shell": line.is_shell,
        "files": None,
    }


def _run(run: of.Run) -> dict[str, object]:
    files = [{"name": each.name, "data": each.content, "chomp": each.chomp} for each in run.command.heredocs]
    return _command_line(run.command, empty=[]) | {
        "files": files or None,
        "flags_used": sorted({flag[2:].partition("=")[0] for flag in run.source.flags}),
        "network": run.network.value,
        "security": run.security.value,
        "devices": [asdict(device) for device in run.devices],
    }


def _transfer(instruction: of.Transfer) -> dict[str, object]:
    contents = [{"path": each.name, "data": each.data, "expand": each.expand} for each in instruction.inline_files]
    return {
        "source_paths": list(instruction.sources) or None,
        "source_contents": contents or None,
        "dest_path": instruction.destination,
        "chown": instruction.chown,
        "chmod": instruction.chmod,
        "link": instruction.link,
        "exclude_patterns": list(instruction.excludes) or None,
    }


def _copy(copy: of.Copy) -> dict[str, object]:
    return _transfer(copy) | {"from": copy.origin, "parents": copy.parents}


def _add(add: of.Add) -> dict[str, object]:
    own = {"checksum": add.checksum, "keep_git_dir": add.keep_git_dir, "unpack": add.unpack}
    return _transfer(add) | own


def _pairs(pairs: tuple[of.Pair, ...]) -> list[dict[str, object]]:
    return [{"key": pair.key, "value": pair.value, "no_delim": pair.is_legacy} for pair in pairs]


def _arg(arg: of.Arg) -> dict[str, object]:
    found = [(each.key, each.default, each.description) for each in arg.variables]
    return {"args": [{"key": key, "value": value, "doc_comment": text} for key, value, text in found]}


def _health(healthcheck: of.Healthcheck) -> dict[str, object]:
    return {"health": {**asdict(healthcheck.health), "test": list(healthcheck.health.test)}}


DETAILS: dict[type[Instruction], Callable[[Any], dict[str, object]]] = {
    of.Add: _add,
    of.Arg: _arg,
    of.Cmd: lambda each: _command_line(each.command, empty=[]),
    of.Copy: _copy,
    of.Entrypoint: lambda each: _command_line(each.command, empty=None),
    of.Env: lambda each: {"env": _pairs(each.pairs)},
    of.Expose: lambda each: {"ports": list(each.ports)},
    of.Healthcheck: _health,
    of.Label: lambda each: {"labels": _pairs(each.pairs)},
    of.Maintainer: lambda each: {"maintainer": each.author},
    of.Onbuild: lambda each: {"expression": each.expression},
    of.Run: _run,
    of.Shell: lambda each: {"shell": list(each.arguments)},
    of.StopSignal: lambda each: {"signal": each.signal},
    of.User: lambda each: {"user": each.user},
    of.Volume: lambda each: {"volumes": list(each.paths)},
    of.Workdir: lambda each: {"path": each.path},
}


def only_instruction(text: str) -> Instruction:
    return read_instruction(read_syntax(text).nodes[0])


def check_single(case: Case) -> None:
    if case.is_error:
        error = case.raises(lambda: only_instruction(case.input["dockerfile"]))
        wanted = case.expect["error_lines"]
        # Only the parser knows where it is: instructions get their place from the whole Dockerfile.
        assert error.line is None or [error.line, error.fields["end_line"]] == [wanted[0][0], wanted[-1][-1]]
        return
    instruction = only_instruction(case.input["dockerfile"])
    if "stage" in case.expect:
        assert stage(Stage(start=instruction)) == case.expect["stage"]
    else:
        assert command(instruction) == case.expect["command"]


def check_file(case: Case) -> None:
    found = parse(case.input["dockerfile"])
    assert [stage(each) for each in found.stages] == case.expect["stages"]
    assert [command(each) for each in found.meta_args] == case.expect["meta_args"]


def test_single_instructions(every_case: EveryCase) -> None:
    every_case("dockerfile/instructions_ok", check_single, "single")


def test_files(every_case: EveryCase) -> None:
    every_case("dockerfile/instructions_ok", check_file, "file", "multi")


def test_instructions_with_heredocs(every_case: EveryCase) -> None:
    every_case("dockerfile/heredoc", check_single, "instruction")
