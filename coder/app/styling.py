"""Which output style a session has. Must not know what a style is made of, or where it goes."""

from __future__ import annotations

from difflib import get_close_matches

from coder.app.style_files import Style, styles
from coder.core.config import Config
from coder.core.visible import visible_line

DEFAULT = Style("Default", "", "Finishes the task and says briefly what it did", keeps_coding=True)
_NAMED = 12  # names in a warning


def available(config: Config) -> tuple[Style, ...]:
    """Each style once, as it counts, in the order in which people look for them. Blocks."""
    found = {DEFAULT.name.casefold(): DEFAULT}
    for style in styles(config):
        found[style.name.casefold()] = style
    return tuple({**found, DEFAULT.name.casefold(): DEFAULT}.values())


def chosen(config: Config, warnings: list[str]) -> Style | None:
    """The style that is set; None for the default one, and with a warning where there is none of that name."""
    every = available(config)
    wanted = config.guidance.style.strip()
    found = next((style for style in every if style.name.casefold() == wanted.casefold()), None)
    if found is None:
        warnings.append(_unknown(wanted, [style.name for style in every]))
        return None
    warnings += found.mistakes
    if found is DEFAULT:
        return None
    if not found.text:
        warnings.append(
            f"{visible_line(str(found.file))} holds no text, so the output style {found.name} says nothing."
        )
        return None
    return found


def _unknown(wanted: str, names: list[str]) -> str:
    by_lower = {name.casefold(): name for name in names}
    near = get_close_matches(wanted.casefold(), by_lower, n=1)
    hint = f"Did you mean {by_lower[near[0]]}?" if near else f"There are {', '.join(names[:_NAMED])}."
    return f'outputStyle: there is no style "{visible_line(wanted)[:60]}". {hint}'
