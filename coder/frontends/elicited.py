"""The question before a call as a form that another program shows its person: the words of the dialog. Must not know
how it gets there.
"""

from __future__ import annotations

from coder.app.reach.serving import Form
from coder.core.requests import Allow, Deny, PermissionRequest
from coder.frontends.dialog import Dialog, rule_shown
from coder.frontends.dialog_lines import about_lines, body_lines, evidence_lines
from coder.frontends.dialog_making import Facts, dialog_for

_WIDTH = 100
_MOST = 12_000  # characters of a question


def form_for(request: PermissionRequest, client: str, facts: Facts) -> Form:
    """What `request` asks, in the name of the program that made the call."""
    dialog = dialog_for(request, facts)
    evidence = evidence_lines(dialog, _WIDTH, whole=True)
    shown = [*evidence, dialog.title, *body_lines(dialog, _WIDTH), *about_lines(dialog, _WIDTH)]
    text = "\n".join([f"{client}, over MCP:", *shown])
    is_cut = dialog.is_cut or len(text) > _MOST
    if len(text) > _MOST:
        text = f"{text[: _MOST // 2]}\n[{len(text) - _MOST:,} characters are not shown]\n{text[-_MOST // 2 :]}"
    if dialog.confirm:
        return Form(text, confirm=dialog.confirm)
    return Form(text, _replies(dialog, is_cut=is_cut))


def _replies(dialog: Dialog, *, is_cut: bool) -> dict[str, Allow | Deny]:
    """Whatever goes beyond this call holds until the server ends, and is not to be had for what is not shown whole."""
    replies: dict[str, Allow | Deny] = {"Yes, this once": Allow()}
    for choice in dialog.choices if not is_cut else ():
        match choice.reply:
            case Allow(remember=rules) if rules:
                named = "  and  ".join(map(rule_shown, rules))
                replies[f"Yes, and allow  {named}  until this server ends"] = choice.reply
            case Allow(mode=mode) if mode is not None:
                replies["Yes, and accept all edits in this folder until this server ends"] = choice.reply
            case _:
                pass
    return {**replies, "No": Deny("")}
