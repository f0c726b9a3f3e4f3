"""Layers by weight: what is wasted and why, what the context holds, and what should be nobody's to read."""

from dataclasses import replace

import pytest
from samples.builds import Builder, Project
from samples.trees import file, folder, link, tar

from pydock_lab import drawing
from pydock_lab.archive.entry import Entry
from pydock_lab.archive.index import LayerIndex
from pydock_lab.build.explain.context_weight import weigh_context
from pydock_lab.build.explain.secrets import find_secrets
from pydock_lab.build.explain.weighed import WeighedLayer
from pydock_lab.build.explain.weight import weigh, weigh_image


def gone(path):
    parent, _, name = path.rpartition("/")
    return Entry(path=f"{parent}/.wh.{name}".lstrip("/").encode(), size=0), b""


def opaque(path):
    return Entry(path=f"{path}/.wh..wh..opq".encode(), size=0), b""


def layers(*each):
    """Layers from the base up; the base is step 0."""
    return [
        WeighedLayer(index=LayerIndex.read(iter([tar(*entries)])), number=at, text=f"RUN {at}", line=at)
        for at, entries in enumerate(each)
    ]


@pytest.mark.parametrize(
    ("below", "above", "wasted"),
    [
        ([file("a", "1234")], [file("a", "567", mtime=9)], [("/a", 4, "overwritten", "", "")]),
        ([file("a", "1234")], [file("a", "5678", mtime=9)], [("/a", 4, "overwritten", "", "")]),
        ([file("a", "1234")], [file("a", "1234", mtime=9)], [("/a", 4, "identical", "", "")]),
        ([file("a", "1234")], [file("a", "1234", mode=0o755)], [("/a", 4, "metadata", "0644", "0755")]),
        ([file("a", "1234")], [file("a", "1234", uid=5, gid=6)], [("/a", 4, "metadata", "0:0", "5:6")]),
        ([file("a", "1234")], [gone("a")], [("/a", 4, "deleted", "", "")]),
        ([file("a", "1234")], [link("a", "b")], [("/a", 4, "overwritten", "", "")]),
        (
            [folder("d"), file("d/a", "12"), file("d/b", "345")],
            [gone("d")],
            [("/d/b", 3, "deleted", "", ""), ("/d/a", 2, "deleted", "", "")],
        ),
        (
            [folder("d"), file("d/a", "12"), file("d/b", "345")],
            [folder("d"), opaque("d"), file("d/a", "67", mtime=9)],
            [("/d/b", 3, "deleted", "", ""), ("/d/a", 2, "overwritten", "", "")],
        ),
        ([folder("d"), file("d/a", "12")], [file("d", "x")], [("/d/a", 2, "deleted", "", "")]),
        ([file("a", "1234")], [file("b", "1234")], []),
        ([folder("d")], [folder("d", mode=0o700)], []),
        ([file("empty", "")], [gone("empty")], []),
        ([link("l", "x")], [gone("l")], []),
        ([file("d-x", "12")], [gone("d")], []),
    ],
)
def test_what_nobody_sees_has_a_reason(below, above, wasted):
    steps, found = weigh(layers([file("base", "x")], below, above))
    assert [(one.path, one.size, one.reason, one.old, one.new) for one in found] == wasted
    assert all((one.written, one.hidden) == (1, 2) for one in found)
    assert [step.wasted for step in steps] == [0, sum(one[1] for one in wasted), 0]


def test_a_file_may_be_wasted_more_than_once():
    _, found = weigh(layers([file("a", "1")], [file("a", "22", mtime=1)], [gone("a")], [file("a", "333")]))
    assert [(one.size, one.written, one.hidden, one.reason) for one in found] == [
        (2, 1, 2, "deleted"),
        (1, 0, 1, "overwritten"),
    ]


def test_wasted_files_name_their_layers_where_numbers_do_not_tell_them_apart():
    same = [replace(one, number=0) for one in layers([file("a", "1")], [file("b", "1")], [gone("a")], [gone("b")])]
    steps, found = weigh(same)
    assert {one.path: (one.written_layer, one.hidden_layer) for one in found} == {"/a": (0, 2), "/b": (1, 3)}
    assert [step.wasted for step in steps] == [1, 1, 0, 0]


