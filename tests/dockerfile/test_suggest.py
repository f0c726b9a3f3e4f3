import pytest

from pydock_lab.dockerfile.suggest import closest

OPTIONS = ("ADD", "COPY", "FROM", "RUN")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("FRM", "FROM"), ("COPPY", "COPY"), ("copyy", "COPY"), ("BADCMD", None), ("HEALTH", None), ("RUN", None)],
)
def test_closest(word: str, meant: str | None) -> None:
    assert closest(word, OPTIONS) == meant


def test_no_options_no_suggestion() -> None:
    assert closest("a", ()) is None
