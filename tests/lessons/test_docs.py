"""What README and docs point to is there, and the lessons are in the wheel."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!http|#)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_first_screen_has_a_picture_and_the_two_commands() -> None:
    first = "".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines(keepends=True)[:12])
    assert [word for word in ("layer-stack.png", "make lab", "make test") if word not in first] == []


def test_both_tutorials_teach_the_same_commands() -> None:
    pages = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("tutorial.md", "tutoriel.md")]
    magics = [re.findall(r"^%%?\w+(?: (?:run|tag|push|logs|rm|start)\b)?", page, re.MULTILINE) for page in pages]
    assert set(magics[0]) - set(magics[1]) <= {"%docker"}
    assert set(magics[1]) <= set(magics[0])


def test_the_lessons_are_in_the_wheel() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"notebooks": "pydock_lab/lessons"}


def test_binder_starts_what_it_is_given() -> None:
    assert (ROOT / "binder" / "start").read_text().rstrip().endswith('exec "$@"')
    assert "set -e" in (ROOT / "binder" / "postBuild").read_text()
