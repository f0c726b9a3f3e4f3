import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock_lab.drawing.metrics import ELLIPSIS, Font, clip, clip_path, width, wrap
from pydock_lab.drawing.svg import clean

FONTS = st.sampled_from(Font)
TEXTS = st.text(max_size=80)
LIMITS = st.floats(30, 400)


@given(TEXTS, LIMITS, FONTS)
def test_what_is_clipped_fits(text: str, limit: float, font: Font) -> None:
    assert width(clip(text, limit, font), font) <= limit + 0.001


@given(TEXTS, LIMITS, FONTS)
def test_a_path_keeps_its_end(text: str, limit: float, font: Font) -> None:
    shown = clip_path(text, limit, font)
    assert width(shown, font) <= limit + 0.001
    assert clean(text).endswith(shown.removeprefix(ELLIPSIS).strip())


@given(TEXTS, LIMITS, FONTS)
def test_wrapped_lines_fit(text: str, limit: float, font: Font) -> None:
    assert all(width(line, font) <= limit + 0.001 for line in wrap(text, limit, font))


@given(st.text("abcdefghi ", max_size=60), FONTS)
def test_wrapping_loses_nothing(text: str, font: Font) -> None:
    words = text.split()
    if all(width(word, font) <= 200 for word in words):
        assert " ".join(wrap(text, 200, font)).split() == words


@pytest.mark.parametrize(
    ("wider", "narrower"), [("W", "i"), ("é", "i"), ("一", "a"), ("🐳", "W"), ("ê", "l"), ("aa", "a")]
)
def test_wide_and_narrow(wider: str, narrower: str) -> None:
    assert width(wider, Font.BODY) > width(narrower, Font.BODY)


def test_an_accent_makes_no_letter_wider() -> None:
    assert width("élève", Font.BODY) == width("eleve", Font.BODY)


def test_bold_is_wider_and_mono_is_even() -> None:
    assert width("word", Font.STRONG) > width("word", Font.BODY)
    assert width("iii", Font.CODE) == width("WWW", Font.CODE)


def test_what_fits_is_left_alone() -> None:
    assert clip("short", 100, Font.BODY) == "short"
    assert clip_path("/a/b", 100, Font.CODE) == "/a/b"
