"""pip in a container, as real Dockerfiles use it: an archive of sources, built and installed, without a network."""

import ensurepip
import io
import tarfile
from pathlib import Path

import pytest

from pydock_lab.engine.face import Engine

# A project that builds itself: pip makes an environment for that, and calls these functions in a further process.
FILES = {
    "pyproject.toml": """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "hello"
version = "1.0"
""",
    "hello.py": 'def main():\n    print("hello from", __file__)\n',
    "backend.py": """import zipfile

INFO = "hello-1.0.dist-info/"
PARTS = {
    INFO + "METADATA": "Metadata-Version: 2.1\\nName: hello\\nVersion: 1.0\\n",
    INFO + "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    INFO + "entry_points.txt": "[console_scripts]\\nhello = hello:main\\n",
    INFO + "RECORD": "",
}


def build_wheel(folder, *_, **__):
    name = "hello-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.write("hello.py")
        for path, text in PARTS.items():
            wheel.writestr(path, text)
    return name
""",
}
DOCKERFILE = """FROM lab/python
COPY *.whl *.tar.gz /src/
ENV PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 /src/{pip}/pip install /src/{pip}
RUN python3 -m pip install /src/hello-1.0.tar.gz
CMD ["hello"]
"""


def _pip() -> Path:
    """The pip that comes with Python: with its own library, or where Debian keeps it."""
    folders = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
    return next(path for folder in folders for path in folder.glob("pip-*.whl"))


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / _pip().name).write_bytes(_pip().read_bytes())
    with tarfile.open(folder / "hello-1.0.tar.gz", "w:gz") as sources:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"hello-1.0/{name}")
            member.size, member.mtime = len(text), 1_000_000_000  # no ZIP is older than 1980
            sources.addfile(member, io.BytesIO(text.encode()))
    return folder


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("isolation", ["", "traced"])
def test_pip_builds_and_installs(engine: Engine, context: Path, isolation: str) -> None:
    engine.build(DOCKERFILE.format(pip=_pip().name), "it:1", context=context, isolation=isolation)
    ran = engine.run("it:1", isolation=isolation)
    assert ran.exit_code == 0, ran.logs()
    assert ran.logs().startswith("hello from /usr/local/lib/")
    gone = engine.run("it:1", "sh", "-c", "python3 -m pip uninstall -qy hello; hello", isolation=isolation)
    assert gone.exit_code == 127, gone.logs()
