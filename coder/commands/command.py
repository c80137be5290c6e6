"""Makes the definition of a command or skill from its file's text. Must not know where files lie, or which counts."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from coder.commands.definition import Definition, Mistake
from coder.commands.fields import Fields
from coder.commands.places import Place
from coder.core.choices import Effort
from coder.frontmatter.read import split
from coder.permissions.names import names

KEYS = names(
    "name description when_to_use argument-hint arguments disable-model-invocation user-invocable "
    "allowed-tools disallowed-tools model effort context agent background hooks paths shell metadata license "
    "compatibility verify"
)
_MEANT = {
    "tools": "allowed-tools",
    "hide-from-slash-command-tool": "disable-model-invocation",
    "tool_access": "allowed-tools",
    "when": "when_to_use",
}
_OF_SKILLS = {**_MEANT, "globs": "paths"}
_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")
_NAME = re.compile(r"[^\W_][\w.+-]*\Z|_[\w.+-]+\Z")
_ARGUMENT = re.compile(r"\$?([A-Za-z_]\w*)\Z")
_PARAGRAPH = 1536


def definition_of(data: bytes, file: Path, name: str, place: Place, *, skill: bool) -> Definition:
    """Never raises: what is wrong in the file is in its mistakes, and the rest counts."""
    text, mistakes = decoded(data, file)
    head = split(text)
    fields = Fields(head, file, mistakes)
    # `[one] [two]` is no YAML, but everybody writes a hint so.
    hinted = head.lines.get("argument-hint")
    mistakes += [Mistake(file, line, text, "warning") for line, text in head.problems if line != hinted]
    grants, hooks = fields.rules("allowed-tools"), fields.object("hooks")
    forks = fields.choice("context", ("fork", "inline")) == "fork"
    paths = fields.listed("paths")
    if paths and not skill:
        fields.note("paths", "paths counts in skills only: make it a folder with a SKILL.md")
    background, said = fields.switch("background", False), head.meta.get("background")
    definition = Definition(
        name=name,
        file=file,
        origin=place.origin,
        kind="skill" if skill else "command",
        description=_one_line(fields.text("description")) or paragraph(head.body),
        when=_one_line(fields.text("when_to_use")),
        hint=fields.text("argument-hint"),
        label=fields.text("name"),
        arguments=_names(fields),
        grants=grants,
        without=fields.rules("disallowed-tools"),
        model=fields.text("model"),
        effort=fields.choice("effort", _EFFORTS),
        forks=forks,
        agent=fields.text("agent"),
        model_may=not fields.switch("disable-model-invocation", False),
        person_may=fields.switch("user-invocable", True),
        paths=paths if skill else (),
        hooks=hooks,
        verify=fields.listed("verify"),
        folder=file.parent if skill else None,
        first_line=head.first_line,
        background=None if said is None else background,
        shell=fields.choice("shell", ("bash", "powershell")) or "",
        plugin=place.plugin,
        data=place.data,
        options=place.options,
        digest=hashlib.sha256(data).hexdigest() if grants or hooks else "",
    )
    if skill:
        fields.unknown(KEYS, "a skill", _OF_SKILLS)
    else:
        fields.unknown(KEYS, "a command", _MEANT)
    if not mistakes:
        return definition
    return replace(definition, mistakes=tuple(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line)))


def decoded(data: bytes, file: Path) -> tuple[str, list[Mistake]]:
    try:
        return data.decode(), []
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        why = "these bytes are no UTF-8 text, which the model reads as �: save the file as UTF-8"
        return data.decode(errors="replace"), [Mistake(file, line, why)]


def name_problem(name: str) -> str:
    """Why nobody could type it behind a slash; empty when they can."""
    if _NAME.match(name) and len(name) <= 64:
        return ""
    if len(name) > 64:
        return f"its name is {len(name)} characters long: 64 at most"
    if any(sign.isspace() for sign in name):
        return "its name holds a blank, so that nobody can type it: use - instead"
    return "its name may hold letters, digits, -, _ and . only"


def paragraph(body: str) -> str:
    """What the text begins with, where no description says more: its first paragraph, else its heading."""
    heading = ""
    for block in _without_comments(body[: 4 * _PARAGRAPH]).split("\n\n"):
        lines = [line.strip() for line in block.strip().split("\n")]
        if lines[0].startswith("#"):
            heading = heading or lines[0].lstrip("# ")
            lines = lines[1:]
        text = _one_line(" ".join(lines))
        if text and not text.startswith(("```", "---", "***")):
            return text[:_PARAGRAPH]
    return heading[:_PARAGRAPH]


def _names(fields: Fields) -> tuple[str, ...]:
    """Argument names, with or without the dollar they are used with."""
    names: list[str] = []
    for word in fields.rules("arguments"):
        found = _ARGUMENT.match(word)
        if found is None:
            fields.note("arguments", f"arguments are names such as `file`, not {word[:40]!r}", "error")
        else:
            names.append(found[1])
    return tuple(names)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _without_comments(text: str) -> str:
    kept: list[str] = []
    place = 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept.append(text[place:start])
        place = end + 3
    return "".join((*kept, text[place:]))
