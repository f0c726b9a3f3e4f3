"""The pieces below the magics: substitution, console, story, region, widgets."""

import json
import threading
import time
import zlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from samples import views

from pydock_lab import locale
from pydock_lab.drawing import details
from pydock_lab.errors import CommandError, NotFound
from pydock_lab.events import (
    BlobDone,
    BlobProgress,
    BlobSkipped,
    Direction,
    Noted,
    StepFailed,
    StepOutput,
    StepStarted,
    Stream,
    TransferFinished,
    TransferStarted,
)
from pydock_lab.notebook import substitution
from pydock_lab.notebook.completion import Completer
from pydock_lab.notebook.console import Console
from pydock_lab.notebook.instances import LiveInstances
from pydock_lab.notebook.layers import Layers
from pydock_lab.notebook.region import Region
from pydock_lab.notebook.story import Story
from pydock_lab.notebook.tags import Tags
from pydock_lab.views import Instances


class Thing:
    digest = "sha256:1"


VARIABLES = {"name": "web 1", "n": 3, "thing": Thing()}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run {name}", ["run", "web 1"]),
        ("run x{n}y{n}", ["run", "x3y3"]),
        ("pull a@{thing.digest}", ["pull", "a@sha256:1"]),
        ("echo {{name}}", ["echo", "{name}"]),
        ("inspect -f '{{.Id}}' a", ["inspect", "-f", "{{.Id}}", "a"]),
        ("ps --format '{{json .}}'", ["ps", "--format", "{{json .}}"]),
        (
            "inspect -f '{{range .M}}{{if .A}}{{n}}{{else}}-{{end}}{{end}}'",
            ["inspect", "-f", "{{range .M}}{{if .A}}{n}{{else}}-{{end}}{{end}}"],
        ),
        ("""run -e 'X={"a": 1}' a""", ["run", "-e", 'X={"a": 1}', "a"]),
        ("echo $HOME {} {1}", ["echo", "$HOME", "{}", "{1}"]),
        ("echo '{ name }'", ["echo", "{ name }"]),
    ],
)
def test_variables_are_filled_in(line: str, words: list[str]) -> None:
    assert substitution.words(line, VARIABLES) == words


@pytest.mark.parametrize(
    ("line", "key"),
    [("{nope}", "notebook.no-variable"), ("{thing.nope}", "notebook.no-attribute"), ("'", "notebook.open-quote")],
)
def test_what_is_unknown_is_an_error(line: str, key: str) -> None:
    with pytest.raises(CommandError) as caught:
        substitution.words(line, VARIABLES)
    assert caught.value.key == key


def test_a_console_keeps_the_order_and_marks_the_error_stream() -> None:
    console = Console()
    assert console.bundle() == {}
    for stream, text in [(Stream.STDOUT, "a\n"), (Stream.STDERR, "b\n"), (Stream.STDOUT, "c")]:
        console.write(stream, text)
    assert console.bundle()["text/plain"] == "a\nstderr: b\nc"
    assert console.bundle()["text/html"].index("pydock-stderr") < console.bundle()["text/html"].index(">c<")


@pytest.mark.parametrize(
    ("written", "shown"),
    [("10%\r20%\r100%\n", "100%"), ("a\r\nb\n", "a\nb"), ("\x1b[1;31mred\x1b[0m", "red"), ("<script>", "<script>")],
)
def test_a_console_is_a_small_terminal(written: str, shown: str) -> None:
    console = Console()
    console.write(Stream.STDOUT, written)
    assert console.bundle()["text/plain"] == shown
    assert "<script>" not in console.bundle()["text/html"]


def test_a_console_forgets_the_oldest_of_very_much() -> None:
    console = Console()
    for at in range(100):
        console.write(list(Stream)[at % 2], f"{at} " * 5000)
    text = console.bundle()["text/plain"]
    assert text.rstrip().endswith("99")
    assert len(text) < 220_000
    assert text.startswith("[… ")


def test_a_story_of_a_transfer() -> None:
    story, direction = Story(), Direction.PUSH
    locale.set_lang("en")
    for event in (
        TransferStarted(direction=direction, reference="h/a:1"),
        BlobProgress(direction=direction, digest=views.digest("a"), done=50, total=100),
        BlobSkipped(direction=direction, digest=views.digest("b"), size=7, why="exists"),
    ):
        story.tell(event)
    assert '<progress value="0.500">' in story.bundle()["text/html"]
    assert "7 B already there" in story.bundle()["text/plain"]
    story.tell(BlobDone(direction=direction, digest=views.digest("a"), size=100))
    story.tell(TransferFinished(direction=direction, reference="h/a:1", digest=views.digest("m"), size=1))
    assert "<progress" not in story.bundle()["text/html"]
    assert "push h/a:1 · 100 B sent · 7 B already there" in story.bundle()["text/plain"]


