"""env_expand.json: variables in one word."""

from collections import UserDict
from collections.abc import Mapping

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.expansion import Expansion, Mode, expand

FLAGS = {
    "raw_quotes": Mode.KEEP_QUOTES,
    "raw_escapes": Mode.KEEP_ESCAPES,
    "skip_unset_env": Mode.KEEP_UNSET,
    "skip_process_quotes": Mode.PLAIN_QUOTES,
}


class WindowsEnvironment(UserDict[str, str]):
    """There, names of variables have no case."""

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__({name.upper(): value for name, value in env.items()})

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return super().get(name.upper(), default)


def expansion(case: Case, text: str) -> Expansion:
    env: Mapping[str, str] = case.env
    if case.input.get("windows"):
        env = WindowsEnvironment(env)
    mode = Mode.VALUE
    for name, wanted in case.input.get("flags", {}).items():
        mode |= FLAGS[name] if wanted else Mode.VALUE
    return expand(text, env, case.input["escape"], mode)


def check(case: Case) -> None:
    if case.is_error:
        case.raises(lambda: expansion(case, case.input["word"]))
        return
    found = expansion(case, case.input["word"])
    assert found.text == case.expect["result"]
    if "matched" in case.expect:
        assert sorted(found.matched) == case.expect["matched"]
        assert sorted(found.unmatched) == case.expect["unmatched"]


def test_env_expand(every_case: EveryCase) -> None:
    every_case("dockerfile/env_expand", check)
