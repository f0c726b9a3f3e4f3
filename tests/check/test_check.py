"""What exercises ask: right, wrong, half right, not there at all; in both languages, and without a word on stderr."""

from pathlib import Path

import pytest

from pydock_lab import check, locale, set_lang
from pydock_lab.engine.face import Engine
from pydock_lab.registry.server import RegistryServer

DOCKERFILE = """FROM lab/busybox
RUN echo hello > /greeting && ln -s greeting /link && mkdir /srv/app
ENV MODE=test
LABEL org.course=1
EXPOSE 80
WORKDIR /srv/app
USER 1000
ENTRYPOINT ["cat"]
CMD ["/greeting"]
"""


@pytest.fixture
def app(engine: Engine) -> Engine:
    engine.build(DOCKERFILE, "app:1")
    return engine


@pytest.fixture(autouse=True)
def english() -> None:
    set_lang("en")


RIGHT = {
    "entrypoint": ["cat"],
    "cmd": ("/greeting",),
    "user": "1000",
    "workdir": "/srv/app",
    "env": {"MODE": "test"},
    "labels": {"org.course": "1"},
    "exposed": ["80"],
    "files": {"/greeting": "hello", "/link": "hello", "/srv/app": ""},
    "absent": ["/tmp/cache"],
    "layers": 9,
    "size": 50_000_000,
    "base": "lab/busybox",
}
WRONG = {
    "entrypoint": ["dog"],
    "cmd": [],
    "user": "root",
    "workdir": "/",
    "env": {"MODE": "other", "NONE": "x"},
    "labels": {"other": "1"},
    "exposed": ["443/tcp"],
    "files": {"/greeting": "bye", "/nowhere": ""},
    "absent": ["/greeting"],
    "layers": 1,
    "size": 10,
    "base": "lab/python",
}


@pytest.mark.parametrize("what", RIGHT)
def test_an_image_one_by_one(app: Engine, what: str) -> None:
    right = check.image("app:1", engine=app, **{what: RIGHT[what]})
    assert right, right
    assert right.score == 1
    if what == "base":
        app.build("FROM scratch\nCOPY --from=lab/busybox /bin/busybox /x\n", "lab/python")
    wrong = check.image("app:1", engine=app, **{what: WRONG[what]})
    assert not wrong
    assert wrong.score == 0
    assert all(finding.text and not finding.ok for finding in wrong)


def test_half_right_is_half_of_the_points(app: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    result = check.image("app:1", user="1000", cmd=["x"], files=["/greeting", "/nowhere"], engine=app)
    assert (result.score, result.points(5)) == (0.5, 2.5)
    assert repr(result).splitlines() == [
        "app:1: 2 of 4",
        "  ✗ CMD should be x; it is /greeting",
        "  ✓ USER is 1000",
        "  ✓ /greeting is in it",
        "  ✗ /nowhere should be in it",
    ]
    with pytest.raises(AssertionError) as caught:
        result.require()
    assert str(caught.value) == "app:1\n✗ CMD should be x; it is /greeting\n✗ /nowhere should be in it"
    set_lang("fr")
    assert "CMD devrait être x ; c’est /greeting" in repr(check.image("app:1", user="1000", cmd=["x"], engine=app))
    assert capsys.readouterr().err == ""


def test_sizes_are_said_as_in_pictures_unless_that_would_hide_the_difference(app: Engine) -> None:
    size = app.image("app:1").details.size
    said = [check.image("app:1", size=most, engine=app).findings[0].text for most in (size, 1000, size - 1)]
    assert said == [
        f"{locale.size(size)}, at most {locale.size(size)}",
        f"{locale.size(size)}; it should have at most 1.0 kB",
        f"{size} bytes; it should have at most {size - 1} bytes",
    ]
    set_lang("fr")
    (finding,) = check.image("app:1", size=1000, engine=app).findings
    assert finding.text == f"{locale.size(size)} ; elle devrait faire au plus 1,0 ko"


def test_what_is_not_there_gives_nothing(engine: Engine) -> None:
    result = check.image("nobody:1", user="x", layers=3, env={"A": "1", "B": "2"}, engine=engine)
    assert (result.score, len(result.findings)) == (0, 4)
    assert "nobody:1" in result.findings[0].text
    assert not check.image("nobody:1", engine=engine)
    assert not check.container("nobody", running=True, engine=engine)


def test_being_there_is_an_assertion_too(app: Engine) -> None:
    assert repr(check.image("app:1", engine=app)) == "app:1: 1 of 1\n  ✓ app:1 is there"
    assert check.image("app:1", engine=app).require().points(3) == 3


def test_a_container(app: Engine) -> None:
    app.run("app:1", name="done")
    right = check.container("done", image="app:1", running=False, exit_code=0, logs="hello", engine=app)
    assert right, right
    assert check.container("done", engine=app)
    wrong = check.container(
        "done", image="x", running=True, exit_code=3, logs="bye", published={8080: 80}, networks=["lab"], engine=app
    )
    assert (wrong.score, len(wrong.findings)) == (0, 6)
    app.run("app:1", "-c", "echo x > /tmp/x", name="writer", entrypoint="sh")
    set_lang("fr")
    said = [finding.text for finding in check.container("done", image="app:2", exit_code=1, engine=app)]
    assert [text.split(" devrait ")[0] for text in said] == ["son image", "son code de sortie"]
    assert check.container("writer", wrote=["/tmp/x"], engine=app)
    assert not check.container("writer", wrote=["/tmp/y"], engine=app)


def test_a_registry(app: Engine, tmp_path: Path) -> None:
    with RegistryServer(tmp_path / "registry") as server:
        name = f"{server.address}/lab/app"
        for tag in ("1.0", "latest"):
            app.full.tag("app:1", f"{name}:{tag}")
            app.push(f"{name}:{tag}")
        app.build("FROM lab/busybox\nRUN true > /x\n", f"{name}:1.1")
        app.push(f"{name}:1.1")
        right = check.registry(
            name,
            tags=["1.0", "1.1"],
            without=["2.0"],
            same=[("latest", "1.0")],
            differ=[("1.0", "1.1")],
            platforms=[app.image("app:1").details.config.platform.__str__()],
            engine=app,
        )
        assert right, right
        assert check.registry(name, engine=app)
        wrong = check.registry(
            name,
            tags=["3"],
            without=["1.0"],
            same=[("1.0", "1.1"), ("1.0", "none")],
            differ=[("1.0", "latest")],
            platforms=["plan9/mips"],
            engine=app,
        )
        assert (wrong.score, len(wrong.findings)) == (0, 6)
    assert check.registry(name, tags=["1.0"], engine=app).score == 0