def test_the_weight_of_steps_and_files():
    steps, _ = weigh(layers([folder("d"), file("d/a", "1" * 7), file("b", "1" * 9)], [file("c", "1")]))
    assert [(step.size, step.files) for step in steps] == [(16, 2), (1, 1)]
    assert [(one.path, one.size) for one in steps[0].heaviest] == [("/b", 9), ("/d/a", 7)]


TOKEN = "ghp_" + "a1B2" * 9
KEY = "-----BEGIN RSA PRIVATE KEY-----\nabc\n"
AWS = "AKIA" + "ABCDEFGH12345678"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"ENV TOKEN={TOKEN}", [("token", "variable", "TOKEN", "ghp_…")]),
        ("ENV DB_PASSWORD=hunter2", [("password", "variable", "DB_PASSWORD", "")]),
        ("ARG API_KEY=abc123", [("password", "argument", "API_KEY", "")]),
        ("ARG NPM_TOKEN", [("password", "argument", "NPM_TOKEN", "")]),
        (f"RUN curl -H 'Authorization: Bearer {'x' * 20}' https://a.b", [("token", "command", "RUN", "Auth…")]),
        (f"RUN aws configure set aws_access_key_id {AWS}", [("cloud-key", "command", "RUN", "AKIA…")]),
        ("RUN git clone https://me:s3cret@host/x.git", [("password", "command", "RUN", "")]),
        ("RUN mysql --password=hunter2 -e x", [("password", "command", "--password", "")]),
        ("RUN DB_PASSWORD=hunter2 ./setup", [("password", "command", "DB_PASSWORD", "")]),
        (f"COPY <<E /x\n{KEY}E", []),
        (f"RUN <<E\necho glpat-{'x' * 20}\nE", [("token", "command", "RUN", "glpa…")]),
        # nothing secret in these
        ("ARG TOKEN_URL=https://x", []),
        ("ARG OTHER_TOKEN", []),
        ("ENV PUBLIC_KEY=abc KEYBOARD=fr MONKEY=1 GPG_KEY=E3FF", []),
        ('RUN curl -H "Authorization: Bearer $TOKEN" https://a.b', []),
        ('RUN mysql --password="$PASSWORD" && echo token', []),
        ("RUN git clone https://$USER:$PASS@host/x.git", []),
        ("RUN --mount=type=secret,id=token cat /run/secrets/token", []),
    ],
)
def test_secrets_in_words(line, found):
    project = Project(dockerfile=f"FROM b\n{line}\n", build_args={"NPM_TOKEN": "from outside"})
    record = Builder().build(project)
    secrets = find_secrets(record, ())
    assert [(one.kind, one.place, one.name, one.shown) for one in secrets] == found
    assert all((one.step, one.line) == (2, 2) for one in secrets)


@pytest.mark.parametrize(
    ("path", "content", "found"),
    [
        ("root/.ssh/id_rsa", KEY, "private-key"),
        ("app/.env", "A=1\n", "credentials"),
        ("app/.env", f"A={TOKEN}\n", "token"),
        ("root/.aws/credentials", "[default]\n", "credentials"),
        ("root/.npmrc", f"//registry/:_authToken={'x' * 20}\n", "token"),
        ("root/.npmrc", "//registry/:_authToken=${NPM_TOKEN}\n", None),
        ("root/.git-credentials", "https://me:pass@host\n", "password"),
        ("etc/ssl/server.key", KEY, "private-key"),
        ("app/config.json", f'{{"a": "{AWS}"}}', "cloud-key"),
        ("etc/ssl/cert.pem", "-----BEGIN CERTIFICATE-----\n", None),
        ("root/.ssh/id_rsa.pub", "ssh-rsa AAAA\n", None),
        ("app/main.py", KEY, None),  # programs are not read
    ],
)
@pytest.mark.parametrize("is_deleted", [False, True])
def test_secrets_in_files(path, content, found, is_deleted):
    stack = layers([file("base", "x")], [file(path, content)], *([[gone(path)]] if is_deleted else []))
    record = Builder().build(Project(dockerfile="FROM b\n"))
    secrets = find_secrets(record, stack, lambda at, _path: content.encode() if at == 1 else None)
    place = "deleted-file" if is_deleted else "file"
    assert [(one.kind, one.place, one.name, one.step) for one in secrets] == (
        [(found, place, f"/{path}", 1)] if found else []
    )


