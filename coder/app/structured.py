"""The answer of a run where it has to have a form: the tool it is handed in by, and who sees to it that it is. Must not
know where the form comes from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from coder.agent.history import History
from coder.agent.policies import Inject, Stop, Verdict
from coder.agent.replies import reminder
from coder.app.subagents.submitting import Submit
from coder.config import environment
from coder.core import prompts
from coder.core.config import Config
from coder.core.events import HandedIn, RunEnded
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.tools import ToolContext, ToolOutput

if TYPE_CHECKING:
    from coder.app import structured_form as forms
else:  # few runs have a form
    forms = LazyModule("coder.app.structured_form")

RETRIES = "MAX_STRUCTURED_OUTPUT_RETRIES"
_MOST_SHOWN = 600


class Structured(Submit):
    """A tool, a `TurnPolicy` that stands before all others, and an `EndPolicy` that does.

    What was handed in counts when nothing comes after it: where a check, a hook or the person has the model go on, it
    hands in anew. `value` stays what the model gave as input; `attach` takes what was meant out of it.
    """

    def __init__(self, schema: Mapping[str, Any], retries: int = 1) -> None:
        """Raises SchemaError for what is no JSON schema."""
        self._wanted = forms.AnswerForm(schema)
        super().__init__(self._wanted.for_tool)
        self._retries = retries
        self._is_fresh = False
        self._is_ending = False

    def problems(self, raw: Json) -> list[str]:
        return self._wanted.problems(raw)

    async def run(self, params: Json, context: ToolContext) -> ToolOutput:
        if found := await self._wanted.problems_apart(params):
            raise self.unfit(found)
        return await super().run(params, context)

    def take(self, params: Json) -> None:
        super().take(params)
        self._is_fresh = True

    def before_turn(self, turn: int, history: History) -> Verdict:
        if turn == 1:
            self._start_over()
            self._tries, self._wrong, self._is_fresh, self._is_asked = 0, "", False, False
        wrong, self._wrong = self._wrong, ""
        is_new, self._is_fresh = self._is_fresh, False
        if is_new and not _is_spoken_to(history):
            self._is_ending = True
            return Stop("done", "")
        self._start_over()
        if not wrong:
            return None
        self._tries += 1
        if self._tries <= self._retries:
            return None
        return Stop("unfit", f"The answer does not fit --json-schema: {_short(wrong)}")

    async def before_end(self, text: str, history: History) -> Verdict:
        is_ending, self._is_ending = self._is_ending, False
        if is_ending:
            return None
        if self._is_asked:
            return Stop(
                "unfit", "The run ended without an answer that fits --json-schema: the model did not hand one in."
            )
        self._is_asked = True
        return Inject(reminder(prompts.load("reminders/submit_missing")))

    def attach(self, ended: RunEnded) -> RunEnded:
        """The end with what was handed in, where the run came to its end; as text it is JSON."""
        if self.value is None or ended.reason not in ("done", "gate_unmet"):
            return ended
        value = self._wanted.meant(self.value)
        text = json.dumps(value, ensure_ascii=False)
        return replace(ended, text=text, handed_in=HandedIn(value))

    def _start_over(self) -> None:
        if self.value is not None or self._is_ending:
            self.value, self._is_ending, self._is_asked = None, False, False


def structured_of(config: Config) -> Structured | None:
    """None where any answer will do. Raises SchemaError and ConfigError."""
    if config.json_schema is None:
        return None
    retries = environment.whole(config.env, RETRIES, 0)
    return Structured(config.json_schema, 1 if retries is None else retries)


def _is_spoken_to(history: History) -> bool:
    """Whether the person said something after the last results."""
    for message in reversed(history.messages):
        if message.meta.kind in ("steer", "prompt"):
            return True
        if message.role == "assistant":
            return False
    return False


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
