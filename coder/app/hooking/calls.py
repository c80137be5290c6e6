"""The hooks round tool calls and compactions, as the engine calls for them. Must not know how a hook is run, or what
becomes of what it says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from coder.agent.ports import NOTHING_AFTER, NOTHING_SAID, After, Before
from coder.app.hooking import notes as hook_notes
from coder.app.hooking.runs import HookRuns
from coder.core.choices import Mode
from coder.core.edits import Trigger
from coder.core.messages import Json, Text, ToolResult, ToolUse, block_to_api
from coder.core.requests import Allow, Deny, PermissionRequest, Reply
from coder.core.tools import ToolOutput
from coder.hooks import inputs
from coder.hooks.outcome import Decision, Outcome

_RULE = re.compile(r"([^(]+)(?:\((.*)\))?", re.DOTALL)
_ENDED = "it ended the run"


class CallHooks:
    """Implements `coder.agent.ports.Hooks`."""

    def __init__(self, runs: HookRuns) -> None:
        self._runs = runs
        self._cwd = runs.scene.workspace.cwd

    async def before_call(self, call: ToolUse) -> Before:
        if not self._runs.wants("PreToolUse", call.name):
            return NOTHING_SAID
        told = inputs.pre_tool_use(self._runs.common, call.name, call.input, call.id)
        said = await self._runs.run(told)
        name = f"PreToolUse:{call.name}"
        return Before(
            verdict="deny" if said.blocked else said.verdict,
            reason=_reason(name, said),
            input=None if said.input == told["tool_input"] else said.input,
            notes=tuple(hook_notes.contexts(name, said.notes)),
            stop=_stop(name, said),
        )

    async def before_asking(self, request: PermissionRequest) -> Reply | None:
        call = request.call
        if not self._runs.wants("PermissionRequest", call.name):
            return None
        suggestions = [_suggestion(rule) for rule in request.suggestions]
        told = inputs.permission_request(self._runs.common, call.name, call.input, suggestions)
        said = await self._runs.run(told)
        if said.stop is not None:
            return Deny(hook_notes.line(said.stop, _ENDED), interrupt=True)
        if said.decision is None:
            return None
        if not said.decision.allow:
            words = hook_notes.line(said.decision.message, "a PermissionRequest hook said no")
            return Deny(words, interrupt=said.decision.interrupt)
        if any(reason.kind in ("rule", "safety") for reason in request.reasons):
            self._runs.notice(f"PermissionRequest hook: its yes does not count here: {_because(request)}")
            return None
        return _allow(said.decision, told["tool_input"])

    async def after_call(self, call: ToolUse, output: ToolOutput, seconds: float) -> After:
        point = "PostToolUseFailure" if output.is_error else "PostToolUse"
        if call.name == "Bash":
            await self._moved()
        if not self._runs.wants(point, call.name):
            return NOTHING_AFTER
        common, text, milliseconds = self._runs.common, _text(output), round(seconds * 1000)
        if output.is_error:
            told = inputs.post_tool_use_failure(common, call.name, call.input, call.id, text, milliseconds)
        else:
            response = text if output.data is None else output.data
            told = inputs.post_tool_use(common, call.name, call.input, call.id, response, milliseconds)
        said = await self._runs.run(told)
        name = f"{point}:{call.name}"
        notes = [*hook_notes.contexts(name, said.notes)]
        if said.blocked:
            notes.append(hook_notes.objection(name, said.reason))
        content = hook_notes.replaced(said.output) if said.replaces and not output.is_error else None
        return After(tuple(notes), _stop(name, said), content)

    async def after_batch(self, calls: Sequence[ToolUse], results: Sequence[ToolResult]) -> After:
        if not self._runs.wants("PostToolBatch"):
            return NOTHING_AFTER
        answers = {result.tool_use_id: block_to_api(result)["content"] for result in results}
        told = [inputs.batch_call(call.name, call.input, call.id, answers.get(call.id, [])) for call in calls]
        said = await self._runs.run(inputs.post_tool_batch(self._runs.common, told))
        stop = _stop("PostToolBatch", said)
        if said.blocked and not stop:
            stop = f"PostToolBatch hook: {hook_notes.line(said.reason, _ENDED)}"
        return After(tuple(hook_notes.contexts("PostToolBatch", said.notes)), stop)

    async def before_compacting(self, trigger: Trigger, focus: str) -> str:
        said = await self._runs.run(inputs.pre_compact(self._runs.common, trigger, focus))
        if said.stop is not None:
            return f"PreCompact hook: {hook_notes.line(said.stop, 'it said no')}"
        return f"PreCompact hook: {hook_notes.line(said.reason, 'it said no')}" if said.blocked else ""

    async def after_compacting(self, trigger: Trigger, summary: str) -> After:
        await self._runs.run(inputs.post_compact(self._runs.common, trigger, summary))
        model = self._runs.scene.control.model
        said = await self._runs.run(inputs.session_start(self._runs.common, "compact", model=model))
        return After(tuple(hook_notes.contexts("SessionStart:compact", said.notes)))

    async def _moved(self) -> None:
        """A command may have changed the folder that the next one runs in."""
        before, now = self._cwd, self._runs.scene.workspace.cwd
        if before != now:
            self._cwd = now
            said = await self._runs.run(inputs.cwd_changed(self._runs.common, str(before), str(now)))
            self._runs.hold("CwdChanged", said.notes)


def _reason(name: str, said: Outcome) -> str:
    reason = said.reason if said.blocked else said.verdict_reason
    if not (said.blocked or said.verdict):
        return ""
    return f"{name} hook: {hook_notes.line(reason, 'it gives no reason')}"


def _stop(name: str, said: Outcome) -> str:
    return "" if said.stop is None else f"{name} hook: {hook_notes.line(said.stop, _ENDED)}"


def _text(output: ToolOutput) -> str:
    if isinstance(output.content, str):
        return output.content
    return "\n".join(block.text for block in output.content if isinstance(block, Text))


def _because(request: PermissionRequest) -> str:
    return "; ".join(dict.fromkeys(reason.text for reason in request.reasons))


def _suggestion(rule: str) -> Json:
    found = _RULE.fullmatch(rule)
    tool, content = (found[1], found[2]) if found else (rule, None)
    named: Json = {"toolName": tool} if content is None else {"toolName": tool, "ruleContent": content}
    return {"type": "addRules", "rules": [named], "behavior": "allow", "destination": "localSettings"}


def _allow(decision: Decision, given: Json) -> Allow:
    """The yes, with the rules it adds to the settings of this folder and the mode it changes to."""
    mode: Mode | None = None
    rules: list[str] = []
    for update in decision.permissions:
        if update.get("type") == "setMode" and update.get("mode") in get_args(Mode):
            mode = update["mode"]
        elif update.get("type") == "addRules" and update.get("behavior") == "allow":
            rules += (_rule(each) for each in update.get("rules") or () if isinstance(each, dict))
    edited = None if decision.input is None or decision.input == given else decision.input
    return Allow(edited, tuple(filter(None, rules)), mode)


def _rule(raw: Json) -> str:
    tool, content = raw.get("toolName"), raw.get("ruleContent")
    if not isinstance(tool, str):
        return ""
    return f"{tool}({content})" if isinstance(content, str) and content else tool
