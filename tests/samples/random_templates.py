"""Templates made up at random, most of which mean something: for comparing engines, and for never falling over."""

import random

_FUNCTIONS = [
    *("and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", "slice", "print", "printf", "println"),
    *("html", "js", "urlquery", "json", "join", "split", "title", "lower", "upper", "pad", "truncate"),
]
_ATOMS = [
    *(".", "$", ".Name", ".Status", ".Status.l", ".Status.m", ".Status.z", ".Status.q", ".Status.n", ".Status.s"),
    *(".Status.m.b.c", ".Labels", ".Labels.a", ".Labels.x", ".UsageData.RefCount", ".Options", ".Nope", "$x", "$i"),
    *(".Status.big", ".Status.huge", ".Status.small", ".Status.e", ".Status.el", "nil", "true", "false"),
    *("1", "0", "-1", "2.5", "1e3", "3", "10", "0x1f", '"a"', '"b c"', '""', "`r`", "'x'", '"é"'),
    *('"%s|%v|%q"', '"%5d %-5d %05d"', '"%d"', '"%x %X"', '"%6.2f"', '"%+v"', '"%#v"', '"%08.3f"', '"%t"'),
    *('"%c %U"', '"% d"', '"%[2]v %[1]v"', '"%*d"', '"%.2s"', '"%e %g"', '"%o %b"'),
]
_LISTS = [".Status.l", ".Status.m", ".Labels", ".Status", "(split `a b` ` `)"]
_ODD = ["{{end}}", "{{else}}", "{{define `t`}}[{{.}}]{{end}}", "{{template `t` .Name}}", "{{", "{{.Name", "{{break}}"]
_TEXTS = ["x", " y ", "\n", "{{/* c */}}", "}}", "{"]


def random_template(chooser: random.Random) -> str:
    """One template; some of them with a character missing."""
    text = chooser.choice(["", "{{$x := 1}}{{$i := `q`}}"]) + _body(chooser, 2)
    if chooser.random() < 0.1:
        at = chooser.randrange(len(text))
        text = text[:at] + text[at + 1 :]
    return text


def _operand(chooser: random.Random, depth: int) -> str:
    if depth <= 0 or chooser.random() < 0.6:
        return chooser.choice(_ATOMS)
    return f"({_pipe(chooser, depth - 1)}){chooser.choice(['', '', '', '.a', '.n'])}"


def _command(chooser: random.Random, depth: int) -> str:
    if chooser.random() < 0.35:
        return _operand(chooser, depth)
    arguments = [_operand(chooser, depth) for _ in range(chooser.choice([1, 1, 2, 2, 3]))]
    return " ".join([chooser.choice(_FUNCTIONS), *arguments])


def _pipe(chooser: random.Random, depth: int) -> str:
    more = [_stage(chooser) for _ in range(chooser.choice([0, 0, 0, 1, 2]))]
    return " | ".join([_command(chooser, depth), *more])


def _stage(chooser: random.Random) -> str:
    return " ".join([chooser.choice(_FUNCTIONS), *chooser.choices(_ATOMS, k=chooser.choice([0, 0, 1]))])


def _node(chooser: random.Random, depth: int) -> str:
    dice = chooser.random()
    if depth <= 0 or dice < 0.45:
        return f"{{{{{chooser.choice(['', '- '])}{_pipe(chooser, depth)}{chooser.choice(['', ' -'])}}}}}"
    if dice < 0.55:
        return chooser.choice(_TEXTS if dice < 0.5 else _ODD)
    return _block(chooser, depth - 1)


def _block(chooser: random.Random, depth: int) -> str:
    pipe, body, other = _pipe(chooser, depth), _body(chooser, depth), _body(chooser, depth)
    names, ended = chooser.choice(["", "$i := ", "$i, $x := "]), chooser.choice(["", "{{break}}", "{{continue}}"])
    looped = chooser.choice([*_LISTS, pipe])
    return chooser.choice(
        [
            f"{{{{if {pipe}}}}}{body}{{{{else}}}}{other}{{{{end}}}}",
            f"{{{{with $x := {pipe}}}}}{body}{{{{else with .Name}}}}{other}{{{{end}}}}",
            f"{{{{range {names}{looped}}}}}{body}{ended}{{{{else}}}}{other}{{{{end}}}}",
            f"{{{{${chooser.choice('xi')} := {pipe}}}}}",
        ]
    )


def _body(chooser: random.Random, depth: int) -> str:
    return "".join(_node(chooser, depth) for _ in range(chooser.choice([1, 1, 2])))