def test_a_story_that_fails_keeps_the_last_words_in_sight() -> None:
    story = Story()
    story.tell(StepStarted(step=1, total=1, stage="s", text="RUN <x>", line=1, end_line=1))
    for number in range(100):
        story.tell(StepOutput(step=1, stream=Stream.STDOUT, text=f"line {number}\n"))
    assert story.bundle()["text/plain"].count("line") == 6
    story.tell(StepFailed(step=1, seconds=1.0, message="no"))
    story.tell(Noted(text="a warning"))
    shown = story.bundle()
    assert shown["text/plain"].count("line") == 40
    assert "RUN &lt;x&gt;" in shown["text/html"]
    assert "! a warning" in shown["text/plain"]


def test_a_region_writes_seldom_and_the_last_word_always(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.shell.kernel = object()  # as in a notebook: the place can be written again
    writes: list[str] = []
    count = 0

    def content() -> dict[str, str]:
        writes.append(str(count))
        return {"text/plain": str(count)}

    began = time.monotonic()
    with Region(content) as region:
        for count in range(5000):  # noqa: B007 - `content` reads it
            region.touch()
    assert writes[-1] == "4999"
    assert len(writes) <= (time.monotonic() - began) / 0.1 + 3
    monkeypatch.delattr(shell.shell, "kernel")


def unpacked(packed: bytes) -> Any:
    """What the page reads."""
    return json.loads(zlib.decompress(packed))


def test_a_widget_has_the_picture_and_its_details() -> None:
    widget = Layers(views.SHOP, language="fr")
    assert "du cache" in widget.svg
    assert widget.details[0].key == "layer-6"
    assert unpacked(widget.drawn) == widget.svg
    assert [detail["key"] for detail in unpacked(widget.behind)] == [detail.key for detail in widget.details]
    files = [(file.sign, file.path, file.size) for file in widget.details[0].files]
    assert [(file["sign"], file["path"], file["size"]) for file in unpacked(widget.behind)[0]["files"]] == files
    before = widget.behind
    widget.width = 480
    assert (unpacked(widget.drawn), widget.behind) == (widget.svg, before)
    assert 'width="480"' in widget.svg
    widget.language = "en"
    assert "from the cache" in widget.svg


def test_a_selection_can_be_read_and_is_dropped_with_its_part() -> None:
    widget = Layers(views.SHOP)
    assert (widget.layer, widget.command) == (None, "")
    widget.selected = "layer-5"
    assert widget.layer == views.SHOP.rows[5]
    assert widget.command == "docker history --no-trunc shop:1.2"
    widget.view = views.HOSTILE_STACK
    assert widget.selected == ""


def test_a_container_stays_selected_when_its_neighbour_has_gone() -> None:
    widget = LiveInstances(views.INSTANCES)
    first, second = views.INSTANCES.images[0].containers[:2]
    widget.selected = next(one.key for one in details(views.INSTANCES, language="en") if one.title == second.name)
    assert widget.container == second
    fewer = replace(views.INSTANCES.images[0], containers=views.INSTANCES.images[0].containers[1:])
    widget.view = replace(views.INSTANCES, images=(fewer, *views.INSTANCES.images[1:]))
    assert widget.container == second
    widget.view = replace(widget.view, images=())
    assert (widget.container, widget.selected, first.name) == (None, "", "web1")


def test_a_tag_and_its_image_have_one_digest() -> None:
    widget = Tags(views.REGISTRY)
    found = []
    for key in ("tag-0-0-0", "tag-0-0-1", "manifest-0-0", "repository-0"):
        widget.selected = key
        found.append(widget.digest)
    assert found == [views.SHOP.digest] * 3 + [""]


def test_a_view_can_be_drawn_as_a_graph() -> None:
    widget = Layers(views.SHOP)
    assert widget.to_dot() == widget.graphviz.source


def test_a_live_picture_asks_only_while_somebody_looks() -> None:
    asked = threading.Event()

    def look() -> Instances:
        asked.set()
        return views.INSTANCES

    widget = LiveInstances(Instances(images=()), look=look)
    assert not widget.is_watching
    widget._listen(widget, {"type": "here"}, [])
    assert asked.wait(5)
    widget._listen(widget, {"type": "gone"}, [])
    assert widget._thread is not None
    widget._thread.join(5)
    assert not widget.is_watching
    assert widget.view == views.INSTANCES


def test_a_live_picture_is_not_drawn_where_nothing_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [views.INSTANCES, replace(views.INSTANCES), Instances(images=())]
    widget = LiveInstances(views.INSTANCES, look=pictures.pop)
    drawn = list[object]()
    monkeypatch.setattr(widget, "_draw", lambda: drawn.append(widget.view))
    for _ in range(3):
        widget._is_new(pictures.pop)
    assert drawn == [Instances(images=()), views.INSTANCES]


def test_a_live_picture_outlives_an_engine_that_is_busy() -> None:
    asked = threading.Semaphore(0)

    def look() -> Instances:
        asked.release()
        raise NotFound("store.no-image", reference="x")

    widget = LiveInstances(views.INSTANCES, look=look)
    widget._listen(widget, {"type": "here"}, [])
    assert asked.acquire(timeout=5)
    assert asked.acquire(timeout=5)
    widget.close()


FILE = "%%dockerfile -t a\nFROM lab/base AS one\nFROM lab/base AS two\n"


@pytest.mark.parametrize(
    ("text", "fragment", "offered"),
    [
        ("%%dockerfile --no", "--no", {"--no-cache", "--no-cache-filter"}),
        ("%%dockerfile --ou", "--ou", {"--out", "--output"}),
        ("%%dockerfile --pr", "--pr", {"--predict", "--progress", "--provenance"}),
        ("%explain --ke", "--ke", {"--keys"}),
        ("%explain shop", "shop", {"shop:1.1", "shop:1.2"}),
        ("%%dockerfile -t sh", "sh", {"shop:1.1", "shop:1.2"}),
        ("%%dockerfile --out vari", "vari", {"variable"}),
        (FILE + "WO", "WO", {"WORKDIR"}),
        (FILE + "wo", "wo", {"workdir"}),
        (FILE + "FROM s", "s", {"scratch", "shop:1.1", "shop:1.2"}),
        (FILE + "COPY --from=o", "--from=o", {"--from=one"}),
        (FILE + "RUN ec", "ec", set()),
        ("%docker ru", "ru", {"run"}),
        ("%docker run shop:1.", "shop:1.", {"shop:1.1", "shop:1.2"}),
        ("%docker logs we", "we", {"web1"}),
        ("%layers shop", "shop", {"shop:1.1", "shop:1.2"}),
        ("%registry st", "st", {"start", "stop"}),
        ("%registry start --to", "--to", {"--tokens"}),
        ("print(", "", set()),
    ],
)
def test_completion(shell: Any, text: str, fragment: str, offered: set[str]) -> None:
    shell.shell.user_ns["variable"] = 1
    magics = next(each for each in shell.shell.configurables if type(each).__name__ == "DockerMagics")
    lines = text.split("\n")
    found = Completer(magics).complete(text, len(lines) - 1, lines[-1])
    assert (found[0], set(found[1])) == (fragment, offered)


def test_completion_reaches_ipython(shell: Any) -> None:
    with provisionalcompleter():
        found = list(shell.shell.Completer.completions("%docker logs we", 15))
    assert [(each.start, each.end, each.text) for each in found] == [(13, 15, "web1")]


def test_target_offers_stages_of_the_cell(shell: Any) -> None:
    magics = next(each for each in shell.shell.configurables if type(each).__name__ == "DockerMagics")
    text = "%%dockerfile --target \nFROM a AS one"
    assert Completer(magics).complete(text, 0, "%%dockerfile --target ") == ("", ["one"])


def test_both_languages_say_the_same() -> None:
    english, french = (locale.catalog(language, "notebook") for language in ("en", "fr"))
    assert english.keys() == french.keys()


def test_a_live_picture_that_costs_much_comes_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, waited, pictures = [100.0], list[float](), [views.INSTANCES, Instances(images=())] * 2

    def look() -> Instances:
        clock[0] += 0.06
        return pictures.pop()

    hands = SimpleNamespace(monotonic=lambda: clock[0], thread_time=lambda: clock[0])
    monkeypatch.setattr("pydock_lab.notebook.instances.time", hands)
    widget = LiveInstances(views.INSTANCES, look=look)
    widget._heard = clock[0]
    monkeypatch.setattr(widget, "_gone", Waiting(waited, rounds=4))
    widget._watch()
    # It changes each time; but 0.06 seconds of work are an eighth of a core only in half a second.
    assert waited == pytest.approx([0.44] * 4)


class Waiting:
    """An event that is set after some rounds, and writes down for how long it was waited for."""

    def __init__(self, waited: list[float], rounds: int) -> None:
        self._waited, self._rounds = waited, rounds

    def wait(self, seconds: float) -> bool:
        self._waited.append(seconds)
        return len(self._waited) >= self._rounds
