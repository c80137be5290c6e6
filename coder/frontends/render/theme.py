"""What the styles of a row look like: eight colour names, bold and dim. Pure; must not know what the rows say.

The eight names leave the colours to the terminal; only the lines of a diff get a background, where it can show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Literal, TypeAlias, get_args

from coder.core.dataclass import dataclass
from coder.frontends.styled import Row, harmless

ThemeName: TypeAlias = Literal["auto", "light", "dark", "colour-blind", "none"]
Depth: TypeAlias = Literal["none", "names", "true"]
Ground: TypeAlias = Literal["dark", "light", ""]

_ALIASES = {"ansi": "auto", "daltonised": "colour-blind", "daltonized": "colour-blind", "color-blind": "colour-blind"}
_ABOUT = {
    "auto": "the colours of the terminal",
    "light": "for a light background",
    "dark": "for a dark background",
    "colour-blind": "blue and orange instead of green and red",
    "none": "no colours",
}
_STYLES = {
    "dim": "2",
    "bold": "1",
    "ok": "32",
    "bad": "31",
    "warn": "33",
    "chosen": "36",
    "added": "32",
    "removed": "31",
    "you": "1",
    "code": "36",
}
_COLOUR_BLIND = {"ok": "34", "bad": "33", "added": "34", "removed": "33"}
# Blue is hard to read on black and yellow on white, so a ground that is not known gets neither.
_SYNTAX = {
    "keyword": {"dark": "36", "light": "34", "": "35"},
    "name": {"dark": "34;1", "light": "35", "": "1"},
    "string": {"dark": "33", "light": "32", "": "32"},
    "number": {"dark": "35", "light": "36", "": "36"},
    "comment": {"dark": "2", "light": "2", "": "2"},
}
_BACKGROUNDS = {
    ("dark", "added"): "48;2;16;48;24",
    ("dark", "removed"): "48;2;64;20;24",
    ("light", "added"): "48;2;218;251;225",
    ("light", "removed"): "48;2;255;235;233",
}
_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def themes() -> dict[str, str]:
    """The names of the themes, each with what it is."""
    return dict(_ABOUT)


@dataclass(frozen=True, slots=True)
class Theme:
    """`ground` is the background, where it is known."""

    name: ThemeName = "auto"
    depth: Depth = "names"
    ground: Ground = ""

    @property
    def has_colour(self) -> bool:
        return self.depth != "none" and self.name != "none"

    def sgr(self, style: str) -> str:
        """The numbers of a style (`31`, `34;1`); "" for plain text and without colours."""
        if not self.has_colour:
            return ""
        if style in _SYNTAX:
            return _SYNTAX[style][self.ground]
        colour = _STYLES.get(style, "")
        if self.name == "colour-blind":
            return _COLOUR_BLIND.get(style, colour)
        return colour

    def background(self, style: str) -> str:
        """The numbers of a background, for the lines of a diff in a terminal with true colour."""
        if not self.has_colour or self.depth != "true" or self.name == "colour-blind":
            return ""
        return _BACKGROUNDS.get((self.ground, style), "")

    def paint(self, row: Row) -> str:
        """The row as the terminal takes it: SGR codes, closed at its end. In a diff the line has a background."""
        ground = next((self.background(style) for _, style in row if style in ("added", "removed")), "")
        if not ground:
            return self.painted((text, self.sgr(style)) for text, style in row)
        started = False
        pieces = []
        for text, style in row:
            started = started or style in ("added", "removed")
            plain = "" if style in ("added", "removed") else self.sgr(style)
            pieces.append((text, ";".join(filter(None, (plain, ground))) if started else self.sgr(style)))
        return self.painted(pieces)

    def painted(self, pieces: Iterable[tuple[str, str]]) -> str:
        """Texts, each with the SGR numbers it is to have."""
        made = []
        for sgr, run in groupby(pieces, itemgetter(1)):
            text = harmless("".join(text for text, _ in run))
            made.append(f"\x1b[{sgr}m{text}\x1b[0m" if sgr and text else text)
        return "".join(made)


def theme_of(name: str, env: Mapping[str, str], *, colour: bool = True) -> Theme:
    """The theme of a setting in a terminal; a name that is none counts as "auto". `colour`: not `--color never`."""
    known = _ALIASES.get(name, name)
    chosen: ThemeName = known if known in get_args(ThemeName) else "auto"  # type: ignore[assignment]  # just checked
    if not colour or "NO_COLOR" in env or env.get("TERM") == "dumb" or chosen == "none":
        return Theme(chosen, "none")
    depth: Depth = "true" if env.get("COLORTERM", "").lower() in ("truecolor", "24bit") else "names"
    ground: Ground = "dark" if chosen == "dark" else "light" if chosen == "light" else _ground(env)
    return Theme(chosen, depth, ground)


def _ground(env: Mapping[str, str]) -> Ground:
    """What the terminal says about its background: COLORFGBG is `foreground;background`."""
    last = env.get("COLORFGBG", "").rpartition(";")[2]
    if not (last.isascii() and last.isdigit()):
        return ""
    return "light" if int(last) in (7, 15) else "dark"


def style_for_prompt_toolkit(theme: Theme) -> dict[str, str]:
    """Each style as prompt-toolkit writes it ("fg:ansigreen", "dim bold"); all empty without colours."""
    return {style: " ".join(map(_word, filter(None, theme.sgr(style).split(";")))) for style in (*_STYLES, *_SYNTAX)}


def _word(number: str) -> str:
    if number in ("1", "2"):
        return {"1": "bold", "2": "dim"}[number]
    colour = _COLOURS[int(number) - 30]
    return f"fg:ansi{'gray' if colour == 'white' else colour}"
