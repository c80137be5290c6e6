from __future__ import annotations

from pathlib import Path

import pytest

from coder.agent.clearing import batch, clearing
from coder.agent.room import Batch, Renewal, Room
from coder.core.edits import applied
from coder.core.events import ContextEdited
from coder.core.messages import Message, Meta, Text, ToolResult, ToolUse
from tests.support.agents import prompt
from tests.support.engine import FakeTool, Recorder
from tests.support.fakeapi import running_api, tool_input, turn
from tests.support.mixed import engine_on

RULES = Batch(above=1_000, at_least=2_000, urgent=10**9, keep=2)
BIG = "one line of output\n" * 400


def renewal(call: ToolUse) -> Renewal:
    return {"Bash": "file", "Ask": "never"}.get(call.name, "again")  # type: ignore[return-value]  # one of Renewal


def conversation(*names: str, text: str = BIG) -> list[Message]:
    """A prompt, then a reply with one call and its result for each name, then a reply that has seen them all."""
    messages = [Message("user", (Text("go"),), Meta(uuid="p", kind="prompt"))]
    for number, name in enumerate(names):
        call = ToolUse(f"t{number}", name, {"file_path": f"/project/{number}.py"})
        messages.append(Message("assistant", (call,), Meta(uuid=f"a{number}", kind="reply")))
        result = ToolResult(call.id, (Text(text),))
        messages.append(Message("user", (result,), Meta(uuid=f"r{number}", kind="results")))
    return [*messages, Message("assistant", (Text("Done."),), Meta(uuid="end", kind="reply"))]


def cleared(messages: list[Message], folder: Path, rules: Batch = RULES, context: int = 50_000) -> list[str]:
    return [old.call.id for old in batch(messages, context, renewal, folder, rules)]


@pytest.mark.behaviour("B-570")
def test_nothing_is_cleared_before_it_is_worth_it(tmp_path: Path) -> None:
    messages = conversation(*["Read"] * 5)
    assert cleared(messages, tmp_path) == ["t0", "t1", "t2"]
    assert cleared(messages, tmp_path, context=1_000) == []
    assert cleared(messages, tmp_path, Batch(above=1_000, at_least=8_000, keep=2)) == []
    assert cleared(conversation(*["Read"] * 30, text="short"), tmp_path) == []


@pytest.mark.behaviour("B-570")
def test_results_the_model_has_not_seen_stay_however_many(tmp_path: Path) -> None:
    calls = tuple(ToolUse(f"w{number}", "Read", {}) for number in range(12))
    results = tuple(ToolResult(call.id, (Text(BIG),)) for call in calls)
    unseen = [Message("assistant", calls, Meta(uuid="w")), Message("user", results, Meta(uuid="x", kind="results"))]
    steer = Message("user", (Text("and hurry"),), Meta(uuid="s", kind="steer"))
    for tail in (unseen, [*unseen, steer]):
        assert cleared([*conversation(*["Read"] * 4)[:-1], *tail], tmp_path) == ["t0", "t1", "t2", "t3"]


@pytest.mark.behaviour("B-570")
def test_what_cannot_be_had_again_stays_or_goes_to_a_file(tmp_path: Path) -> None:
    messages = conversation("Bash", "Ask", "Read", "Read", "Read", "Read")
    edit = clearing(batch(messages, 50_000, renewal, tmp_path, RULES), tmp_path)
    assert edit is not None
    texts = {each.tool_use_id: each.text for each in edit.replacements}
    assert set(texts) == {"t0", "t2", "t3"}
    assert (tmp_path / "t0.txt").read_text() == BIG and (tmp_path / "t0.txt").stat().st_mode & 0o777 == 0o600
    assert str(tmp_path / "t0.txt") in texts["t0"] and texts["t0"].startswith("one line of output")
    assert texts["t2"] == "[Cleared to save space: 401 lines. Read the file again if you need it.]"
    after = applied(messages, edit)
    assert cleared(list(after), tmp_path, Batch(above=1, at_least=1, keep=0)) == ["t4", "t5"]


@pytest.mark.behaviour("B-570")
def test_an_output_that_cannot_be_kept_is_not_cleared(tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("")
    found = batch(conversation(*["Bash"] * 5), 50_000, renewal, tmp_path, RULES)
    assert len(found) == 3 and clearing(found, tmp_path / "no folder") is None


def test_an_output_that_is_in_a_file_already_is_named(tmp_path: Path) -> None:
    text = f"{BIG}[the rest is in {tmp_path}/toolu_1.txt; read it]"
    found = batch(conversation(*["Bash"] * 5, text=text), 50_000, renewal, tmp_path, RULES)
    edit = clearing(found, tmp_path)
    assert edit is not None and f"The whole of it is in {tmp_path}/toolu_1.txt." in edit.replacements[0].text


@pytest.mark.behaviour("B-570")
async def test_a_clearing_is_announced_and_the_next_request_says_so(tmp_path: Path) -> None:
    calls = [turn(tool_input("Read", {"file_path": f"/project/{number}.py"})) for number in range(6)]
    recorder = Recorder()
    room = Room(renewal=renewal, folder=tmp_path, clearing=Batch(8_000, 8_000, 10**9, 1, 2))
    fakes = [FakeTool("Read", lambda raw: BIG)]
    async with (
        running_api([*calls, turn("Done.")]) as api,
        engine_on(api, room, recorder, fakes) as engine,
    ):
        assert (await engine.agent.run(prompt())).reason == "done"
    edited = recorder.of(ContextEdited)
    assert api.context_edits == ["clear tool results"] * len(edited) and len(edited) == 1
    assert edited[0].where == "messages.2.content.0" and edited[0].freed >= 8_000
    whole = [len(str(m)) > 5_000 for m in api.requests[-1]["messages"] if "tool_result" in str(m)]
    assert whole == [False] * 4 + [True] * 2
