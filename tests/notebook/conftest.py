"""A real IPython shell with the extension loaded, on an engine that only pretends."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from samples import forest, opened, sides, starts, traces, views, weights
from samples.shell import Shell
from traitlets.config import Config

from pydock_lab import locale
from pydock_lab.engine.layer_files import LayerExplorer
from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.run_options import RunOptions
from pydock_lab.engine.streams import Streams
from pydock_lab.engine.values import ContainerSummary, ImageSummary
from pydock_lab.errors import NotFound
from pydock_lab.events import (
    BuildFinished,
    BuildStarted,
    CacheHit,
    OnEvent,
    StepFinished,
    StepOutput,
    StepStarted,
    Stream,
)
from pydock_lab.notebook import extension, magics
from pydock_lab.views import Cause, CauseKind, Explanation, KeyView, Outcome, StepExplanation

KEY = KeyView(text="{}", digest="sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
EXPLAINED = Explanation(
    build="b1",
    name="shop:1.2",
    created="2026-01-01T00:00:00Z",
    steps=(
        StepExplanation(
            number=2,
            stage="stage-0",
            text="RUN make",
            line=2,
            end_line=2,
            outcome=Outcome.MISSED,
            causes=(Cause(kind=CauseKind.NO_CACHE),),
            root=2,
            after=KEY,
        ),
    ),
)


class FakeEngine:
    """Answers from the samples; `built` and `ran` are what was asked of it."""

    def __init__(self) -> None:
        self.built: list[BuildOptions] = []
        self.ran: list[RunOptions] = []
        self.raises: BaseException | None = None

    def build(self, options: BuildOptions, *, on_event: OnEvent) -> Any:
        self.built.append(options)
        on_event(BuildStarted(build="b", steps=2))
        for step, text in enumerate(("FROM lab/base", "RUN echo hi"), 1):
            label = f"[{step}/2] {text}"
            on_event(StepStarted(step=step, total=2, stage="stage-0", text=text, line=step, end_line=step, label=label))
            if step == 1:
                on_event(CacheHit(step=1, key="k"))
            else:
                on_event(StepOutput(step=2, stream=Stream.STDERR, text="hi <b>\n"))
            if self.raises:
                raise self.raises
            on_event(StepFinished(step=step, seconds=0.1, cached=step == 1))
        on_event(BuildFinished(build="b", image_id=views.SHOP.image_id, digest="", references=("a:1",), seconds=0.2))
        return FakeResult()

    def explain(self, build: str = "") -> Any:
        if build not in ("", "shop:1.2"):
            raise NotFound("engine.no-build", build=build)
        return EXPLAINED

    def run_trace(self, container: str = "") -> Any:
        if container != "web":
            raise NotFound("store.no-start", container=container)
        return starts.START

    def namespaces(self, container: str) -> Any:
        if container != "web":
            raise NotFound("engine.no-container", container=container)
        return sides.SIDES

    def what_if(self, build: str = "") -> Any:
        if build not in ("", "shop:1.2"):
            raise NotFound("engine.no-build", build=build)
        return weights.WHAT_IF

    def weigh(self, reference: str) -> Any:
        if reference != "shop:1.2":
            raise NotFound("store.no-image", reference=reference)
        return weights.WEIGHT

    def weigh_context(self, _root: Path, dockerfile_name: str = "Dockerfile") -> Any:
        assert dockerfile_name == "Dockerfile"
        return weights.CONTEXT

    def predict(self, options: BuildOptions) -> Any:
        self.built.append(options)
        return replace(EXPLAINED, predicted=True)

    def debug(self, build: str, command: tuple[str, ...], *, streams: Streams, terminal: bool) -> int:
        os.write(streams.stdout, f"{build} {' '.join(command)} {terminal}".encode())
        return 5

    def layers(self, reference: str) -> Any:
        if reference != "shop:1.2":
            raise NotFound("store.no-image", reference=reference)
        return views.SHOP

    def image_tree(self) -> Any:
        return forest.FOREST

    def layer_explorer(self, reference: str) -> LayerExplorer:
        return opened.closed(self.layers(reference))

    def trace(self, build: str = "") -> Any:
        if build not in ("", "shop:1.2"):
            raise NotFound("engine.no-build", build=build)
        return traces.TRACE

    def instances(self) -> Any:
        return views.INSTANCES

    def doctor(self) -> Any:
        return views.DOCTOR

    def tag_tree(self, _host: str) -> Any:
        return views.REGISTRY

    def explorer(self, _where: str) -> Any:
        return SimpleNamespace(view=lambda: views.REGISTRY, filter="")

    def images(self, **_options: bool) -> tuple[ImageSummary, ...]:
        return tuple(
            ImageSummary(repository="shop", tag=tag, image_id=views.SHOP.image_id, digest="", created="", size=1)
            for tag in ("1.1", "1.2", "<none>")
        )

    def containers(self, **_options: bool) -> tuple[ContainerSummary, ...]:
        summary = ContainerSummary(
            id="1" * 64, name="web1", image="shop:1.2", command="x", created=0.0, state="running", status="Up"
        )
        return (summary,)

    def run(self, options: RunOptions, *, streams: Streams | None = None, **_more: object) -> Any:
        self.ran.append(options)
        assert streams is not None
        if streams.stdin is not None:
            os.write(streams.stdout, os.read(streams.stdin, 1000))
        os.write(streams.stdout, b"out <x>\n")
        os.write(streams.stderr, b"err\n")
        return FakeContainer()


class FakeResult:
    """What a build gave."""

    stack = views.SHOP

    @property
    def image(self) -> Any:
        return self

    def layer_explorer(self) -> LayerExplorer:
        return opened.closed(self.stack)


class FakeContainer:
    """A container that ended with status 3."""

    id, name, state, exit_code, ended_with = "1" * 64, "web1", "exited", 3, 3


@pytest.fixture
def fake() -> FakeEngine:
    """The engine behind the shell."""
    return FakeEngine()


@pytest.fixture
def bare() -> Iterator[InteractiveShell]:
    """A shell without the extension."""
    InteractiveShell.clear_instance()
    quiet = Config()
    quiet.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=quiet)
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(bare: InteractiveShell, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell with the extension, on the fake engine."""
    monkeypatch.setattr(magics, "_local_engine", lambda: fake)
    locale.set_lang("en")
    extension.load(bare)
    yield Shell(bare)
    extension.unload(bare)