def test_secrets_of_the_base_are_not_the_reader_s():
    record = Builder().build(Project(dockerfile="FROM b\n"))
    assert find_secrets(record, layers([file("root/.ssh/id_rsa", KEY)])) == ()


CONTEXT = {
    "app.py": 10,
    "data/a.csv": 500,
    "data/b.csv": 300,
    ".git/objects/1": 900,
    "src/__pycache__/a.pyc": 40,
    "out/x": 7,
}


@pytest.mark.parametrize(
    ("ignore", "sent", "left_out", "advised"),
    [
        ("", 1757, 0, (".git", "**/__pycache__")),
        (".git\n", 857, 900, ("**/__pycache__",)),
        ("data\n!data/a.csv\n.git\n", 557, 1200, ("**/__pycache__",)),
        ("*\n!app.py\n", 10, 1747, ()),
    ],
)
def test_what_the_ignore_file_lets_through(ignore, sent, left_out, advised):
    found = weigh_context("app", CONTEXT, ignore)
    assert (found.top.size, found.top.ignored_size, found.advised) == (sent, left_out, advised)
    assert sum(part.size for part in found.top.inside) == sent
    assert found.has_ignore == bool(ignore)


def test_the_context_as_a_tree():
    top = weigh_context("app", CONTEXT, "out\n").top
    assert [(part.path, part.size, part.needless) for part in top.inside] == [
        (".git", 900, True), ("data", 800, False), ("src", 40, False), ("app.py", 10, False), ("out", 0, False),
    ]  # fmt: skip
    assert [part.path for part in top.inside[1].inside] == ["data/a.csv", "data/b.csv"]


IMAGE = """\
app:1   207 B of files in 4 layers
104 B of them (50 %) nobody sees

  3  RUN 3                                               0 B
  2  RUN 2                                             102 B  ██████████
  1  RUN 1                                             104 B  ██████████  104 B of it wasted
     base image                                          1 B

The heaviest files
      100 B  /big   step 1
      100 B  /big   step 2
        4 B  /root/.ssh/id_rsa   step 1
        2 B  /new   step 2
        1 B  /base   base image

Bytes that nobody sees
      100 B  /big   step 2 changed only its mode or owner (0644 → 0600), and so copied all of it
        4 B  /root/.ssh/id_rsa   step 1 wrote it, step 3 deleted it: it stays in its layer
  Set mode and owner while copying: COPY --chmod=... --chown=...
  Delete in the same RUN that wrote it (RUN make && rm ...), or build in a stage and copy only the result.

This looks like secrets, and whoever has the image can read it
  ! step 1, line 1: credentials in the file /root/.ssh/id_rsa, which a later step deletes: \
it is in its layer all the same
  ! step 2, line 2: a password in ENV TOKEN: it is in the history and in every container
"""
TREE = """\
app   1.8 kB are sent, 5 files
.dockerignore leaves out 7 B, 1 file

      900 B  .git/   seldom needed in an image
      800 B  data/
      500 B    a.csv
      300 B    b.csv
       40 B  src/
       40 B    __pycache__/   seldom needed in an image
       10 B  app.py
   left out  out/

Lines for .dockerignore: .git **/__pycache__"""


def weighed():
    big = "1" * 100
    stack = layers(
        [file("base", "x")],
        [file("big", big), file("root/.ssh/id_rsa", "key\n")],
        [file("big", big, mode=0o600), file("new", "ab")],
        [gone("root/.ssh/id_rsa")],
    )
    return weigh_image("app:1", Builder().build(Project(dockerfile="FROM b\nENV TOKEN=abc\n")), stack)


def test_an_image_as_text():
    text = drawing.to_text(weighed(), language="en")
    assert text.startswith(IMAGE)
    assert "--mount=type=secret" in text
    assert "que personne ne voit" in drawing.to_text(weighed(), language="fr")


def test_a_context_as_text():
    assert drawing.to_text(weigh_context("app", CONTEXT, "out\n"), language="en") == TREE
    assert "sont envoyés" in drawing.to_text(weigh_context("app", CONTEXT), language="fr")
