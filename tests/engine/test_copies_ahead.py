"""The next COPY is written while a RUN is at work: the same layer as in its turn, whatever the RUN does."""

import tarfile
import threading

import pytest
from samples.base_images import image_tree

from pydock_lab.build.context import BuildContext
from pydock_lab.build.copy_layers import CopyAhead
from pydock_lab.engine.face import Engine
from pydock_lab.engine.rebuilding import Rebuilding
from pydock_lab.errors import BuildError
from pydock_lab.events import CacheMissed

pytestmark = pytest.mark.usefixtures("containers")

# What a RUN does before a COPY, the COPY, and whether what was written ahead can be taken.
GROUNDS = [
    ("true", "COPY . /app", True),
    ("mkdir /other", "COPY . /app", True),
    ("mkdir -m 700 /app", "COPY . /app", False),
    ("mkdir -p /app/src && chmod 711 /app/src", "COPY . /app/", False),
    ("mkdir /real && ln -s real /app", "COPY . /app", False),
    ("echo old > /app", "COPY one /app", False),
    ("echo new:x:7:8::/:/bin/sh >> /etc/passwd", "COPY --chown=root . /app", False),
    ("echo new:x:7:8::/:/bin/sh >> /etc/passwd", "COPY --chown=new . /app", False),
    ("true", "COPY --chown=root --chmod=600 --exclude=src . /app", True),
    ("mkdir -p /app/src", "COPY --link . /app", True),
    ("true", "COPY <<EOF /app/said\ntext\nEOF", True),
    ("mkdir -m 700 /app", "ADD files.tar /app", False),
]


@pytest.fixture
def context(tmp_path):
    root = tmp_path / "context"
    (root / "src").mkdir(parents=True)
    (root / "one").write_text("one\n")
    (root / "src/two").write_text("two\n" * 100_000)
    (root / "src/two").chmod(0o755)
    with tarfile.open(root / "files.tar", "w") as tar:
        tar.add(root / "one", "packed")
    return root


@pytest.fixture
def taken(monkeypatch):
    """Whether each copy that was written ahead could be taken, in the order of the steps."""
    found = []
    take = CopyAhead.take

    def watched(self, *arguments):
        found.append(take(self, *arguments))
        return found[-1]

    monkeypatch.setattr(CopyAhead, "take", watched)
    return found


def layers(engine, text, context):
    """The diff_id of the copy's layer, and what a RUN that comes after it has seen."""
    # Folders that a RUN has made carry its time into the layers of copies.
    engine.build(text, "it:1", context=context, no_cache=True, build_args={"SOURCE_DATE_EPOCH": "1000000000"})
    return engine.image("it:1").details.config.diff_ids[-2], image_tree(engine, "it:1").read(b"seen")


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_same_layer_as_in_its_turn(engine, context, taken, monkeypatch, ground):
    command, copy, is_taken = ground
    looks = "find -L /app /real -type f -o -type d | sort | while read x; do stat -c '%a %U %n' $x; done > /seen 2>&1"
    text = f"FROM lab/base\nRUN {command}\n{copy}\nRUN {looks}; true\n"
    ahead = layers(engine, text, context)
    assert [one is not None for one in taken] == [is_taken]
    monkeypatch.setattr(CopyAhead, "suits", staticmethod(lambda _step: False))
    assert ahead == layers(engine, text, context)
    assert b"/app" in ahead[1]
    assert (len(taken), engine.full.check()) == (1, ())


def left(engine: Engine) -> list[str]:
    root = engine.full.home.root
    return [str(path) for name in ("active", "ingest", "leases") for path in (root / name).glob("[!.]*")]


@pytest.mark.parametrize(
    "text",
    [
        "FROM lab/base\nRUN sleep 0.3; false\nCOPY . /app\nRUN true\n",
        "FROM lab/base\nRUN true\nCOPY one /app\nCOPY missing /app\nRUN true\n",
        "FROM lab/base\nRUN true\nCOPY missing /app\nRUN true\n",
        "FROM lab/base AS b\nRUN sleep 0.2; false\nFROM lab/base\nRUN sleep 9\nCOPY . /app\nCOPY --from=b / /\n",
    ],
)
def test_a_build_that_fails_leaves_nothing(engine, context, text):
    with pytest.raises(BuildError) as caught:
        engine.build(text, context=context)
    assert "false" in str(caught.value) or "missing" in str(caught.value)
    assert left(engine) == []
    assert [one.name for one in threading.enumerate() if one.name == "pydock-copy"] == []


def test_a_copy_that_is_cached_after_all(engine, context, taken, monkeypatch):
    """The layer of the RUN is gone, the copy that stood on it is still there."""
    monkeypatch.setattr(Rebuilding, "again", lambda *_: None)  # on a slow machine it would need no step at all
    text = "FROM lab/base\nRUN echo x > /x\nCOPY . /app\nRUN cat /app/one\nCOPY one /two\nRUN cat /two\n"
    engine.build(text, "first:1", context=context)
    taken.clear()
    (lost,) = [path for path, layer in engine.full.home.cache.layers() if layer.unpacked_size == len("x\n")]
    lost.unlink()
    events = []
    engine.build(text, "second:1", context=context, on_event=events.append)
    assert [event.step for event in events if isinstance(event, CacheMissed)] == [2]
    assert engine.image("second:1").details.config.diff_ids[-4:] == engine.image("first:1").details.config.diff_ids[-4:]
    assert (taken, left(engine)) == ([], [])


def test_its_files_are_read_once(engine, context, taken, monkeypatch):
    opened = []
    descriptor = BuildContext.descriptor
    monkeypatch.setattr(
        BuildContext, "descriptor", lambda self, entry: opened.append(entry.path) or descriptor(self, entry)
    )
    engine.build("FROM lab/base\nRUN true\nCOPY . /app\nRUN true\n", context=context)
    assert (len(taken), sorted(opened)) == (1, [b"files.tar", b"one", b"src/two"])
