"""The colours of all drawings: each means one thing, in a light and in a dark theme.

    base      grey         the layers of FROM                 cached    green    taken from the cache
    built     blue         made just now                      writable  orange   a container may write here
    deleted   vermilion    hidden, or private                 moving    purple   a name that may point elsewhere

A meaning has three colours: `line` for outlines, `fill` for areas, `text` for words on these areas. The hues are
those of Okabe and Ito, which people with any kind of colour blindness tell apart; and never is a colour alone: a
word, a shape or a dash says the same.

Pictures name colours by class (`ink`, `cached-fill`). The stylesheet fills them in: as custom properties that follow
the reader's theme, or as plain values for programs that know no custom properties.

Source: M. Okabe, K. Ito, "Color Universal Design" (2008); WCAG 2.2, 1.4.3 (contrast of text, at least 4.5 to 1).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Theme(StrEnum):
    """Where the colours of a picture come from."""

    AUTO = "auto"  # the reader's system: prefers-color-scheme
    LIGHT = "light"  # plain values, for slides and printing
    DARK = "dark"
    HOST = "host"  # the page that the picture is put into: the notebook's widget


class Meaning(StrEnum):
    """What a colour says."""

    BASE = "base"
    CACHED = "cached"
    BUILT = "built"
    WRITABLE = "writable"
    DELETED = "deleted"
    MOVING = "moving"
    PLAIN = "plain"


LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#ffffff", "panel": "#f6f8fa", "ink": "#1b1f24", "muted": "#57606a", "rule": "#d0d7de",
        "track": "#dfe3e8", "focus": "#0b57d0",
        "plain-line": "#8c959f", "plain-fill": "#f6f8fa", "plain-text": "#424a53",
        "base-line": "#7d8590", "base-fill": "#eef0f3", "base-text": "#4f5761",
        "cached-line": "#009e73", "cached-fill": "#e3f5ef", "cached-text": "#006b4f",
        "built-line": "#0072b2", "built-fill": "#e2f0f9", "built-text": "#005b8f",
        "writable-line": "#d08700", "writable-fill": "#fdf2d9", "writable-text": "#7a4d00",
        "deleted-line": "#d55e00", "deleted-fill": "#fdebe0", "deleted-text": "#a03f00",
        "moving-line": "#7b4fa3", "moving-fill": "#f3ecfa", "moving-text": "#67408c",
        "print-0": "#0072b2", "print-1": "#e69f00", "print-2": "#009e73", "print-3": "#cc79a7",
        "print-4": "#56b4e9", "print-5": "#d55e00", "print-6": "#b5a400", "print-7": "#6e7781",
    }
)  # fmt: skip
DARK: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#0d1117", "panel": "#161b22", "ink": "#e9eef4", "muted": "#a5aeb8", "rule": "#3a424c",
        "track": "#30363d", "focus": "#8ab4f8",
        "plain-line": "#7d8590", "plain-fill": "#1c2128", "plain-text": "#c3ccd6",
        "base-line": "#8b949e", "base-fill": "#24292f", "base-text": "#c3ccd6",
        "cached-line": "#34c79c", "cached-fill": "#0f2c24", "cached-text": "#5fdcb5",
        "built-line": "#4aa8e8", "built-fill": "#0f2638", "built-text": "#83c5f2",
        "writable-line": "#f0b429", "writable-fill": "#352a0d", "writable-text": "#f6cc66",
        "deleted-line": "#f08a4b", "deleted-fill": "#3a1f10", "deleted-text": "#ffa975",
        "moving-line": "#b48be0", "moving-fill": "#291d39", "moving-text": "#cdb0ee",
        "print-0": "#3d9be0", "print-1": "#f0b429", "print-2": "#2cc397", "print-3": "#e59cc4",
        "print-4": "#8fd0f7", "print-5": "#f08a4b", "print-6": "#f0e442", "print-7": "#9aa4af",
    }
)  # fmt: skip

_SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_FONTS = f"""\
.pd text{{font-family:{_SANS};font-size:13px}}
.pd .title{{font-size:18px;font-weight:700}}.pd .strong{{font-weight:700}}
.pd .small,.pd .small-strong{{font-size:11.5px}}.pd .small-strong{{font-weight:700}}
.pd .code,.pd .code-small{{font-family:{_MONO};font-size:12.5px}}.pd .code-small{{font-size:11px}}
.pd .middle{{text-anchor:middle}}.pd .end{{text-anchor:end}}
.pd .dashed{{stroke-dasharray:4 3}}.pd .trace{{fill:none}}.pd .outline{{stroke-width:1.5}}
.pd .now .outline{{stroke-width:3}}.pd .later{{opacity:.4}}
"""
_AS_PROPERTY: Mapping[str, str] = MappingProxyType({name: f"var(--pd-{name})" for name in LIGHT})
_INKS = ("ink", "muted")
_SURFACES = ("paper", "panel", "track")


def stylesheet(theme: Theme) -> str:
    """The CSS of a picture that stands alone; for `HOST` there is none, the page brings `host_stylesheet`."""
    if theme is Theme.HOST:
        return ""
    if theme is Theme.AUTO:
        # An <img> asks the reader's system; a page cannot tell it more.
        dark = f"@media (prefers-color-scheme:dark){{{_properties('.pd', DARK)}}}"
        return _FONTS + _properties(".pd", LIGHT) + dark + _rules(_AS_PROPERTY)
    colours = DARK if theme is Theme.DARK else LIGHT
    return _FONTS + _rules(colours)


def host_stylesheet() -> str:
    """The CSS for pictures inside a notebook page: the colours follow JupyterLab's theme as it is switched."""
    dark = "body[data-jp-theme-light='false'] .pd-host,body.vscode-dark .pd-host"
    return _FONTS + _properties(".pd-host", LIGHT) + _properties(dark, DARK) + _rules(_AS_PROPERTY)


def _properties(selector: str, colours: Mapping[str, str]) -> str:
    return f"{selector}{{{';'.join(f'--pd-{name}:{colour}' for name, colour in colours.items())}}}\n"


def _rules(colours: Mapping[str, str]) -> str:
    """One class for each use of a colour: `cached-line` is a stroke, all others are fills."""
    rules = [f".pd .{name}{{fill:{colours[name]}}}" for name in _INKS]
    rules += [f".pd .{name}-area{{fill:{colours[name]}}}" for name in _SURFACES]
    rules += [f".pd .rule{{stroke:{colours['rule']}}}.pd .muted-line{{stroke:{colours['muted']}}}"]
    for meaning in Meaning:
        rules.append(f".pd .{meaning}-line{{stroke:{colours[f'{meaning}-line']}}}")
        rules.append(f".pd .{meaning}-bar{{fill:{colours[f'{meaning}-line']}}}")
        rules.extend(f".pd .{meaning}-{use}{{fill:{colours[f'{meaning}-{use}']}}}" for use in ("fill", "text"))
    rules += [f".pd .print-{cell}{{fill:{colours[f'print-{cell}']}}}" for cell in range(8)]
    return "".join(rules)
