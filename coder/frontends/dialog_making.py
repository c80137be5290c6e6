"""Makes the question out of a permission request. Pure but for the file reader it is given; must not know rows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.requests import Allow, Deny, Effect, Part, PermissionRequest
from coder.core.tools import ASKS_MODEL
from coder.core.visible import visible, visible_line
from coder.frontends.dialog import NO_AND_STOP, Choice, Dialog, Kind, Piece, rule_shown
from coder.frontends.evidence import EDITS, Evidence, Read, evidence_of

_SHELLS = ("Bash", "Monitor", "PowerShell")
_HEAD, _TAIL = 6_000, 4_000  # characters of a longer text that are shown, of its two ends
_BRIEF = 120
_LONGEST_TITLE = 60  # characters of what an agent was asked for
_MARKS = str.maketrans({"▶": "\\u25b6", "◀": "\\u25c0"})
_ORDER = ("deletes", "changes git", "writes", "reaches", "runs", "reads")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a question is built from beside the request. `cwd` is the folder the session began in.

    `sandbox` says what a command may do, "" without a sandbox.
    """

    cwd: Path
    home: Path
    read: Read
    sandbox: str = ""


def dialog_for(request: PermissionRequest, facts: Facts) -> Dialog:
    """The question that `request` puts. Total: a call of any shape gets one."""
    call = request.call
    kind = _kind(request)
    raw = "" if kind == "edit" else _raw(request, kind)
    body, is_cut = _body(raw, request.parts if kind == "command" else ())
    path, cwd = _path(request, facts), request.cwd or facts.cwd
    evidence = evidence_of(call, path, facts.read) if kind == "edit" else None
    description = call.input.get("description")
    return Dialog(
        kind=kind,
        title=_title(request, kind, _short(str(path), facts), evidence),
        subject=_subject(request, kind, facts, path),
        body=body,
        said=visible_line(description) if isinstance(description, str) and kind == "command" else "",
        where=_where(cwd, facts) if kind == "command" else "",
        is_elsewhere=cwd != facts.cwd,
        why=_why(request, kind),
        effects=() if request.is_foretold else tuple(_effects(request, kind, raw, facts, path)),
        told=tuple(map(_told, request.effects)) if request.is_foretold else (),
        evidence=evidence,
        choices=() if request.confirm else tuple(_choices(request, kind, is_cut=is_cut)),
        confirm=request.confirm,
        is_cut=is_cut,
    )


def _kind(request: PermissionRequest) -> Kind:
    name, given = request.call.name, request.call.input
    if request.command or (name in _SHELLS and isinstance(given.get("command"), str)):
        return "command"
    if name in EDITS:
        return "edit"
    if name == "WebFetch" and isinstance(given.get("url"), str):
        return "fetch"
    return "server" if name.startswith("mcp__") else "other"


def _raw(request: PermissionRequest, kind: Kind) -> str:
    """The text the person has to judge: as the model sent it, or the command line that a call stands for."""
    given = request.call.input
    if kind == "command" and not isinstance(given.get("command"), str):
        return request.command
    if kind in ("command", "fetch"):
        return str(given["command" if kind == "command" else "url"])
    if len(given) == 1 and isinstance(only := next(iter(given.values())), str):
        return only
    return "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False, default=str)}" for key, value in given.items())


def _body(raw: str, parts: tuple[Part, ...]) -> tuple[tuple[Piece, ...], bool]:
    """The text in pieces, the parts that need an answer apart, and whether something had to be left out."""
    if len(raw) > _HEAD + _TAIL:
        hidden = f"\n[{len(raw) - _HEAD - _TAIL:,} characters are not shown]\n"
        return (Piece(visible(raw[:_HEAD])), Piece(hidden), Piece(visible(raw[-_TAIL:]))), True
    spans = _spans(raw, parts)
    if not spans:
        return ((Piece(visible(raw)),) if raw else ()), False
    pieces: list[Piece] = []
    done = 0
    for start, end in spans:
        pieces += (Piece(_unmarked(raw[done:start])), Piece(_unmarked(raw[start:end]), asks=True))
        done = end
    pieces.append(Piece(_unmarked(raw[done:])))
    return tuple(piece for piece in pieces if piece.text), False


def _unmarked(text: str) -> str:
    """What stands in a command must not look like the marks around its parts."""
    return visible(text).translate(_MARKS)


def _spans(raw: str, parts: tuple[Part, ...]) -> list[tuple[int, int]]:
    """Where the parts that need an answer stand, in order and apart; none when that cannot be told of all of them.

    Of a command with one part the whole needs the answer, and nothing has to be pointed out.
    """
    needed = [part for part in parts if part.needed]
    if len(parts) < 2 or not all(0 <= part.start < part.end <= len(raw) for part in needed):
        return []
    spans: list[tuple[int, int]] = []
    for start, end in sorted((part.start, part.end) for part in needed):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _title(request: PermissionRequest, kind: Kind, name: str, evidence: Evidence | None) -> str:
    """Of an agent: `Agent "Check the docs" wants to run this command`."""
    if request.agent != "main":
        return f"{_who(request)} {_wish(request, kind, name, evidence)}"
    if request.confirm:
        return "This cannot be undone"
    tool = visible_line(request.call.name)
    if evidence is not None:
        shown = "shown above" if not evidence.is_cut else f"the first {len(evidence.shown)} lines shown above"
        verb = "Create" if evidence.is_new else "Make this edit to"
        return f"{verb} {name}? ({evidence.counts}, {shown})"
    if kind == "server":
        _, server, *rest = tool.split("__")
        if asks_model(request):
            return f"Let the server {server} ask the model this, at your cost?"
        return f"Use {'__'.join(rest) or 'every tool'} of the server {server}?"
    titles = {"command": "Run this command?", "fetch": "Fetch this page?"}
    return "Start on this plan?" if tool == "ExitPlanMode" else titles.get(kind, f"Use {tool}?")


