"""Questions in lines: leave for a call, a plan, the model's own. Must not know who waits for the answers."""

from __future__ import annotations

from coder.core.requests import Allow, Deny, PermissionRequest, Question, Reply, Request
from coder.core.visible import visible
from coder.frontends.dialog import GRACE_MS, NO_AND_STOP, Choice, Dialog, answer
from coder.frontends.dialog_lines import spoken
from coder.frontends.dialog_making import Facts, dialog_for
from coder.frontends.form import Form
from coder.frontends.form_rows import spoken as spoken_form
from coder.frontends.spoken.paragraphs import Paragraphs
from coder.frontends.spoken.terminal import Terminal

PLAN = "ExitPlanMode"
_INSTEAD = "What should coder do instead? Type it and press enter: "
_CHANGE = "What should be different? Type it and press enter: "


async def ask(terminal: Terminal, request: Request, facts: Facts) -> Reply:
    """Puts the question until it is answered. What is typed in its first moments is no answer."""
    terminal.bell()
    match request:
        case Question():
            return await _ask_form(terminal, Form(request.questions))
        case PermissionRequest() if request.call.name == PLAN:
            _say_plan(terminal, request)
            return await _ask_dialog(terminal, _plan_dialog(), _CHANGE)
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


def _say_plan(terminal: Terminal, request: PermissionRequest) -> None:
    plan = request.call.input.get("plan")
    parts = Paragraphs()
    found = [*parts.feed(plan if isinstance(plan, str) else ""), *parts.end()]
    terminal.say("plan:", *(line for lines in found for line in lines), "End of the plan.")


def _plan_dialog() -> Dialog:
    return Dialog(
        kind="other",
        title="Start on this plan?",
        subject="the plan",
        body=(),
        said="",
        where="",
        is_elsewhere=False,
        why="",
        effects=(),
        evidence=None,
        choices=(
            Choice("1", "Yes, and accept edits", Allow(mode="acceptEdits")),
            Choice("2", "Yes, and ask before each edit", Allow(mode="default")),
            Choice("3", "No, change the plan: say how", Deny(""), takes_words=True),
            Choice("4", "No, stay in plan mode", NO_AND_STOP),
        ),
    )


def answered(request: Request, reply: Reply) -> str:
    """What an answer changed beyond the call, in a line; "" when nothing."""
    match reply:
        case Allow(remember=rules) if rules:
            return f"tool: from now on allowed in this project: {visible(', '.join(rules))}"
        case Allow(mode="acceptEdits") if isinstance(request, PermissionRequest) and request.call.name != PLAN:
            return "tool: edits in this folder are accepted until you leave"
        case _:
            return ""
