"""Registries that are busy: asked again, after the time that they name, and not for ever."""

import time
from email.utils import formatdate
from typing import Any

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.registry import patience
from pydock_lab.registry.client import RegistryClient


@pytest.fixture(autouse=True)
def no_time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("pydock_lab.registry.session.time.sleep", waited.append)
    return waited


def busy(script: Any, path: str, times: int, status: int = 429, method: str = "GET", **headers: str) -> None:
    """The first answers are refusals, and then there is one."""
    left = [times]

    def answer(handler: Any) -> None:
        body = b"{}" if left[0] <= 0 else b"busy"
        handler.send_response(200 if left[0] <= 0 else status)
        left[0] -= 1
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    script.answers[method, path] = answer


@pytest.mark.parametrize("status", [429, 503, 502, 504])
def test_a_busy_registry_is_asked_again(hostile: Any, no_time: list[float], status: int) -> None:
    busy(hostile, "/v2/", 3, status)
    RegistryClient(hostile.address).ping()
    assert len(hostile.seen("/v2/")) == 4
    assert no_time == sorted(no_time)  # longer each time
    assert 1.0 < sum(no_time) < 2.0


def test_it_says_when(hostile: Any, no_time: list[float]) -> None:
    busy(hostile, "/v2/", 1, Retry_After="7")
    RegistryClient(hostile.address).ping()
    busy(hostile, "/v2/", 1, Retry_After=formatdate(time.time() + 20, usegmt=True))
    RegistryClient(hostile.address).ping()
    assert no_time[0] == 7
    assert 15 < no_time[1] < 21


@pytest.mark.parametrize("later", ["3600", "in two hours", "9" * 40])
def test_who_is_sent_away_for_long_does_not_wait(hostile: Any, no_time: list[float], later: str) -> None:
    said = formatdate(time.time() + 7200, usegmt=True) if later.startswith("in") else later
    busy(hostile, "/v2/", 9, Retry_After=said)
    with pytest.raises(RegistryError) as caught:
        RegistryClient(hostile.address).ping()
    assert (caught.value.key, no_time, len(hostile.seen("/v2/"))) == ("registry.rate-limited", [], 1)


def test_not_for_ever(hostile: Any, no_time: list[float]) -> None:
    busy(hostile, "/v2/", 99, Retry_After="nonsense")
    with pytest.raises(RegistryError):
        RegistryClient(hostile.address).ping()
    assert len(no_time) == patience.TRIES - 1


def test_what_may_have_been_done_is_not_done_twice(hostile: Any, no_time: list[float]) -> None:
    path = "/v2/lab/app/manifests/1"
    busy(hostile, path, 9, 502, "PUT")
    with pytest.raises(RegistryError):
        RegistryClient(hostile.address).put_manifest("lab/app", "1", b"{}", "a/b")
    assert (no_time, len(hostile.seen(path))) == ([], 1)
    busy(hostile, path, 1, 429, "PUT")
    with pytest.raises(RegistryError):  # 200 is no 201; but it was asked again
        RegistryClient(hostile.address).put_manifest("lab/app", "1", b"{}", "a/b")
    assert len(hostile.seen(path)) == 3
