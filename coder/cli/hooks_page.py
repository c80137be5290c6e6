"""The pages of `coder hooks`, as text and as JSON. Pure; must not know how a hook was run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from coder.app.hooking.rows import HookRow
from coder.app.hooking.trying import Tried, problem_of
from coder.core.messages import Json
from coder.frontends.policy.text import WHOSE, short, visible, wrapped
from coder.hooks.outcome import Part
from coder.hooks.points import Point

_HEAD = 10  # lines of an output that are shown
_WIDEST = 400


def list_lines(rows: Sequence[HookRow], warnings: Sequence[str], cwd: Path, home: Path) -> Iterator[str]:
    yield from wrapped(f"Hooks in {visible(short(str(cwd), Path('/'), home))}")
    if not rows:
        yield "  no hooks"
    point = ""
    for row in rows:
        if row.handler.point != point:
            point = row.handler.point
            yield from ("", point)
        yield from _row(row, cwd, home)
    if warnings:
        yield ""
    yield from (line for warning in warnings for line in wrapped(visible(warning), "! ", "  "))


def rows_json(rows: Sequence[HookRow]) -> list[Json]:
    return [
        {
            "event": row.handler.point,
            "matcher": row.handler.matcher,
            "type": row.handler.kind,
            "command": row.handler.shown,
            "if": row.handler.rule,
            "timeout": row.handler.timeout,
            "file": row.handler.origin,
            "place": row.handler.place,
            "scope": row.scope,
            "used": row.counts,
            "note": row.note,
        }
        for row in rows
    ]


def test_lines(
    point: Point,
    about: str,
    done: Tried,
    rows: Sequence[HookRow],
    warnings: Sequence[str],
    cwd: Path,
    home: Path,
    *,
    is_example: bool,
) -> Iterator[str]:
    if is_example:
        yield from ("Input (an example; give yours with --input):", visible(json.dumps(done.input)), "")
    what = f"{point.name} for {about}" if about else point.name
    if not done.parts:
        yield from wrapped(f"No hook runs at {visible(what)}.")
    for number, (part, does) in enumerate(zip(done.parts, done.does, strict=True)):
        if number:
            yield ""
        yield from _part(part, does, cwd, home)
    ran = {id(part.handler) for part in done.parts} | {part.handler.place for part in done.parts}
    off = [row for row in rows if row.note]
    others = [row for row in rows if not row.note and row.handler.place not in ran]
    if off or others:
        yield from ("", "Not run:")
    for row in (*off, *others):
        yield from _row(row, cwd, home, "" if row.note else "not for this input: its matcher or its `if` does not fit")
    yield from (line for warning in warnings for line in wrapped(visible(warning), "! ", "  "))


def tried_json(point: Point, done: Tried, rows: Sequence[HookRow], warnings: Sequence[str]) -> Json:
    return {
        "event": point.name,
        "input": done.input,
        "hooks": [
            {
                "command": part.handler.shown,
                "file": part.handler.origin,
                "place": part.handler.place,
                "exit_code": part.ended.code,
                "seconds": round(part.ended.seconds, 3),
                "stdout": part.ended.stdout,
                "stderr": part.ended.stderr,
                "does": list(does),
                "problem": problem_of(part),
            }
            for part, does in zip(done.parts, done.does, strict=True)
        ],
        "not_used": rows_json([row for row in rows if row.note]),
        "warnings": list(warnings),
    }


def _row(row: HookRow, cwd: Path, home: Path, note: str = "") -> Iterator[str]:
    handler = row.handler
    matcher = f"{visible(handler.matcher)}: " if handler.matcher else ""
    yield from wrapped(f"{matcher}{_cut(visible(handler.shown))}", "  ", "    ")
    where = f"{short(visible(handler.origin), cwd, home)}, {visible(handler.place)}"
    bounds = f", if {visible(handler.rule)}" if handler.rule else ""
    yield from wrapped(f"{WHOSE[row.scope]}, {where}{bounds}", "    ", "    ")
    if said := row.note or note:
        yield from wrapped(said, "    ! ", "      ")


def _part(part: Part, does: Sequence[str], cwd: Path, home: Path) -> Iterator[str]:
    handler, ended = part.handler, part.ended
    yield from wrapped(_cut(visible(handler.shown)), "$ ", "  ")
    where = f"{short(visible(handler.origin), cwd, home)}, {visible(handler.place)}"
    code = "no exit code" if ended.code is None else f"{_code_word(part)} {ended.code}"
    yield from wrapped(f"{code} after {ended.seconds:.2f}s ({where})", "  ", "  ")
    for name, text in (("stdout", ended.stdout), ("stderr", ended.stderr)):
        yield from _head(name, text)
    if problem := problem_of(part):
        yield from wrapped(f"It failed: {visible(problem)}", "  ! ", "    ")
        yield from wrapped("coder would say so and go on as if there were no such hook.", "  → ", "    ")
    for line in does:
        yield from wrapped(visible(line), "  → ", "    ")
    if not problem and not does:
        yield "  → nothing: it goes on"


def _code_word(part: Part) -> str:
    return "HTTP status" if part.handler.kind == "http" else "exit code"


def _head(name: str, text: str) -> Iterator[str]:
    lines = text.strip("\n").split("\n") if text.strip() else []
    for number, line in enumerate(lines[:_HEAD]):
        yield f"  {name if not number else '':<8}{_cut(visible(line))}"
    if len(lines) > _HEAD:
        yield f"  {'':<8}… {len(lines) - _HEAD} more lines"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
