"""The pages of `coder commands show`: a command or skill in words, and what it sends. Must not know which it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coder.app.commanding.granting import grants_count
from coder.app.commanding.rows import CommandRow, Shelf
from coder.app.commanding.trying import Run, Trial, runs_of
from coder.app.policy import Standing
from coder.cli.commands_page import brief, call
from coder.commands.check import definition_mistakes, in_order
from coder.commands.definition import Definition, Mistake
from coder.commands.loader import body
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.core.visible import visible, visible_line
from coder.frontends.policy.text import LABEL, labelled, short, wrapped

_VERDICTS = {"allow": "allowed", "ask": "asked about first", "deny": "denied"}
_CHARS_A_TOKEN = 4
_MOST_RUNS = 20
_ORIGINS = {
    "built-in": "built into coder",
    "managed": "your administrator's",
    "yours": "your own, in every folder",
    "project": "this project's",
    "added": "of a folder that was added",
    "plugin": "of a plugin",
}


def show_lines(row: CommandRow, shelf: Shelf, found: Standing, home: Path) -> Iterator[str]:
    cwd = found.config.cwd
    yield from wrapped(call(row))
    yield from wrapped(visible_line(row.about) or "(says nothing of what it does)", "  ", "  ")
    yield ""
    yield from _fact("It is", f"{'an' if row.kind[0] in 'aeiou' else 'a'} {row.kind}, {_ORIGINS[row.origin]}")
    yield from _fact("File", short(str(row.file), cwd, home))
    if row.note:
        yield from _warning(f"not used: {brief(row.note, cwd, home)}")
    if shelf.warning and row.definition is not None:
        yield from _warning(f"not used: {shelf.warning}")
    for other in shelf.rows:
        if row.definition is not None and other.note and other.name == row.name and other.file != row.file:
            yield from _fact("Hides", short(str(other.file), cwd, home))
    if row.definition is not None:
        yield from _definition(row, row.definition, found)
    for number, mistake in enumerate(_mistakes(row)):
        text = f"line {mistake.line or 1}: {brief(mistake.text, cwd, home)}"
        yield from labelled("Mistakes" if not number else "", visible_line(text))
    if row.definition is not None:
        named = short(str(row.file), cwd, home) if row.note else row.name
        yield from ("", f"What the model would be sent: coder commands show --sent {visible_line(named)}")


def _definition(row: CommandRow, one: Definition, found: Standing) -> Iterator[str]:
    if not row.note:
        yield from _fact("Used by", _users(one))
    yield from _fact("When", one.when)
    yield from _fact("For files", ", ".join(one.paths))
    yield from _fact("Arguments", ", ".join(f"${name}" for name in one.arguments))
    yield from _fact("Model", one.model)
    yield from _fact("Effort", one.effort or "")
    if one.forks:
        yield from _fact("Context", f"its own: done by the agent {one.agent or 'general-purpose'}, which reports")
    yield from _fact("Answer", f"checked afterwards: {', '.join(one.verify)}" if one.verify else "")
    yield from _fact("Allows", ", ".join(one.grants))
    yield from _fact("Forbids", ", ".join(one.without))
    yield from _fact("Hooks", ", ".join(map(str, one.hooks)))
    if one.grants or one.hooks:
        yield from _standing(one, found)
    yield from _text(row, one, found)


def _mistakes(row: CommandRow) -> tuple[Mistake, ...]:
    """With those that only a check tells."""
    more = () if row.definition is None else definition_mistakes(row.definition)
    return in_order((*row.mistakes, *more))


def _users(one: Definition) -> str:
    by_model = one.model_may and one.origin != "built-in"
    whom = f"you, by typing /{one.name}" if one.person_may else ""
    if not by_model:
        return whom or "nobody: its head takes it from people and from the model"
    alone = "the model by itself" + (" once such a file was touched" if one.paths else "")
    return f"{whom}; {alone}" if whom else f"{alone}, not by typing it"


def _standing(one: Definition, found: Standing) -> Iterator[str]:
    """Whether what the head grants counts."""
    what = " and ".join((["what it allows"] if one.grants else []) + (["its hooks"] if one.hooks else []))
    if not grants_count(found.config, one):
        why = (
            "what a folder that was added brings never does"
            if one.origin == "added"
            else "nobody trusted this file as it is now (coder trust shows it, coder trust add trusts it)"
        )
        yield from _warning(f"{what}: does not count, for {why}. The command works, and is asked about as usual.")
    elif found.config.managed_rules_only and one.grants:
        yield from _warning("what it allows does not count: the administrator lets nobody else allow anything")
    else:
        yield from _fact("", f"{what}: counts while it is used")


def _text(row: CommandRow, one: Definition, found: Standing) -> Iterator[str]:
    try:
        text = body(one)
    except ConfigError as error:
        yield from _warning(str(error))
        return
    lines = len(text.strip().split("\n")) if text.strip() else 0
    told = f"; {_tokens(row.told)} in every session, for its name and description" if row.told else ""
    yield from _fact("Costs", f"{_tokens(text)} when it is used ({lines:,} line{'' if lines == 1 else 's'}){told}")
    runs = runs_of(one, text, found)
    for number, run in enumerate(runs[:_MOST_RUNS]):
        yield from labelled("Runs first" if not number else "", visible_line(run.command))
        yield from wrapped(f"→ {_said(run)}", " " * (LABEL + 2), " " * (LABEL + 4))
    if len(runs) > _MOST_RUNS:
        yield from labelled("", f"and {len(runs) - _MOST_RUNS} more")
    if not found.config.guidance.shell_in_commands and "!`" in text:
        yield from _fact("Runs first", "nothing: disableSkillShellExecution is set")


def _tokens(text: str) -> str:
    return f"about {max(1, len(text) // _CHARS_A_TOKEN):,} tokens"


def trial_lines(row: CommandRow, made: Trial) -> Iterator[str]:
    """The text whole, and below it what would be run and attached."""
    yield "The model would be sent:"
    yield ""
    yield from (f"  {line}".rstrip() for line in visible(made.text).split("\n"))
    yield ""
    if made.runs:
        yield "Run before, in this order (nothing was run now):"
    for run in made.runs:
        yield from wrapped(visible_line(run.command), "  ", "    ")
        yield from wrapped(f"→ {_said(run)}", "    ", "      ")
    if made.mentioned:
        yield from wrapped(f"Attached, where it is there and may be read: {visible_line(', '.join(made.mentioned))}")
    if row.note:
        yield from wrapped(f"It is not used: {visible_line(row.note)}", "! ", "  ")
    if not (made.runs or made.mentioned):
        yield "Nothing is run or attached for it."


def trial_json(row: CommandRow, made: Trial) -> Json:
    return {
        "name": row.name,
        "used": not row.note,
        "text": made.text,
        "runs": [{"command": run.command, "decision": run.verdict, "why": run.why} for run in made.runs],
        "attached": list(made.mentioned),
    }


def _said(run: Run) -> str:
    why = f": {visible_line(run.why)}" if run.why else ""
    return f"{_VERDICTS.get(run.verdict, run.verdict)}{why}"


def _fact(label: str, text: str) -> Iterator[str]:
    if text:
        yield from labelled(label, visible_line(text))


def _warning(text: str) -> Iterator[str]:
    yield from labelled("", f"! {visible_line(text)}")
