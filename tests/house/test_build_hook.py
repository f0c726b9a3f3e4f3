"""What is taken from npm when the wheel is built: only the archives that are meant, and no build fails for them."""

import base64
import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hook(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    import hatch_build  # noqa: PLC0415 - it stands beside the package, not in it

    yield hatch_build
    sys.modules.pop("hatch_build")


def archive(path, **files):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            found = tarfile.TarInfo(f"package/{name}")
            found.size = len(content)
            tar.addfile(found, io.BytesIO(content))
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def test_the_right_archive_gives_its_files_and_no_others(hook, tmp_path):
    digest = archive(tmp_path / "a.tgz", lib=b"code", other=b"not wanted")
    hook.unpack(tmp_path / "a.tgz", hook.Package("a", "1", digest, {"lib": "a.mjs"}), tmp_path / "to")
    assert {file.name: file.read_bytes() for file in (tmp_path / "to").iterdir()} == {"a.mjs": b"code"}


def test_another_archive_is_refused(hook, tmp_path):
    archive(tmp_path / "a.tgz", lib=b"evil")
    with pytest.raises(ValueError, match="has the digest"):
        hook.unpack(tmp_path / "a.tgz", hook.Package("a", "1", "AAAA", {"lib": "a.mjs"}), tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_without_npm_the_wheel_is_built_without_it(hook, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    build_data = {"artifacts": []}
    hook.XtermHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel").initialize("standard", build_data)
    assert "npm is not installed" in capsys.readouterr().err
    assert not (tmp_path / hook.TARGET).exists()


def test_what_is_there_is_not_taken_again(hook, tmp_path, monkeypatch):
    monkeypatch.setattr(hook, "fetch", lambda target: target.mkdir(parents=True))
    one = hook.XtermHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    one.initialize("standard", {"artifacts": []})
    monkeypatch.setattr(hook, "fetch", None)
    one.initialize("editable", {"artifacts": []})
