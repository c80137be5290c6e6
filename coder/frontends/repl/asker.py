"""Puts the questions of the engine to the person, each with its evidence printed first. Must not know sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from coder.core.lazy import LazyModule
from coder.core.ordinary import read_ordinary
from coder.core.requests import (
    Allow,
    Answers,
    Deny,
    PermissionRequest,
    Question,
    Reply,
    Request,
    ServerAnswer,
    ServerQuestion,
)
from coder.frontends.folding import fold_rows
from coder.frontends.picker import Page
from coder.frontends.repl.printer import Printer
from coder.frontends.repl.terminal import Terminal
from coder.frontends.styled import Row, foreign, row, rows_of

if TYPE_CHECKING:
    from coder.frontends import dialog_fitting, dialog_lines, dialog_making, plan_question, server_form_rows
    from coder.frontends.dialog import Dialog
    from coder.frontends.repl import dialog_modal, evidence_rows, form_modal
else:  # nobody asks before the first paint
    dialog_fitting = LazyModule("coder.frontends.dialog_fitting")
    dialog_lines = LazyModule("coder.frontends.dialog_lines")
    dialog_making = LazyModule("coder.frontends.dialog_making")
    plan_question = LazyModule("coder.frontends.plan_question")
    server_form_rows = LazyModule("coder.frontends.server_form_rows")
    dialog_modal = LazyModule("coder.frontends.repl.dialog_modal")
    evidence_rows = LazyModule("coder.frontends.repl.evidence_rows")
    form_modal = LazyModule("coder.frontends.repl.form_modal")

_PLAN = "ExitPlanMode"
_LARGEST = 16_000_000  # bytes of a file that is compared with what it would become


class Asker:
    """The front end's `ask`. `attention` is told when a question begins and when it has been answered."""

    def __init__(
        self,
        terminal: Terminal,
        printer: Printer,
        folder: Path,
        home: Path,
        attention: Callable[[bool], None],
        save_plan: Callable[[str], Path | None],
    ) -> None:
        self._terminal = terminal
        self._printer = printer
        self._folder = folder
        self._home = home
        self._attention = attention
        self._save_plan = save_plan

    async def ask(self, request: Request) -> Reply:
        board = self._printer.board
        before, board.phase = board.phase, "asking"  # of a question of the model nothing else tells
        self._attention(True)
        try:
            match request:
                case PermissionRequest():
                    return await self._permission(request)
                case Question(questions=questions, otherwise=otherwise):
                    modal = form_modal.of_model(questions, otherwise)
                    reply = await self._terminal.ask(modal)
                    assert isinstance(reply, Answers | Deny)
                    self._printer.answered(modal.echo())
                    return reply
                case ServerQuestion():
                    asked = form_modal.of_server(request)
                    if above := server_form_rows.above_rows(request, self._terminal.width):
                        self._printer.say((), *above, ())
                    told = await self._terminal.ask(asked)
                    assert isinstance(told, ServerAnswer)
                    self._printer.say(asked.echo())
                    return told
                case _:
                    assert_never(request)
        finally:
            if board.phase == "asking":
                board.phase = before
            self._printer.asked_about = ()
            self._attention(False)

    async def _permission(self, request: PermissionRequest) -> Reply:
        if request.call.name == _PLAN and not request.confirm:
            return await self._plan(request)
        facts = dialog_making.Facts(self._folder, self._home, _text_of)
        dialog = dialog_making.dialog_for(request, facts)
        width = self._terminal.width
        self._printer.asked_about = (
            row(("? ", "warn"), (dialog.title, "bold")),
            *evidence_rows.evidence_rows(dialog, width, whole=True),
            *rows_of(dialog_lines.body_lines(dialog, width)),
        )
        self._printer.evidence(request.call, evidence_rows.evidence_rows(dialog, width))
        reply = await self._put(request, dialog)
        if isinstance(reply, Allow) and dialog_making.asks_model(request):  # no call of the run tells of it
            how = "until you leave" if reply.remember else "once"
            self._printer.say(row(("✓ ", "ok"), f"{dialog.subject} · allowed {how}"))
        return reply

    async def _put(self, request: PermissionRequest, dialog: Dialog) -> Reply:
        above, fitting = dialog_fitting.fitted(dialog, self._terminal.width, self._terminal.stage.room)
        if above:
            self._printer.say((), *rows_of(above), ())
        while True:
            reply = await self._terminal.ask(dialog_modal.DialogModal(fitting))
            if reply == "explain":
                await self._terminal.page(Page(tuple(fold_rows(_explained(request, dialog), self._terminal.width))))
            elif reply == "editor":
                if (edited := await self._edited(request)) is not None:
                    return edited
            else:
                assert isinstance(reply, Allow | Deny | Answers)
                return reply

    async def _edited(self, request: PermissionRequest) -> Reply | None:
        """The call as the person changed it in their editor; None when they left it as it was."""
        given = dict(request.call.input)
        key = next((name for name in ("content", "new_string", "new_source") if isinstance(given.get(name), str)), "")
        if not key:
            return None
        name = Path(str(given.get("file_path") or given.get("notebook_path") or "edit.txt")).name
        text = await self._terminal.editor(given[key], name)
        ends = "\n" if given[key].endswith("\n") else ""
        if text is None or text + ends == given[key]:
            return None
        self._printer.forget(request.call)
        return Allow(input={**given, key: text + ends})

    async def _plan(self, request: PermissionRequest) -> Reply:
        plan = plan_question.plan_of(request)
        self._printer.say(())
        self._terminal.markdown(plan)
        self._printer.say(())
        path = self._save_plan(plan)
        while True:
            dialog = plan_question.plan_dialog(request, self._short(path) if path else "")
            reply = await self._terminal.ask(dialog_modal.DialogModal(dialog))
            if isinstance(reply, str):
                if path is not None:
                    await self._terminal.open_editor(path)
                    changed = _text_of(path) or plan
                    if changed.strip() != plan.strip():
                        plan = changed
                        self._printer.say(())
                        self._terminal.markdown(plan)
                        self._printer.say(())
                continue
            assert isinstance(reply, Allow | Deny)
            self._printer.say(row(plan_question.plan_echo(reply)))
            if isinstance(reply, Allow) and plan.strip() != plan_question.plan_of(request).strip():
                return replace(reply, input={**request.call.input, "plan": plan})
            return reply

    def _short(self, path: Path) -> str:
        return f"~/{path.relative_to(self._home)}" if path.is_relative_to(self._home) else str(path)


def _text_of(path: Path) -> str | None:
    """None without a file. A pipe or a device has no text: to read one could take for ever."""
    try:
        return read_ordinary(path, _LARGEST).decode("utf-8", "replace")
    except OSError:
        return "" if path.exists() and not path.is_file() else None


def _explained(request: PermissionRequest, dialog: Dialog) -> list[Row]:
    """Why it asks, part by part, and what it would do."""
    rows = [row((f"Why this asks: {dialog.subject}", "bold")), ()]
    for reason in request.reasons:
        source = f"  ({foreign(reason.source)})" if reason.source not in reason.text else ""
        rows.append(row("  ", foreign(reason.text), (source, "dim")))
    known = {reason.text for reason in request.reasons}
    for part in request.parts:
        rows.append(row(("  ? " if part.needed else "  ✓ ", "warn" if part.needed else "ok"), foreign(part.text)))
        rows += [row("      ", (foreign(reason.text), "dim")) for reason in part.reasons if reason.text not in known]
    rows += [row("  ", effect) for effect in (*dialog.effects, *dialog.told)]
    if request.suggestions:
        rows += [(), row("  Rules that would allow it: ", ", ".join(map(foreign, request.suggestions)))]
    return [*rows, ()]
