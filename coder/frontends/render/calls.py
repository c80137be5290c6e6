"""How tool calls went, as rows: one for each, its outcome named, long output folded. Pure; must not know a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from coder.core.events import PermissionDenied, ToolFinished
from coder.core.messages import Json, Text, ToolResult, ToolUse
from coder.frontends import git_calls
from coder.frontends.amounts import counted, duration
from coder.frontends.desk import Shown
from coder.frontends.evidence import Evidence
from coder.frontends.folding import fold_row, size_of
from coder.frontends.render.clean import clean_code
from coder.frontends.render.code import language_of
from coder.frontends.render.diff import change_of, folded_diff
from coder.frontends.render.subjects import Place, path_of, subject
from coder.frontends.render.theme import Theme
from coder.frontends.styled import Row, Style, cut, foreign, row
from coder.tools.patch import patch

_HEAD, _TAIL, _NEW = 3, 2, 10  # rows shown of an output, of a failed one, of a new file
_MERGED = {"Read": "file", "Grep": "pattern", "Glob": "pattern"}
_LONGEST_REASON = 300
_SENTENCE = re.compile(r"(.+?[.!?])(?=\s+[A-Z\"'`(]|\Z)", re.DOTALL)
_TAG = re.compile(r"</?tool_use_error>")
_NOT_RUN = "The pattern was not searched for: "  # how the reason begins, which the row says already
_INPUT = re.compile(r"\S+ was not run: its input has \d+ problems?\.\n- ")  # which problem, says more
_NARROW = 12


def call_rows(
    finished: ToolFinished,
    *,
    width: int,
    folder: Path,
    home: Path,
    number: int = 0,
    key: str = "ctrl+o",
    brief: bool = False,
    note: str = "",
    language: str = "",
) -> list[Row]:
    """A finished call. `key` shows all of it; without one `/show number` does. `brief`: its change was shown before it
    was allowed. `note` stands at the end of the first row ("allowed once"). `language` colours the syntax of a diff."""
    place, call, data = Place(folder, home), finished.call, finished.data or {}
    hint = f"{key} shows all" if key else f"/show {number} shows all"
    if call.name == "AskUserQuestion" and not finished.result.is_error:
        return fold_row(chosen_row(data), width)
    if call.name == "TodoWrite" and not finished.result.is_error:
        return []
    if finished.result.is_error and not (call.name == "Bash" and "stdout" in data):
        never_ran = finished.summary == "failed" and call.name in ("Grep", "Glob")
        return _failed(call, place, f"{'not run' if never_ran else 'failed'}: {_reason(finished.result, place)}", width)
    change = change_in(finished)
    facts = [*_facts(finished, change), note]
    rows = _first(finished.result.is_error, call, place, facts, width)
    if change is not None:
        return rows if brief else [*rows, *folded_diff(change, width, hint, most_new=_NEW, language=language)]
    if "stdout" in data and not data.get("backgroundTaskId"):
        rows += _output(finished, str(data["stdout"]), width, hint)
    return rows


def not_run_rows(call: ToolUse, result: ToolResult, *, width: int, folder: Path, home: Path) -> list[Row]:
    """A call that was answered without having been run, or was stopped: there is no ToolFinished of it."""
    place = Place(folder, home)
    text = _reason(result, place)
    if text.startswith("Interrupted before it finished"):
        return _failed(call, place, "stopped; what it had done until then was not undone", width)
    return _failed(call, place, f"not run: {text}", width)


def denied_rows(
    denied: PermissionDenied, *, by_you: bool, width: int, folder: Path, home: Path, who: str = ""
) -> list[Row]:
    """`by_you`: the person answered the question with no; else a rule or the mode did. `who` wanted it, "" for the
    session itself."""
    place = Place(folder, home)
    text = f"not allowed: {foreign(place.shorten(denied.message))}"
    if by_you:
        said = "" if denied.message == "the person said no" else foreign(denied.message)
        text = f"you said no: {said}" if said else "you said no"
    return _failed(denied.call, place, text, width, who)


def can_merge(finished: ToolFinished) -> bool:
    """Whether it only looked, and found what it looked for."""
    call = finished.call
    looked = call.name in _MERGED or (call.name == git_calls.TOOL and git_calls.reads(call.input))
    return looked and not finished.result.is_error


def merged_rows(finished: Sequence[ToolFinished], *, width: int, folder: Path, home: Path) -> list[Row]:
    """Calls that can merge, which ran side by side, as one row."""
    if len(finished) == 1:
        return call_rows(finished[0], width=width, folder=folder, home=home)
    files = len({path_of(each.call) for each in finished if each.call.name == "Read"})
    searches = sum(each.call.name in ("Grep", "Glob") for each in finished)
    looked = {git_calls.text(each.call.input, "action") for each in finished if each.call.name == git_calls.TOOL}
    asked = [action for action in git_calls.READING if action in looked]
    parts = [f"read {counted(files, 'file')}"] if files else []
    parts += [f"searched {counted(searches, 'pattern')}"] if searches else []
    parts += [f"asked git for {', '.join(asked)}"] if asked else []
    text = ", ".join(parts)
    seconds = max((each.seconds for each in finished), default=0.0)
    made = row(("✓ ", "ok"), text[:1].upper() + text[1:], (f" · {duration(seconds)}", "dim"))
    return fold_row(made, width)


def gathered_rows(shown: Sequence[Shown], *, width: int, folder: Path, home: Path) -> list[Row]:
    """What a command of a file had run for its text before the model was asked, as one row that names each."""
    if len(shown) == 1:
        return call_rows(shown[0].finished, width=width, folder=folder, home=home, number=shown[0].number)
    place, tail = Place(folder, home), " · ctrl+o shows all"
    names = ", ".join(subject(each.finished.call, place) for each in shown)
    lead = f"Ran {len(shown)} commands for it: "
    room = width - size_of(f"✓ {lead}{tail}")
    if room >= _NARROW:
        (names, _), *_ = cut(row(names), room)
    return fold_row(row(("✓ ", "ok"), lead, names, (tail, "dim")), width)


def chosen_row(data: Json) -> Row:
    """`✓ You chose: Which database? → SQLite · Which extras? → Tests, Docs`"""
    answers = data.get("answers")
    pairs = answers.items() if isinstance(answers, dict) else ()
    texts = [f"{foreign(str(question))} → {foreign(str(answer))}" for question, answer in pairs]
    return row(("✓ ", "ok"), f"You chose: {' · '.join(texts)}" if texts else "You gave no answer")


def change_in(finished: ToolFinished) -> Evidence | None:
    """What a call changed in a file; None when it is no edit, or nothing is known of it."""
    data = finished.data or {}
    if "structuredPatch" in data:
        return change_of(data["structuredPatch"], is_new=data.get("type") == "create")
    if "edit_mode" in data:
        old = "" if data["edit_mode"] == "insert" else str(data.get("old_source") or "")
        new = "" if data["edit_mode"] == "delete" else str(data.get("new_source") or "")
        # The last line of a cell has no end, which says nothing.
        return change_of(patch(*(f"{text}\n" if text else "" for text in (old, new))).hunks)
    return None


def syntax_of(call: ToolUse, theme: Theme) -> str:
    """The language to colour a diff by; "" where the theme has no backgrounds to tell what was added and removed."""
    return language_of(path_of(call)) if theme.background("added") else ""


def result_text(result: ToolResult) -> str:
    """What the model was told, as text."""
    return "\n".join(block.text for block in result.content if isinstance(block, Text))


def _first(
    failed: bool,
    call: ToolUse,
    place: Place,
    facts: Iterable[str],
    width: int,
) -> list[Row]:
    """The row that names the call and how it went; what it is about is cut so that the rest can be read."""
    mark: tuple[str, Style] = ("✗ ", "bad") if failed else ("✓ ", "ok")
    tail = "".join(f" · {fact}" for fact in facts if fact)
    name = foreign(call.name)
    about = subject(call, place)
    room = width - size_of(f"{mark[0]}{name} {tail}")
    if about and room >= _NARROW:
        (about, _), *_ = cut(row(about), room)
    made = row(mark, f"{name} {about}".rstrip(" "), (tail, "dim"))
    return fold_row(made, width) if room < _NARROW else [made]


def _failed(call: ToolUse, place: Place, why: str, width: int, who: str = "") -> list[Row]:
    about = subject(call, place)
    if about:
        (about, _), *_ = cut(row(about), max(width // 2, _NARROW))
    name = f"{who}: {foreign(call.name)}" if who else foreign(call.name)
    return fold_row(row(("✗ ", "bad"), f"{name} {about}".rstrip(" "), f" · {why}"), width)


def _facts(finished: ToolFinished, change: Evidence | None) -> list[str]:
    """How it went, then how long it took where that says something."""
    data, summary = finished.data or {}, foreign(finished.summary)
    if change is not None:
        return [summary if finished.summary == "already applied" else change.counts]
    if "stdout" not in data:
        return [summary]
    if data.get("backgroundTaskId"):
        return [f"runs in the background as {foreign(str(data['backgroundTaskId']))}"]
    meaning = foreign(str(data.get("returnCodeInterpretation") or "")).rstrip(".")
    said = summary if finished.result.is_error or (summary == "no output" and not meaning) else meaning
    return [said, duration(finished.seconds)]


def _output(finished: ToolFinished, text: str, width: int, hint: str) -> list[Row]:
    lines = _lines(text)
    failed = finished.result.is_error
    most = _TAIL if failed else _HEAD
    if len(lines) <= most + 1:  # a row that says "1 more line" is better used for the line
        return [cut(row("  ", line), width) for line in lines]
    if failed:
        above = row((f"  … {counted(len(lines) - most, 'line')} above · {hint}", "dim"))
        return [*fold_row(above, width), *(cut(row("  ", line), width) for line in lines[-most:])]
    found = re.match(r"([\d,]+) lines?\Z", finished.summary)
    total = max(len(lines), int(found[1].replace(",", "")) if found else 0)
    more = row((f"  … {total - most:,} more lines · {hint}", "dim"))
    return [*(cut(row("  ", line), width) for line in lines[:most]), *fold_row(more, width)]


def _lines(text: str) -> list[str]:
    """The lines of an output, without empty ones at its ends."""
    return clean_code(text).strip("\n").rstrip().split("\n") if text.strip() else []


def _reason(result: ToolResult, place: Place) -> str:
    """The first sentence of what the model was told."""
    text = _TAG.sub("", result_text(result)).strip().removeprefix(_NOT_RUN)
    if wrong := _INPUT.match(text):
        text = text[wrong.end() :]
    line = place.shorten(text.split("\n", 1)[0])
    found = _SENTENCE.match(line)
    made = foreign((found[1] if found else line)[:_LONGEST_REASON])
    return made.removesuffix(".").removesuffix(":") or "it gave no reason"
