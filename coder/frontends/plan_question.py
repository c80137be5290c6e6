"""The question whether to start on a plan, as a dialog. Must not know rows, nor where the plan itself is shown."""

from __future__ import annotations

from coder.core.requests import Allow, Deny, PermissionRequest, Reply
from coder.core.visible import visible_line
from coder.frontends.dialog import NO_AND_STOP, Choice, Dialog

TOOL = "ExitPlanMode"


def is_plan(request: PermissionRequest) -> bool:
    return request.call.name == TOOL


def plan_of(request: PermissionRequest) -> str:
    """The plan in Markdown, as the model wrote it; "" when it sent none."""
    plan = request.call.input.get("plan")
    return plan if isinstance(plan, str) else ""


def plan_dialog(request: PermissionRequest, saved_as: str = "") -> Dialog:
    """`saved_as` is the file that holds the plan, as a person would write it."""
    where = f"shown above, saved as {visible_line(saved_as)}" if saved_as else "shown above"
    title = f"Start on this plan? ({where})"
    if request.agent != "main":
        title = f'Agent "{visible_line(request.agent_title or request.agent)}" wants to start on this plan ({where})'
    return Dialog(
        kind="plan",
        title=title,
        subject="The plan",
        body=(),
        said="",
        where="",
        is_elsewhere=False,
        why="",
        effects=(),
        evidence=None,
        choices=(
            # A mode that is set before the call runs is kept by it, instead of the one before planning.
            Choice("1", "Yes, and accept edits", Allow(mode="acceptEdits")),
            Choice("2", "Yes, and ask before each edit", Allow(mode="default")),
            Choice("3", "No, change the plan: say how", Deny(""), takes_words=True),
            Choice("4", "No, stay in plan mode", NO_AND_STOP),
        ),
    )


def plan_echo(reply: Reply) -> str:
    """The row that the answered question leaves behind."""
    match reply:
        case Allow(mode="acceptEdits"):
            return "✓ The plan: go, and accept edits"
        case Allow():
            return "✓ The plan: go, and ask before each edit"
        case Deny(nobody=True):
            return "✗ The plan: there was nobody to ask"
        case Deny(message=words) if words:
            return f"✗ The plan: you said: {visible_line(words)}"
        case _:
            return "✗ The plan: not started, plan mode stays on"
