"""The agent loop: ask the model, run its tools, until it is done.

Has no business with telemetry, hooks, MCP, sessions, plan mode, titles, cost or subagents: new behaviour enters as a
policy, a gate rule, a tool or a listener.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from coder.agent.answers import Answers, ResultLog, Unlogged
from coder.agent.executor import Executor
from coder.agent.history import History
from coder.agent.inbox import Inbox
from coder.agent.outcome import Outcome, all_denied
from coder.agent.policies import EndPolicy, Inject, Stop, TurnPolicy, Verdict
from coder.agent.ports import Hooks, NoHooks
from coder.agent.replies import End, GoOn, Nudge, Replies, reminder
from coder.agent.replying import Replying
from coder.agent.requests import Requests
from coder.agent.room import Room
from coder.agent.tally import Tally
from coder.agent.upkeep import Upkeep
from coder.core.errors import ModelError
from coder.core.events import (
    AnyEvent,
    CompactionEnded,
    EndReason,
    MessageAdded,
    RunEnded,
    RunStarted,
    TurnEnded,
    TurnStarted,
)
from coder.core.messages import Message, ToolUse
from coder.core.model import (
    Model,
    ModelRequest,
)


class Agent:
    """One conversation with one model. `template` is the request without messages; its prefix never changes.
    `context` is committed before the first prompt of an empty history, as it is by then; `room` is what the
    conversation may hold; `log` is told each outcome of a call before all of them are committed; `edited` says why the
    past changed since the last reply, if it did."""

    def __init__(
        self,
        model: Model,
        template: ModelRequest,
        history: History,
        executor: Executor,
        emit: Callable[[AnyEvent], None],
        policies: Sequence[TurnPolicy] = (),
        context: Message | Callable[[], Message] | None = None,
        room: Room | None = None,
        log: ResultLog | None = None,
        edited: str = "",
        hooks: Hooks | None = None,
    ) -> None:
        self._template = template
        self._executor = executor
        self._emit = emit
        self._policies = tuple(policies)
        self._context = context
        self._log = log or Unlogged()
        self._requests = Requests(template, history, edited)
        self._tally = Tally()
        self._is_engaged = False
        self._hooks = hooks or NoHooks()
        self._end_policies: tuple[EndPolicy, ...] = ()
        self._closing: Callable[[RunEnded], RunEnded] = _as_it_is
        self.inbox = Inbox()
        self.history = history
        self.upkeep = Upkeep(model, history, self._requests, emit, room or Room(), self._hooks)
        self._replying = Replying(model, self._requests, self.upkeep, self._commit, history.has_id, emit)

    def ends_with(self, policies: Sequence[EndPolicy], closing: Callable[[RunEnded], RunEnded] | None = None) -> None:
        """What is asked before a run ends, in this order, and what completes the word about how it ended."""
        self._end_policies = tuple(policies)
        self._closing = closing or _as_it_is

    @property
    def tools(self) -> tuple[str, ...]:
        """The names of those that stand in its requests."""
        return tuple(spec.name for spec in self._template.tools)

    def begins_with(self, template: ModelRequest) -> None:
        """Another template, as long as no request was made with the one before."""
        self._template = template
        self._requests.begin_with(template)

    def go_on_with(self, template: ModelRequest, window: int) -> None:
        """Another template from the next request on, for a model with such a window; its prompt is that of the one
        before."""
        self._template = template
        self._requests.go_on_with(template)
        self.upkeep.fit(window, template.max_tokens)

    def steer(self, message: Message) -> None:
        """Queues a message of the person; it lands at the next turn boundary of the run under way. What was not
        delivered when that run ends is for whoever takes it back from the inbox: no later run sends it."""
        self.inbox.put(message)

    def tell(self, message: Message) -> None:
        """Adds what happened beside the conversation: at once between runs, else at the next turn boundary or the end
        of the run."""
        if self._is_engaged:
            self.inbox.put(message)
        else:
            self._begin()
            self._commit(message)

    async def compact(self, focus: str = "") -> CompactionEnded:
        """Compacts the conversation, between runs. Cancelled, it changes nothing."""
        with self._engaged():
            return await self.upkeep.compact("manual", focus)

    def starts(self) -> None:
        """A run is being prepared: `ended_early` is about it from now on."""
        self._tally = Tally()

    async def run(self, prompt: Message, template: ModelRequest | None = None) -> RunEnded:
        """From a user message to the final answer. Returns how it ended; raises CancelledError when interrupted,
        with the history valid and everything that was finished kept: `ended_early` then says how it ended.
        `template` is another one for this run alone."""
        tally = self._tally = Tally()
        with self._engaged(), self._requests.using(template):
            self._begin()
            committed = self._commit(prompt)
            self._emit(RunStarted(prompt=committed or prompt))
            try:
                ended = await self._turns(tally)
            except ModelError as error:
                ended = tally.failed(error)
        return self._end(ended)

    def _end(self, ended: RunEnded) -> RunEnded:
        ended = self._closing(ended)
        self._emit(ended)
        return ended

    def ended_early(self, reason: EndReason, error: str) -> RunEnded:
        """The end of a run that was cancelled; announced here, since whoever cancelled knows why."""
        return self._end(self._tally.end(reason, error))

    async def _turns(self, tally: Tally) -> RunEnded:
        replies = Replies()
        for turn in count(1):
            if (stop := self._before(turn)) is not None:
                ended = await self._at_the_end(tally) if stop.reason == "done" else tally.end(stop.reason, stop.error)
                if ended is not None:
                    return ended
            self._emit(TurnStarted(turn=turn))
            completed = await self._replying.reply(tally)
            tally.turns = turn
            outcomes = await self._run_tools(completed.message.tool_uses)
            tally.all_denied = all_denied(outcomes) if outcomes else tally.all_denied
            self._emit(TurnEnded(turn=turn))
            if any(outcome.interrupt for outcome in outcomes):
                return tally.end("interrupted", "Interrupted at a permission question")
            if (stopped := await self._after_batch(completed.message.tool_uses, outcomes)) is not None:
                return tally.end(stopped.reason, stopped.error)
            waiting = self._commit_all(await self.inbox.delivered(after_calls=bool(outcomes)))
            match replies.judge(completed, waiting=bool(waiting)):
                case End(reason="done"):
                    if (ended := await self._at_the_end(tally)) is not None:
                        return ended
                case End(reason=reason, error=error):
                    return tally.end(reason, error)
                case Nudge(message=message):
                    self._commit(message)
                case GoOn():
                    pass
        raise AssertionError("unreachable: count() never ends")

    async def _after_batch(self, calls: Sequence[ToolUse], outcomes: Sequence[Outcome]) -> Stop | None:
        """Why a call, or a hook, ends the run; None when none does."""
        if (stopped := next((outcome for outcome in outcomes if outcome.stop), None)) is not None:
            return Stop(stopped.stop_reason, stopped.stop)
        if not calls:
            return None
        results = [outcome.result for outcome in outcomes]
        after = await self._hooks.after_batch(self._executor.unwrapped(calls), results)
        self._commit_all(reminder(note) for note in after.notes)
        return Stop("hook_stopped", after.stop) if after.stop else None

    async def _at_the_end(self, tally: Tally) -> RunEnded | None:
        """The end of the run; None when there is something more to be said first."""
        verdict: Verdict = None
        for policy in self._end_policies:
            if (verdict := await policy.before_end(tally.text, self.history)) is not None:
                break
        match verdict:
            case Stop(reason=reason, error=error):
                return tally.end(reason, error)
            case Inject(message=message):
                self._commit(message)
                return None
        # It may have taken long: what the person said meanwhile is answered too.
        late = self._commit_all(await self.inbox.delivered(after_calls=False))
        return None if late else tally.end("done")

    def _before(self, turn: int) -> Stop | None:
        for policy in self._policies:
            match policy.before_turn(turn, self.history):
                case Stop() as stop:
                    return stop
                case Inject(message=message):
                    self._commit(message)
                case None:
                    pass
        return None

    async def _run_tools(self, calls: Sequence[ToolUse]) -> list[Outcome]:
        """Runs the calls and commits their results, whatever happens in between."""
        answers = Answers(calls, self.history.cleaned, self._log)
        try:
            await self._executor.run(calls, answers, lambda: self.inbox.says_stop)
        finally:
            self._commit(answers.message())
        return answers.outcomes

    def _commit(self, message: Message) -> Message | None:
        committed = self.history.commit(message)
        if committed is not None:
            self._emit(MessageAdded(message=committed))
        return committed

    def _commit_all(self, messages: Iterable[Message]) -> list[Message]:
        return [committed for message in messages if (committed := self._commit(message))]

    def _begin(self) -> None:
        if self._context is not None and not self.history.messages:
            self._commit(self._context() if callable(self._context) else self._context)

    @contextmanager
    def _engaged(self) -> Iterator[None]:
        """While the conversation is at work nothing but the work itself adds to it."""
        self.inbox.settle()
        self._is_engaged = True
        try:
            yield
        finally:
            self._is_engaged = False
            self._commit_all(self.inbox.settle())


def _as_it_is(ended: RunEnded) -> RunEnded:
    return ended