def _who(request: PermissionRequest) -> str:
    title = visible_line(request.agent_title or request.agent)
    return f'Agent "{title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"}"'


def _wish(request: PermissionRequest, kind: Kind, name: str, evidence: Evidence | None) -> str:
    if request.confirm:
        return "wants to do what cannot be undone"
    tool = visible_line(request.call.name)
    if evidence is not None:
        shown = "shown above" if not evidence.is_cut else f"the first {len(evidence.shown)} lines shown above"
        verb = "create" if evidence.is_new else "make this edit to"
        return f"wants to {verb} {name} ({evidence.counts}, {shown})"
    if kind == "server":
        _, server, *rest = tool.split("__")
        return f"wants to use {'__'.join(rest) or 'every tool'} of the server {server}"
    wishes = {"command": "wants to run this command", "fetch": "wants to fetch this page"}
    return wishes.get(kind, f"wants to use {tool}")


def _subject(request: PermissionRequest, kind: Kind, facts: Facts, path: Path) -> str:
    text = request.summary
    if kind == "edit":
        text = f"{request.call.name} {_short(str(path), facts)}"
    line = visible_line(text)
    return line if len(line) <= _BRIEF else f"{line[: _BRIEF // 2]} … {line[-_BRIEF // 2 :]}"


def _where(cwd: Path, facts: Facts) -> str:
    folder = f"In {_short(str(cwd), facts, inside=False)}"
    return f"{folder} · {facts.sandbox}" if facts.sandbox else folder


def _why(request: PermissionRequest, kind: Kind) -> str:
    """`Asks because no rule allows npm test.` Nothing for an edit that is asked about because every edit is."""
    reasons = [r for r in request.reasons if kind != "edit" or r.kind != "default" or request.confirm]
    texts = tuple(dict.fromkeys(visible_line(reason.text) for reason in reasons))
    if request.confirm:
        return " ".join(map(_sentence, texts))
    return _sentence(f"Asks because {'; '.join(texts)}") if texts else ""


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _effects(request: PermissionRequest, kind: Kind, raw: str, facts: Facts, path: Path) -> Iterator[str]:
    """`deletes build, dist`: what would happen beyond what the text itself says, the gravest first."""
    for group in _ORDER:
        found: dict[str, None] = {}
        for effect in request.effects:
            said = effect.what == raw or (effect.kind == "runs" and effect.what in raw)
            if effect.kind == group and not said and not (kind == "edit" and effect.what == str(path)):
                found[_what(effect, facts)] = None
        if found:
            yield f"{group} {', '.join(found)}"


def _told(effect: Effect) -> str:
    """What a tool says of itself, as a sentence."""
    clause = effect.what if effect.kind == "changes git" else f"{effect.kind} {effect.what}"
    text = visible_line(clause)
    return _sentence(f"{text[:1].upper()}{text[1:]}")


def _what(effect: Effect, facts: Facts) -> str:
    place = "" if effect.path is None else str(effect.path)
    if place and effect.what.startswith(place):
        return _short(place, facts) + _unbroken(effect.what[len(place) :])
    return visible_line(effect.what)


def _choices(request: PermissionRequest, kind: Kind, *, is_cut: bool) -> Iterator[Choice]:
    yield Choice("1", "Yes, this once", Allow())
    if kind == "edit" and request.accept_edits:
        label = "Yes, and accept all edits in this folder until I leave"
        yield Choice("2", label, Allow(mode="acceptEdits"))
    elif kind != "edit" and request.suggestions and not is_cut:
        rules = "  and  ".join(map(rule_shown, request.suggestions))
        label = f"Yes, and allow  {rules}  in this project from now on"
        if asks_model(request):
            label = "Yes, and let this server ask the model until I leave"
        yield Choice("2", label, Allow(remember=request.suggestions))
    yield Choice("3", "No, and say what to do instead", Deny(""), takes_words=True)
    yield Choice("4", "No, stop here" if request.agent == "main" else "No, and stop this agent", NO_AND_STOP)


def asks_model(request: PermissionRequest) -> bool:
    """Whether a server wants the model asked: that is no tool, and goes by a name of its own."""
    return request.call.name.endswith(f"__{ASKS_MODEL}") and {"model", "max_tokens", "messages"} <= set(
        request.call.input
    )


def _path(request: PermissionRequest, facts: Facts) -> Path:
    """The file of an edit, the one that would be opened: a path as it was sent may mean another than it shows."""
    if request.opens:
        return request.opens[0]
    given = request.call.input
    text = given.get("file_path", given.get("notebook_path"))
    text = text if isinstance(text, str) else ""
    return Path(os.path.normpath(facts.home / text[2:] if text.startswith("~/") else facts.cwd / text))


def _short(path: str, facts: Facts, *, inside: bool = True) -> str:
    """A path as a person would write it: from the folder they are in, or from home."""
    for folder, before in ((str(facts.cwd), "") if inside else ("", ""), (str(facts.home), "~/")):
        if folder.strip("/") and path.startswith(f"{folder}/"):
            return _unbroken(before + path[len(folder) + 1 :])
    return "~" if path == str(facts.home) else _unbroken(path)


def _unbroken(text: str) -> str:
    return visible(text).replace("\n", "\\n")
