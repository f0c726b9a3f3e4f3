import pytest

from pydock_lab.build.modes import ModeChange
from pydock_lab.errors import BuildError


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("755", 0o644, 0o755),
        ("07755", 0o644, 0o7755),
        ("+x", 0o644, 0o755),
        ("u=rwX,go=rX", 0o600, 0o644),
        ("u=rwX,go=rX", 0o700, 0o755),
        ("a-w", 0o666, 0o444),
        ("g=u", 0o640, 0o660),
        ("go=u-w", 0o750, 0o755),
        ("o+g", 0o651, 0o655),
        ("u+s,g+s,+t", 0o755, 0o7755),
        ("u=", 0o755, 0o055),
    ],
)
def test_a_change(text, before, after):
    assert ModeChange.parse(text).apply(before, is_folder=False) == after


def test_a_folder_may_always_be_entered_where_anybody_may():
    assert ModeChange.parse("a=rX").apply(0o600, is_folder=True) == 0o555


@pytest.mark.parametrize(
    ("text", "key"), [("8", "chmod"), ("10000", "chmod"), ("bad", "chmod-letters"), ("u=gr", "chmod-letters")]
)
def test_what_is_no_change(text, key):
    with pytest.raises(BuildError) as caught:
        ModeChange.parse(text)
    assert caught.value.key == f"build.{key}"
