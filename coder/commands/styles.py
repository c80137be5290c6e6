"""Output style files: their names, and whether they keep the coding instructions. Must not know who uses one."""

from __future__ import annotations

from pathlib import Path

from coder.commands.command import decoded, paragraph
from coder.commands.definition import Mistake, Origin
from coder.commands.fields import Fields
from coder.commands.places import Place
from coder.core.dataclass import dataclass
from coder.frontmatter.read import split

KEYS = frozenset({"name", "description", "keep-coding-instructions", "force-for-plugin"})


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    name: str
    file: Path
    origin: Origin
    description: str
    text: str
    keeps_coding: bool = False
    forced: bool = False  # by the plugin it comes with
    first_line: int = 1


def style_of(data: bytes, file: Path, place: Place) -> tuple[Style, tuple[Mistake, ...]]:
    text, mistakes = decoded(data, file)
    head = split(text)
    fields = Fields(head, file, mistakes)
    mistakes += [Mistake(file, problem.line, problem.text, "warning") for problem in head.problems]
    forced = fields.switch("force-for-plugin", False)
    if forced and place.plugin is None:
        fields.note("force-for-plugin", "force-for-plugin counts in styles of plugins only")
    style = Style(
        name=place.prefix + (fields.text("name") or file.stem),
        file=file,
        origin=place.origin,
        description=" ".join(fields.text("description").split()) or paragraph(head.body),
        text=head.body.strip(),
        keeps_coding=fields.switch("keep-coding-instructions", False),
        forced=forced and place.plugin is not None,
        first_line=head.first_line,
    )
    if not style.text:
        mistakes.append(Mistake(file, head.first_line, "the style says nothing: its text stands below the head"))
    fields.unknown(KEYS, "an output style")
    return style, tuple(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line))
