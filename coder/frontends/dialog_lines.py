"""The question as text: rows of a given width, or lines to be read aloud. Must not know a terminal, or who reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from coder.core.requests import Allow
from coder.frontends.dialog import ESCAPE, Choice, Dialog
from coder.frontends.evidence import Evidence
from coder.frontends.wrapping import wrapped

NARROWEST = 20
_NARROW = 60  # below this many cells only what the answer hangs on is shown
_WIDE, _WRAP = 120, 100
_LASTING = ("deletes", "changes git", "writes")
_KEEPS = "Rewind brings back files in this folder at most; coder keeps no other copy."
_CANNOT_TELL = "coder cannot tell what this will delete."


def lines(dialog: Dialog, width: int) -> list[str]:
    """The evidence, then the question. No row is wider than `width` (taken as 20 at least), and nothing is cut."""
    shown = evidence_lines(dialog, width)
    return [*shown, "", *question_lines(dialog, width)] if shown else question_lines(dialog, width)


def evidence_lines(dialog: Dialog, width: int, *, whole: bool = False) -> list[str]:
    """What is printed above the question, over the full width; nothing for a question that is no edit. `whole`: of a
    long change not only the first lines."""
    evidence, width = dialog.evidence, max(width, NARROWEST)
    if evidence is None:
        return []
    rows = wrapped(f"{dialog.subject} · {evidence.counts}", width, "", "  ")
    if evidence.note:
        rows += wrapped(evidence.note, width, "  ", "  ")
    for row in evidence.rows if whole else evidence.shown:
        number = "" if row.number is None else str(row.number)
        if row.mark == "gap":
            rows.append("   …")
        else:
            rows += wrapped(row.text, width, f"{number:>4} {row.mark}", " " * 8)
    if evidence.more and not whole:
        rows += wrapped(f"{evidence.more} · ctrl+o shows all", width, "  ", "  ")
    return rows


def question_lines(dialog: Dialog, width: int, *, chosen: int = 0) -> list[str]:
    """`chosen` is the choice the mark stands at."""
    width = max(width, NARROWEST)
    text_width = _text_width(width)
    rows = wrapped(dialog.title, text_width, "! " if dialog.confirm else "? ", "  ")
    for text, first, rest in (*_body(dialog), *_about(dialog, narrow=width < _NARROW)):
        rows += wrapped(text, text_width, first, rest)
    rows.append("")
    if dialog.confirm:
        text = f"Type  {dialog.confirm}  and press enter to run it, or press esc to say no."
        return [*rows, *wrapped(text, text_width, "  ", "  "), "❯ "]
    for index, choice in enumerate(dialog.choices):
        mark = "❯" if index == chosen else " "
        rows += wrapped(choice.label, text_width, f"{mark} {choice.key} ", "    ")
    return [*rows, *hint_lines(dialog, width)]


def body_lines(dialog: Dialog, width: int) -> list[str]:
    """The text itself, for a question that is too long to stand in front of the prompt."""
    return [each for text, first, rest in _body(dialog) for each in wrapped(text, max(width, NARROWEST), first, rest)]


def about_lines(dialog: Dialog, width: int) -> list[str]:
    """Where it would run, what it would do, and why it is asked about."""
    about = _about(replace(dialog, confirm=""), narrow=width < _NARROW)
    return [each for text, first, rest in about for each in wrapped(text, max(width, NARROWEST), first, rest)]


def hint_lines(dialog: Dialog, width: int) -> list[str]:
    return wrapped(_hints(dialog, narrow=width < _NARROW), _text_width(width), "  ", "  ")


def _text_width(width: int) -> int:
    return min(width, _WRAP) if width >= _WIDE else width


def spoken(dialog: Dialog) -> list[str]:
    """The question for a screen reader: a label in front, one thing a line, no marks; the last line asks for a key."""
    texts = "".join(piece.text for piece in dialog.body).split("\n") if dialog.body else []
    made = [*_spoken_evidence(dialog.evidence)] if dialog.evidence else []
    if len(texts) > 1:
        made += [f"line {number}: {text}" for number, text in enumerate(texts, 1)]
        texts = [f"{len(texts)} lines, read above"]
    asking = "; ".join(piece.text.replace("\n", " ") for piece in dialog.body if piece.asks)
    said = [dialog.title, *texts, f"What needs an answer: {asking}" if asking else ""]
    said += [text for text, _, _ in _about(dialog, narrow=True)]
    label = "warning" if dialog.confirm else "question"
    made.append(f"{label}: {' '.join(text if text[-1] in '.?)' else f'{text}.' for text in said if text)}")
    if dialog.confirm:
        return [*made, f"Type {dialog.confirm} to run it, or {ESCAPE} to say no, and press enter:"]
    made += [f"{choice.key}. {re.sub('  +', ' ', choice.label)}" for choice in dialog.choices]
    keys = [choice.key for choice in dialog.choices]
    offered = "1 to 4" if len(keys) == 4 else f"{', '.join(keys[:-1])} or {keys[-1]}"
    return [*made, f"Type {offered} and press enter:"]


def _body(dialog: Dialog) -> Iterator[tuple[str, str, str]]:
    """Each line of the text, and what stands before its rows. Several lines are numbered: what begins without a number
    goes on, and no text can look like a line of ours.
    """
    texts = _marked(dialog).split("\n") if dialog.body else []
    digits = max(3, len(str(len(texts))))
    for number, text in enumerate(texts, 1):
        first = " " * (digits + 1) if len(texts) == 1 else f"{number:>{digits}} "
        yield text, first, " " * (digits + 3)


def _marked(dialog: Dialog) -> str:
    return "".join(f"▶{piece.text}◀" if piece.asks else piece.text for piece in dialog.body)


def _about(dialog: Dialog, *, narrow: bool) -> Iterator[tuple[str, str, str]]:
    if dialog.said:
        yield f"The model says: {dialog.said}", "  ", "    "
    if dialog.where and (dialog.is_elsewhere or not (narrow or dialog.confirm)):
        yield dialog.where, "  ", "    "
    if dialog.effects:
        text = " · ".join(dialog.effects)
        yield f"{text[:1].upper()}{text[1:]}", "  ", "    "
    for sentence in dialog.told:
        yield sentence, "  ", "    "
    if dialog.why:
        yield dialog.why, "  ", "  "
    if dialog.confirm:
        if not dialog.told and not any(effect.startswith(_LASTING) for effect in dialog.effects):
            yield _CANNOT_TELL, "  ", "  "
        yield _KEEPS, "  ", "  "


def _hints(dialog: Dialog, *, narrow: bool) -> str:
    hints = ["enter chooses"]
    if not narrow and dialog.kind == "edit":
        hints.append("ctrl+e opens it in your editor first")
    elif not narrow and dialog.kind == "plan":
        hints.append("ctrl+e opens the plan in your editor")
    elif not narrow:
        hints += ["tab edits the rule"] if any(len(_saved(choice)) == 1 for choice in dialog.choices) else []
        hints.append("ctrl+e explains")
    return " · ".join((*hints, "esc is 4"))


def _saved(choice: Choice) -> tuple[str, ...]:
    return choice.reply.remember if isinstance(choice.reply, Allow) else ()


def _spoken_evidence(evidence: Evidence) -> Iterator[str]:
    words = {"+": "added", "-": "removed", " ": "same"}
    for row in evidence.shown:
        if row.mark != "gap":
            place = "line" if row.number is None else f"line {row.number}"
            yield f"{place} {words[row.mark]}: {row.text}"
    if evidence.note:
        yield evidence.note
    if evidence.more:
        yield evidence.more.removeprefix("… ").capitalize() + "."
