"""Submit: the one way out of an agent whose answer has a form, and who sees to it that it is taken. Must not know what
the answer is for.
"""

from __future__ import annotations

from collections.abc import Sequence

from coder.agent.history import History
from coder.agent.policies import Inject, Stop, Verdict
from coder.agent.replies import reminder
from coder.app.subagents.fitting import problems
from coder.app.subagents.relay import SUBMIT
from coder.core import prompts
from coder.core.errors import ToolError
from coder.core.messages import Json, Message
from coder.core.model import ToolSpec
from coder.core.tools import Internal, ToolContext, ToolOutput
from coder.core.workspace import Workspace

_WRAPPED = "value"


class Submit:
    """A tool, a `TurnPolicy` and an `EndPolicy`. `value` is what was handed in, None until then. A form that is no
    object stands under `value` in the input, and the value is what stands there. `is_due`: it cannot end without."""

    name = SUBMIT
    params = dict

    def __init__(self, form: Json, *, is_due: bool = True) -> None:
        self._is_due = is_due
        self._is_object = form.get("type", "object") == "object"
        self._form = form if self._is_object else _wrapped(form)
        self._wrong = ""
        self._tries = 0
        self._is_asked = False
        self.value: Json | None = None

    def spec(self) -> ToolSpec:
        return ToolSpec(self.name, prompts.load("tools/Submit"), {"type": "object", **self._form})

    def parse(self, raw: Json) -> Json:
        found = self.problems(raw)
        if found:
            raise self.unfit(found)
        return raw

    def unfit(self, found: Sequence[str]) -> ToolError:
        """Why it is not taken. The next turn hears of it."""
        self._wrong = "; ".join(each.rstrip(".") for each in found)
        lines = "\n".join(f"- {each}" for each in found)
        return ToolError(f"It does not fit the form, and was not taken:\n{lines}\nCall Submit again with all of it.")

    def problems(self, raw: Json) -> list[str]:
        """What is wrong with it, a line each; none when it fits."""
        return problems({"type": "object", **self._form}, raw)

    def fits(self, raw: Json) -> bool:
        return not self.problems(raw)

    def access(self, params: Json, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: Json) -> str:
        return ""

    async def run(self, params: Json, context: ToolContext) -> ToolOutput:
        self.take(params)
        return ToolOutput("Taken.", None, "taken")

    def take(self, params: Json) -> None:
        self.value = params

    def found_in(self, message: Message) -> bool:
        """Takes what an agent that was cut off had handed in already."""
        for call in message.tool_uses:
            if call.name == self.name and not call.error and self.fits(call.input):
                self.take(call.input)
                return True
        return False

    def before_turn(self, turn: int, history: History) -> Verdict:
        wrong, self._wrong = self._wrong, ""
        if not wrong:
            return None
        self._tries += 1
        return None if self._tries < 2 else Stop("malformed", f"What it handed in does not fit the form: {wrong}.")

    async def before_end(self, text: str, history: History) -> Verdict:
        if self.value is not None or not self._is_due:
            return None
        if self._is_asked:
            return Stop("gate_unmet", "It ended without handing in its result.")
        self._is_asked = True
        return Inject(reminder(prompts.load("reminders/submit_missing")))


def _wrapped(form: Json) -> Json:
    return {"type": "object", "properties": {_WRAPPED: form}, "required": [_WRAPPED], "additionalProperties": False}
