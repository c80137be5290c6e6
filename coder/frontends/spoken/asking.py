"""Questions in lines: leave for a call, a plan, the model's own. Must not know who waits for the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.core.requests import Allow, PermissionRequest, Question, Reply, Request, ServerQuestion
from coder.core.visible import visible
from coder.frontends.dialog import GRACE_MS, Dialog, answer
from coder.frontends.dialog_lines import spoken
from coder.frontends.dialog_making import Facts, asks_model, dialog_for
from coder.frontends.form import Form
from coder.frontends.form_rows import spoken as spoken_form
from coder.frontends.plan_question import is_plan, plan_dialog, plan_of
from coder.frontends.spoken.paragraphs import Paragraphs
from coder.frontends.spoken.terminal import Terminal

if TYPE_CHECKING:
    from coder.frontends import server_form, server_form_rows
else:  # few servers ask
    server_form = LazyModule("coder.frontends.server_form")
    server_form_rows = LazyModule("coder.frontends.server_form_rows")

_INSTEAD = "What should coder do instead? Type it and press enter: "
_CHANGE = "What should be different? Type it and press enter: "


async def ask(terminal: Terminal, request: Request, facts: Facts, keep: Callable[[str], str]) -> Reply:
    """Puts the question until it is answered. What is typed in its first moments is no answer. `keep` saves a plan and
    says where, "" when it could not."""
    terminal.bell()
    match request:
        case Question():
            return await _ask_form(terminal, Form(request.questions, request.otherwise))
        case ServerQuestion():
            return await _ask_server(terminal, request)
        case PermissionRequest() if is_plan(request) and not request.confirm:
            return await _ask_plan(terminal, request, keep)
        case PermissionRequest():
            return await _ask_dialog(terminal, dialog_for(request, facts), _INSTEAD)


async def _ask_dialog(terminal: Terminal, dialog: Dialog, instead: str) -> Reply:
    *said, prompt = spoken(dialog)
    terminal.say(*said)
    grace = dialog.grace_ms / 1000
    while True:
        typed = await terminal.line(f"{prompt} ", grace=grace)
        grace = 0.0
        if typed is None:
            return dialog.otherwise
        words = ""
        if any(choice.key == typed.strip() and choice.takes_words for choice in dialog.choices):
            given = await terminal.line(instead)
            if given is None:
                return dialog.otherwise
            words = given
        if (reply := answer(dialog, typed, words)) is not None:
            return reply


async def _ask_form(terminal: Terminal, form: Form) -> Reply:
    grace = GRACE_MS / 1000
    while not form.is_over:
        *said, prompt = spoken_form(form)
        terminal.say(*said)
        while True:
            typed = await terminal.line(f"{prompt} ", grace=grace)
            grace = 0.0
            if form.take("esc" if typed is None else typed):
                break
    return form.reply()


async def _ask_server(terminal: Terminal, request: ServerQuestion) -> Reply:
    form = server_form.ServerForm(request)
    grace = GRACE_MS / 1000
    while not form.is_over:
        *said, prompt = server_form_rows.spoken(form)
        terminal.say(*said)
        typed = await terminal.line(f"{prompt} ", grace=grace)
        grace = 0.0
        form.take("esc" if typed is None else typed)
    return form.reply()


async def _ask_plan(terminal: Terminal, request: PermissionRequest, keep: Callable[[str], str]) -> Reply:
    plan = plan_of(request)
    parts = Paragraphs()
    found = [*parts.feed(plan), *parts.end()]
    terminal.say("plan:", *(line for lines in found for line in lines), "End of the plan.")
    return await _ask_dialog(terminal, plan_dialog(request, keep(plan)), _CHANGE)


def answered(request: Request, reply: Reply) -> str:
    """What an answer changed beyond the call, in a line; "" when nothing."""
    match reply:
        case Allow(remember=rules) if rules and isinstance(request, PermissionRequest) and asks_model(request):
            return "tool: this server may ask the model until you leave"
        case Allow(remember=rules) if rules:
            return f"tool: from now on allowed in this project: {visible(', '.join(rules))}"
        case Allow(mode="acceptEdits") if isinstance(request, PermissionRequest) and not is_plan(request):
            return "tool: edits in this folder are accepted until you leave"
        case _:
            return ""
