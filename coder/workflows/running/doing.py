"""What is done for one item of a step: an agent is asked, several vote, another workflow is run; what was changed in a
worktree is merged. Must not know whether it holds, or what follows.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.workflows.filling import filled, text_of
from coder.workflows.running.asking import Asked, ask
from coder.workflows.running.items import Item
from coder.workflows.running.means import Means
from coder.workflows.running.outcome import Answer
from coder.workflows.running.priming import Primer
from coder.workflows.running.together import together
from coder.workflows.running.voting import combined, decide
from coder.workflows.scope import Scope
from coder.workflows.types import schema
from coder.workflows.workflow import Step

Nested: TypeAlias = Callable[[Step, Scope, str], Awaitable[Answer]]
"""Runs the workflow that a step uses: the step, what it can name, and the place."""
_MOST_EARLIER = 12_000  # characters
_MARK = re.compile(r"<(?=[\s/]*(?:problem|earlier)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Doing:
    """For one visit of a step. `place` is that visit, `shown` the step as people know it."""

    means: Means
    nested: Nested
    step: Step
    place: str
    shown: str

    async def answer(self, item: Item, attempt: int, scope: Scope, primer: Primer) -> Answer:
        """Raises Halt."""
        if self.step.use:
            inside = f"[{item.mark or 0}.{attempt}]" if item.index >= 0 or attempt else ""
            return await self.nested(self.step, scope, f"{self.place}{inside}/")
        asked = self._asked(item, attempt, self._prompt(item, scope))
        if self.step.vote is None:
            return await ask(self.means, asked, primer)
        return await self._voted(asked, primer)

    async def merged(self, answer: Answer, item: Item) -> tuple[Answer, bool]:
        """The answer, failed when what was changed for it cannot be merged; and whether anything was done."""
        key = f"merge/{answer.branch}"
        if answer.failed or not answer.branch or self.means.journal.kept(key) is not None:
            return answer, False
        merged = await self.means.hands.agents.merge(answer.branch, item.label or self.step.name)
        if not merged.ok:
            conflicts = f" ({', '.join(merged.conflicts)})" if merged.conflicts else ""
            why = f"{merged.text}{conflicts}; its work is on the branch {answer.branch}"
            return replace(answer, failed=f"what it changed was not merged: {why}"), True
        about = {"step": self.place, "merged": answer.branch, "commit": merged.commit}
        await self.means.journal.keep(key, about)
        return answer, True

    def _prompt(self, item: Item, scope: Scope) -> str:
        prompt = filled(self.step.prompt, scope)
        if not item.wrong:
            return prompt
        problem, earlier = _inside(item.wrong), _inside(text_of(item.earlier))
        return prompts.load("workflow/again", prompt=prompt, problem=problem, earlier=earlier or "(nothing)")

    def _asked(self, item: Item, attempt: int, prompt: str) -> Asked:
        step = self.step
        return Asked(
            place=self.place,
            step=self.shown,
            prompt=prompt,
            mark=f"{item.mark}/{attempt}",
            label=item.label,
            generation=self.means.journal.generation(self.place),
            keeps_older=step.each is not None,
            kind=step.agent,
            model=step.model,
            effort=step.effort,
            turns=step.turns,
            out=schema(step.out) if step.out is not None else None,
            isolation="worktree" if step.isolated else "",
        )

    async def _voted(self, asked: Asked, primer: Primer) -> Answer:
        """Several answer the same; those who fail abstain."""
        vote = self.step.vote
        assert vote is not None
        each = [
            replace(asked, mark=f"{asked.mark}/{number}", label=f"{asked.label} vote {number}".strip())
            for number in range(1, vote.n + 1)
        ]
        answers = await together([partial(ask, self.means, one, primer) for one in each], vote.n)
        cast = [answer for answer in answers if not answer.failed]
        ballots = [_ballot(answer.result, vote.on) for answer in cast]
        decided = decide(vote, ballots, len(answers) - len(cast))
        about: dict[str, Any] = {"votes": decided.counts, "is_kept": all(answer.is_kept for answer in answers)}
        if decided.winner is None:
            return Answer(failed=f"the vote has no winner: {decided.words}{_why(answers)}", **about)
        said = (answer.text for answer, ballot in zip(cast, ballots, strict=True) if ballot == decided.winner)
        value = combined([answer.result for answer in cast], vote.on, decided)
        return Answer(text=next(said, ""), value=value, **about)


def _ballot(result: Any, on: str) -> Any:
    return result.get(on) if on and isinstance(result, dict) else result


def _why(answers: Sequence[Answer]) -> str:
    """Why those who abstained did."""
    failures = dict.fromkeys(answer.failed for answer in answers if answer.failed)
    return f" ({'; '.join(failures)})" if failures else ""


def _inside(text: str) -> str:
    """The text as it may stand between our marks: it cannot end them."""
    return _MARK.sub(r"<\\", text[:_MOST_EARLIER])
