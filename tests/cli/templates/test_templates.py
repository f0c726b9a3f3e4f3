"""What templates mean, without Docker's client to ask: the rules that a reader relies on, one a line."""

import pytest

from pydock_lab.cli.templates import Template
from pydock_lab.cli.templates.values import Map, Nothing, Record, Spoken

DATA = Record(
    fields={
        "Name": "web",
        "Ports": Map(entries={"80/tcp": [{"HostPort": "8080"}], "90/tcp": None}, zero=Nothing.LIST),
        "Labels": Map(entries={"b": "2", "a": "1"}),
        "Mounts": [Record(fields={"Source": "/a", "RW": True}), Record(fields={"Source": "/b", "RW": False})],
        "Health": Nothing.POINTER,
        "Cmd": Nothing.LIST,
        "Pid": 42,
        "Interval": Spoken(words="30s", plain=30_000_000_000),
        "Lazy": lambda: "asked",
    },
    methods={"Label": lambda name: {"a": "1"}.get(name, "")},
    json_names={"Pid": "pid"},
    unsaid=frozenset({"Health"}),
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.Name}}: {{.Pid}}", "web: 42"),
        ("{{.Mounts}}", "[{/a true} {/b false}]"),
        ("{{.Labels}} {{.Labels.c}} {{index .Labels `c`}}|", "map[a:1 b:2] <no value> |"),
        ('{{index .Ports "90/tcp"}} {{index .Ports "x"}}', "<no value> []"),
        ('{{(index (index .Ports "80/tcp") 0).HostPort}}', "8080"),
        ("{{.Health}} {{.Cmd}} {{len .Cmd}}", "<nil> [] 0"),
        ("{{if .Health}}{{.Health.Status}}{{else}}none{{end}}", "none"),
        ("{{range $key, $value := .Labels}}{{$key}}={{$value}};{{end}}", "a=1;b=2;"),
        ("{{range .Mounts}}{{if .RW}}{{continue}}{{end}}{{.Source}} of {{$.Name}}{{end}}", "/b of web"),
        ("{{range .Cmd}}x{{else}}nothing{{end}}", "nothing"),
        ("{{with .Name}}{{. | upper | printf `%-5s|`}}{{end}}", "WEB  |"),
        ('{{.Label "a"}}{{.Label "c"}}', "1"),
        ("{{.Interval}} {{eq .Interval 30000000000}} {{json .Interval}}", "30s true 30000000000"),
        ("{{.Lazy}}", "asked"),
        ("{{json .Mounts}}{{json .Labels}}", '[{"Source":"/a","RW":true},{"Source":"/b","RW":false}]{"a":"1","b":"2"}'),
        ("a {{- /* nothing */ -}} b", "ab"),
        ('{{define "row"}}<{{.}}>{{end}}{{range .Mounts}}{{template "row" .Source}}{{end}}', "</a></b>"),
        ("{{$n := 1}}{{range .Mounts}}{{$n = 2}}{{end}}{{$n}}", "2"),
        ("{{or .Health .Name}} {{and .Name .Pid}} {{not .Cmd}}", "web 42 true"),
        ("{{or true .Name.Nonsense}}", "true"),
        ("{{$x := 3}}\\n", "\\n"),
    ],
)
def test_rendered(template, text):
    assert Template.parse(template).render(DATA) == text


def test_fields_are_known_before_anything_is_rendered():
    template = Template.parse("{{range .Mounts}}{{$x := .Source}}{{end}}{{define `a`}}{{(index .A 0).B}}{{end}}")
    assert [name for name in ("Mounts", "Source", "A", "B", "C") if template.speaks_of(name)] == [
        *("Mounts", "Source", "A", "B")
    ]


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("{{json .}}", True),
        ("{{. | json}}", True),
        ("{{json .Names}}", False),
        ("{{range .Names}}{{.}}{{end}}", False),
        ("{{.Size}}", True),
    ],
)
def test_what_shows_all_speaks_of_everything(text, is_asked):
    assert Template.parse(text).speaks_of("Size") is is_asked


def test_json_leaves_out_what_is_not_said():
    text = Template.parse("{{json .}}").render(DATA)
    assert '"Health"' not in text
    assert '"pid":42' in text
