"""The gallery: every drawing in both themes, made anew with each build of the documentation (`docs/gallery`).

python docs/gallery_pages.py FOLDER      writes it there: index.md, two pictures of each drawing, and of the elements
"""

import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_WIDTH = 860
_INTRODUCTION = """# Gallery

Every drawing, as the tests know it, in both themes and as text. In a notebook the same pictures answer to mouse and
keyboard. What colours, dashes and prints mean is the same in all of them; [the visual language](../visual-language.md)
names every element:
"""


def write(folder: Path) -> None:
    """Write `index.md` and the drawings into a folder."""
    sys.path[:0] = [str(_ROOT), str(_ROOT / "tests")]
    import elements_sheet  # noqa: PLC0415 - beside this file
    from samples.gallery import USUAL  # noqa: PLC0415 - the tests' own samples, which are not installed

    from pydock_lab import drawing  # noqa: PLC0415 - of this tree

    folder.mkdir(parents=True, exist_ok=True)
    themes = (drawing.Theme.LIGHT, drawing.Theme.DARK)
    legends = {theme: drawing.legend(width=_WIDTH, theme=theme, language="en") for theme in themes}
    text = [_INTRODUCTION, *(_picture(folder, "legend", theme, shown) for theme, shown in legends.items())]
    for name, view in USUAL.items():
        text.append(f"## {name.replace('-', ' ').capitalize()}\n")
        for theme in themes:
            shown = drawing.to_svg(view, width=_WIDTH, theme=theme, language="en")
            text.append(_picture(folder, name, theme, shown))
        text.append(f"```text\n{drawing.to_text(view, language='en')}\n```\n")
    elements_sheet.write(folder)
    (folder / "index.md").write_text("\n".join(text), encoding="utf-8")


def _picture(folder: Path, name: str, theme: str, shown: str) -> str:
    (folder / f"{name}-{theme}.svg").write_text(shown, encoding="utf-8")
    return f"![{name}, {theme} theme]({name}-{theme}.svg)\n"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
