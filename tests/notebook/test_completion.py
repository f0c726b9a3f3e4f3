"""What Tab offers in Dockerfiles and on the lines of magics, and that it arrives where it belongs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel
from samples.shell import Shell

from pydock_lab.notebook.completion import Completer
from pydock_lab.notebook.magics import DockerMagics

HEAD = (
    "%%dockerfile -t a --context shop\nARG V=1\nFROM lab/base:$V AS one\nARG WHO\nFROM lab/base AS two\nENV PORT=80\n"
)
FILES = ("Dockerfile", "app.py", "src/a.py", "src/lib/b.py", "secret.env", "two words.txt")


@pytest.fixture(autouse=True)
def here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one context, of which a file is left out."""
    del home
    for name in FILES:
        path = tmp_path / "here/shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "here/shop/.dockerignore").write_text("*.env\n")
    (tmp_path / "here/notes").mkdir()
    (tmp_path / "here/nothing").symlink_to("nowhere")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def offered(shell: Shell, text: str) -> tuple[str, list[str]]:
    found = next(one for one in shell.shell.configurables if isinstance(one, DockerMagics))
    lines = text.split("\n")
    return Completer(found).complete(text, len(lines) - 1, lines[-1])


@pytest.mark.parametrize(
    ("text", "fragment", "wanted"),
    [
        ("ST", "ST", ["STOPSIGNAL"]),
        ("he", "he", ["healthcheck"]),
        ("ONBUILD F", "F", []),
        ("ONBUILD RU", "RU", ["RUN"]),
        ("MAIN", "MAIN", []),
        ("COPY --l", "--l", ["--link"]),
        ("COPY --link --", "--", ["--chmod=", "--chown=", "--exclude=", "--from=", "--parents"]),
        ("COPY --exclude=a --ex", "--ex", ["--exclude="]),
        ("ADD --k", "--k", ["--keep-git-dir"]),
        ("HEALTHCHECK --int", "--int", ["--interval="]),
        ("HEALTHCHECK ", "", ["CMD", "NONE"]),
        ("HEALTHCHECK CMD --int", "--int", []),
        ("STOPSIGNAL SIGT", "SIGT", ["SIGTERM"]),
        ("RUN --mount=", "--mount=", ["--mount=type="]),
        ("RUN --mount=type=s", "--mount=type=s", ["--mount=type=secret", "--mount=type=ssh"]),
        ("RUN --mount=type=cache,sh", "--mount=type=cache,sh", ["--mount=type=cache,sharing="]),
        ("RUN --mount=type=cache,sharing=l", "--mount=type=cache,sharing=l", ["--mount=type=cache,sharing=locked"]),
        ("RUN --mount=type=bind,from=o", "--mount=type=bind,from=o", ["--mount=type=bind,from=one"]),
        (
            "RUN --mount=type=bind,source=s",
            "--mount=type=bind,source=s",
            ["--mount=type=bind,source=src/"],
        ),
        ("RUN --network=n", "--network=n", ["--network=none"]),
        ("RUN ls s", "s", []),
        ("FROM --pl", "--pl", ["--platform="]),
        ("FROM --platform=linux/arm", "--platform=linux/arm", ["--platform=linux/arm64"]),
        ("FROM --platform=$BUILD", "$BUILD", []),
        ("FROM o", "o", ["one"]),
        ("FROM t", "t", ["two"]),
        ("FROM shop:1.2 A", "A", ["AS"]),
        ("FROM lab/base:$", "$", ["$V"]),
        ("COPY --from=", "--from=", ["--from=one", "--from=shop:1.1", "--from=shop:1.2"]),
        ("COPY --from=one ", "", []),
        ("COPY ", "", [".dockerignore", "Dockerfile", "app.py", "src/"]),
        ("COPY src/", "src/", ["src/a.py", "src/lib/"]),
        ("COPY ./src/li", "./src/li", ["./src/lib/"]),
        ("COPY app.py \\\n  /src/", "/src/", ["/src/a.py", "/src/lib/"]),
        ("COPY ../", "../", ["../.dockerignore", "../Dockerfile", "../app.py", "../src/"]),
        ("COPY nowhere/", "nowhere/", []),
        ("ADD app.py s", "s", ["src/"]),
        ("WORKDIR $P", "$P", ["$PORT"]),
        ("RUN echo a${PO", "${PO", ["${PORT}"]),
        ("RUN echo $W", "$W", []),
        ("RUN <<EOF\nCO", "", []),
        ("# CO", "", []),
    ],
)
def test_in_a_dockerfile(shell: Shell, text: str, fragment: str, wanted: list[str]) -> None:
    assert offered(shell, HEAD + text) == (fragment, wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("%%dockerfile --context sh", ["shop"]),
        ("%%dockerfile --context=no", ["--context=notes"]),
        ("%%dockerfile --context shop/", ["shop/src"]),
        ("%%dockerfile --con", ["--context"]),
        ("%%dockerfile\nFROM a\nCOPY s", []),
        ("%%dockerfile --context nowhere\nFROM a\nCOPY s", []),
        ("%%context shop/Dockerfile\nFROM a\nCOPY s", ["src/"]),
        ("%%context --append shop/Dockerfile\nFROM a\nCOPY s", ["src/"]),
        ("%%context shop/app.py\nimpor", []),
        ("%%context s", ["shop/"]),
        ("%%context shop/s", ["shop/secret.env", "shop/src/"]),
        ("%%context shop/app.py --m", ["--mode"]),
        ("%%context shop/app.py --mode 7", ["755"]),
        ("%%context shop/app.py +", ["+x"]),
        ("%context n", ["notes"]),
        ("%context --u", ["--undo"]),
        ("%context --undo sho", ["shop/"]),
        ("%context --undo shop/a", ["shop/app.py"]),
        ("%docker build sh", ["shop"]),
        ("%docker build -t a:1 sh", ["shop"]),
        ("%docker image build sh", ["shop"]),
        ("%docker build -t sh", []),
        ("%docker build --target=sh", []),
        ("%docker load -i shop/a", ["shop/app.py"]),
        ("%docker build -f shop/Do", ["shop/Dockerfile"]),
        ("%docker build --no-cache-f", ["--no-cache-filter"]),
        ("%docker files sh", ["shop"]),
        ("%docker weigh sh", ["shop"]),
        ("%docker run sh", ["shop:1.1", "shop:1.2"]),
        ("%docker logs w", ["web1"]),
    ],
)
def test_of_contexts(shell: Shell, text: str, wanted: list[str]) -> None:
    assert offered(shell, text)[1] == wanted


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A kernel with the extension, and a store of its own."""
    env = os.environ | {"PYDOCK_HOME": str(tmp_path_factory.mktemp("store"))}
    manager, client = start_new_kernel(kernel_name="python3", env=env)
    client.execute_interactive("%load_ext pydock_lab", timeout=60, output_hook=lambda _: None)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    ("code", "start", "wanted"),
    [
        ("%%dockerfile --context shop\nFROM scratch\nCOPY sr|", 46, ["src/"]),
        ("%%dockerfile --context shop\nFROM scratch\nCOPY src/l| /x\nRUN é", 46, ["src/lib/"]),
        ("%%dockerfile\n# é 🐳\nENV PORT=1\nRUN a${PO|", 35, ["${PORT}"]),
        ("%%dockerfile\nFROM scratch\nCOPY --fr|", 31, ["--from="]),
        ("%%dockerfile\nFROM scratch\nRUN impor|", -1, []),
        ("%%context shop/s|", 10, ["shop/secret.env", "shop/src/"]),
        ("%docker build sho|", 14, ["shop"]),
    ],
)
def test_a_kernel_says_where_it_begins(kernel: Any, here: Path, code: str, start: int, wanted: list[str]) -> None:
    kernel.execute_interactive(f"%cd -q {here}", timeout=60, output_hook=lambda _: None)
    end, code = code.index("|"), code.replace("|", "")
    reply = kernel.complete(code, end, reply=True, timeout=60)["content"]
    assert reply["matches"] == wanted
    if wanted:
        assert (reply["cursor_start"], reply["cursor_end"]) == (start, end)
