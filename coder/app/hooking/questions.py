"""What hooks say of a question that a server puts to the person, and of its answer. Must not know servers, or how the
question is put."""

from __future__ import annotations

from coder.app.hooking import notes as hook_notes
from coder.app.hooking.runs import HookRuns
from coder.core.messages import Json
from coder.hooks import inputs

_FIELDS = {"mode": "mode", "url": "url", "elicitationId": "elicitation_id", "requestedSchema": "requested_schema"}


async def eliciting(runs: HookRuns, server: str, params: Json) -> Json | None:
    """The answer in the person's place, None to ask them. Who blocks it says no."""
    if not runs.wants("Elicitation", server):
        return None
    told = inputs.elicitation(runs.common, server, str(params.get("message", "")), **_more(params))
    said = await runs.run(told)
    if said.blocked or said.stop is not None:
        runs.notice(f"Elicitation hook: {hook_notes.line(said.stop or said.reason, f'{server} was told no')}")
        return {"action": "decline"}
    return said.answer


async def elicited(runs: HookRuns, server: str, params: Json, answer: Json) -> Json:
    """What the server gets: the answer, another one, or a no."""
    if not runs.wants("ElicitationResult", server):
        return answer
    more = {key: value for key, value in _more(params).items() if key in ("mode", "elicitation_id")}
    if answer.get("content") is not None:
        more["content"] = answer["content"]
    said = await runs.run(inputs.elicitation_result(runs.common, server, str(answer.get("action", "")), **more))
    if said.blocked or said.stop is not None:
        runs.notice(f"ElicitationResult hook: {hook_notes.line(said.stop or said.reason, f'{server} was told no')}")
        return {"action": "decline"}
    return said.answer if said.answer is not None else answer


def _more(params: Json) -> Json:
    found = {ours: params[theirs] for theirs, ours in _FIELDS.items() if params.get(theirs) is not None}
    return {"mode": "form", **found}
