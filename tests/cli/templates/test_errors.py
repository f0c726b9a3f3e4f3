"""What is said of templates that mean nothing: where, what, what to do; every text there is, in both languages."""

import contextlib
import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.random_templates import random_template

from pydock_lab import locale
from pydock_lab.cli.templates import Template
from pydock_lab.cli.templates.values import Record
from pydock_lab.errors import CommandError

TABLE = tomllib.loads((Path(__file__).parent / "bad_templates.toml").read_text(encoding="utf-8"))["case"]
DATA = Record(
    fields={
        "Name": "web",
        "State": Record(fields={"Status": "running", "Pid": 7}),
        "List": [1, "a"],
        "Labels": {"a": "1"},
        "None": None,
        "Size": 2.5,
    },
    methods={"Label": lambda _name: "x"},
)


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case["key"])
@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_what_is_said(case, language, monkeypatch):
    monkeypatch.setenv("PYDOCK_LANG", language)
    with pytest.raises(CommandError) as caught:
        Template.parse(case["template"]).render(DATA)
    assert str(caught.value) == case[language]


def test_a_map_is_strict_where_it_is_asked_to_be():
    template = Template.parse("{{.Labels.b}}|{{.Labels.colour}}")
    assert template.render(DATA) == "<no value>|<no value>"
    for missing, hint in (("b", "Did you mean a? There are: a."), ("colour", "There are: a.")):
        with pytest.raises(CommandError, match=f"there is nothing called {missing}") as caught:
            Template.parse(f"{{{{.Labels.{missing}}}}}").render(DATA, strict=True)
        assert caught.value.hint() == hint


def test_every_text_is_said_of_something():
    texts = {name for name in locale.catalog("en", "template") if not name.endswith(".hint")}
    assert texts - {case["key"] for case in TABLE} == {"no-key", "no-key-like"}


PIECES = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{{- ",
            " -}}",
            "(",
            ")",
            "|",
            ".",
            ".Name",
            ".List",
            "$",
            "$x",
            ":=",
            "=",
            ",",
            '"',
            "`",
            "'",
            "a",
        ),
        *(
            "if ",
            "else ",
            "end",
            "range ",
            "with ",
            "define ",
            "template ",
            "block ",
            "break",
            "len ",
            "printf ",
            "index ",
        ),
        *("%5.2f", "%v", "1", "-", "0x", "e9", "\\", "/*", "*/", "\n", " ", "é", "\x00", "\ud800", "nil", "true"),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_text_is_rendered_or_refused(text):
    _render(text)


@given(st.integers())
def test_any_template_is_rendered_or_refused(seed):
    _render(random_template(random.Random(seed)))


@pytest.mark.parametrize("text", ["{{(" * 500, "{{if .Name}}" * 500, "{{" + "(" * 500 + "1" + ")" * 500 + "}}"])
def test_depth_is_refused(text):
    with pytest.raises(CommandError):
        _ = Template.parse(text).render(DATA)


def _render(text):
    with contextlib.suppress(CommandError):
        assert isinstance(Template.parse(text).render(DATA), str)
