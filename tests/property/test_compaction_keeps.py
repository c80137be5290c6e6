"""Whatever is said and done, and however often it is compacted: what the person said stays, once, word for word."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.agent.compaction import compacted
from coder.agent.history import History
from coder.agent.room import Keep
from coder.core.edits import Compaction
from coder.core.messages import Message, Meta, Text, ToolResult, ToolUse
from tests.property.test_history_invariant import valid

HEADS = ["Message from the person:\n", "Message from the person (answered):\nold", "Todo items that are open:\n- x"]
words = st.one_of(st.text(max_size=40), st.sampled_from([*HEADS, "{{focus}}", "</said>", "a\n\nb", "half \ud83d"]))
said = st.tuples(st.sampled_from(["prompt", "steer"]), words)
done = st.tuples(st.just("call"), st.sampled_from(["Read", "Write", "Edit", "TodoWrite"]))
ended = st.tuples(st.just("reply"), st.just("That is done."))
cut = st.tuples(st.just("compact"), st.integers(0, 3))
steps = st.lists(st.one_of(said, said, done, done, ended, cut), max_size=25)


class Told:
    """A conversation, and what must be in it."""

    def __init__(self) -> None:
        self.history = History()
        self.said: list[str] = []
        self.touched: set[str] = set()
        self._ids = count()

    def step(self, kind: str, value: str | int) -> None:
        number = next(self._ids)
        if kind in ("prompt", "steer"):
            made = self.history.commit(Message("user", (Text(f"{number}: {value}"),), Meta(kind=kind)))  # type: ignore[arg-type]  # one of Kind
            self.said.append(made.text if made else "")
        elif kind == "reply":
            self.history.commit(Message("assistant", (Text(str(value)),), Meta(kind="reply", stop_reason="end_turn")))
        elif kind == "compact":
            made_up = compacted(self.history.messages, "the summary", None, Keep(int(value), 50 * int(value)))
            self.history.edit(Compaction(tuple(made_up), "auto", 0))
        else:
            self._call(number, str(value))

    def _call(self, number: int, name: str) -> None:
        path = f"/project/{number} of them.py"
        call = ToolUse(f"t{number}", name, {"file_path": path} if name != "TodoWrite" else {"todos": []})
        self.history.commit(Message("assistant", (call,), Meta(kind="reply", stop_reason="tool_use")))
        self.history.commit(Message("user", (ToolResult(call.id, (Text("ok " * 20),)),), Meta(kind="results")))
        if name != "TodoWrite":
            self.touched.add(path)


@pytest.mark.behaviour("B-561")
@settings(max_examples=150, deadline=None)
@given(steps)
def test_what_was_said_stays_once_and_word_for_word(taken: list[tuple[str, str | int]]) -> None:
    told = Told()
    told.step("prompt", "begin")
    for kind, value in [*taken, ("compact", 1)]:
        told.step(kind, value)
        valid(told.history.view)
    texts = [block.text for m in told.history.messages for block in m.content if isinstance(block, Text)]
    heads = ("", "Message from the person:\n", "Message from the person (answered):\n")
    for sentence in told.said:
        assert sum(text in [head + sentence for head in heads] for text in texts) == 1
    calls = {call.input.get("file_path") for m in told.history.messages for call in m.tool_uses}
    listed = next((text for text in texts if text.startswith("Files touched so far")), "").split("\n")
    assert told.touched <= calls | {line.partition(" ")[2] for line in listed}
