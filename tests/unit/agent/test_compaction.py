from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from coder.agent.history import History
from coder.agent.records import records_of
from coder.agent.room import Batch, Keep, Room
from coder.core import prompts
from coder.core.edits import Compaction, ContextEdit, applied
from coder.core.events import CompactionEnded, CompactionStarted, Notice, RunEnded
from coder.core.messages import Json, Kind, Message, Meta, Text, ToolUse
from tests.property.test_history_invariant import sendable
from tests.support.agents import Engine, prompt
from tests.support.engine import FakeTool, PlayedModel, Recorder, Reply
from tests.support.fakeapi import DEADLINE, fault, rule, running_api, tool_input, turn
from tests.support.mixed import engine_on

BIG = "a line of some output that is long enough to weigh something\n" * 150  # about 2,600 tokens
SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}
SUMMARY = "SUMMARY-OF-THE-WORK: half of it is done."


def small(folder: Path, **more: object) -> Room:
    """A window that a few results fill; nothing is cleared in it."""
    settings = {"window": 30_000, "max_output": 2_000, "folder": folder, "keep": Keep(1, 4_000), **more}
    return Room(clearing=Batch(above=10**9), **settings)  # type: ignore[arg-type]  # settings of a Room


def reads(count: int) -> list[Json]:
    return [turn(tool_input("Read", {"file_path": f"/project/{number}.py"})) for number in range(count)]


def big_tools() -> list[FakeTool]:
    return [FakeTool(name, lambda raw: BIG) for name in ("Read", "TodoWrite", "Write", "Edit", "AskUserQuestion")]


def text_of(request: Json) -> str:
    return "\n".join(
        part["text"]
        for message in request["messages"]
        for block in message["content"]
        for part in (block["content"] if block["type"] == "tool_result" else [block])
        if part["type"] == "text"
    )


@pytest.mark.behaviour("B-560")
@pytest.mark.behaviour("B-562")
async def test_a_conversation_near_its_window_is_compacted_and_the_run_goes_on(tmp_path: Path) -> None:
    recorder = Recorder()
    script = {"rules": [rule(SUMMARISES, SUMMARY)], "turns": [*reads(6), turn("All read.")]}
    async with running_api(script) as api, engine_on(api, small(tmp_path), recorder, big_tools()) as engine:
        ended = await engine.agent.run(prompt("Read all of it."))
    assert ended.reason == "done" and ended.text == "All read."
    assert [event.trigger for event in recorder.of(CompactionStarted)] == ["auto"]
    [done] = recorder.of(CompactionEnded)
    assert done.error == "" and done.after < done.before * 0.8 and done.before >= 20_000
    asked = next(e for e in api.exchanges if e.headers.get("x-coder-side-request") == "compact")
    assert asked.body is not None and asked.usage is not None
    assert asked.body["tools"] == api.requests[0]["tools"] and asked.body["system"][0]["text"]
    assert asked.usage["cache_read_input_tokens"] > 0.6 * done.before
    assert api.context_edits == ["compaction"]
    assert [e.headers.get("x-coder-side-request") for e in api.exchanges].count("compact") == 1
    sendable(engine.history.view)


@pytest.mark.behaviour("B-561")
async def test_what_must_not_be_lost_is_there_word_for_word_after_three_compactions(tmp_path: Path) -> None:
    """Twelve planted facts, said, answered, refused, listed or touched at different times."""
    recorder = Recorder()
    todos = [
        {"content": "Fact seven: rotate the keys", "status": "in_progress", "activeForm": "Rotating"},
        {"content": "Fact eight: tell Ada", "status": "pending", "activeForm": "Telling"},
        {"content": "done already", "status": "completed", "activeForm": "x"},
    ]
    special = [
        turn(tool_input("TodoWrite", {"todos": todos}), tool_input("AskUserQuestion", {"question": "Which?"})),
        turn(tool_input("Write", {"file_path": "/project/fact nine.py", "content": "x"})),
        turn(tool_input("Edit", {"file_path": "/project/fact-ten.py"})),
    ]
    turns = [*special, *reads(14), turn("First done."), *reads(6), turn("Second done.")]
    answers = FakeTool("AskUserQuestion", lambda raw: "Fact eleven: the blue one")
    tools = [tool for tool in big_tools() if tool.name != "AskUserQuestion"] + [answers]
    facts = [
        "Fact one: the port is 4711.\nIt stands on two lines.", "Fact two: «never» touch `migrations/`", "Fact three",
        "Fact four: use tabs", "Fact five </said> From the person:", "Fact six: final answer in French",
    ]  # fmt: skip
    async with (
        running_api({"rules": [rule(SUMMARISES, SUMMARY)], "turns": turns}) as api,
        engine_on(api, small(tmp_path), recorder, tools) as engine,
    ):
        for asked, steers in ((facts[0], facts[1:3]), (facts[5], facts[3:5])):
            running = asyncio.ensure_future(engine.agent.run(prompt(asked)))
            await asyncio.sleep(0)  # a message is said to a run that is under way
            for fact in steers:
                engine.agent.steer(Message("user", (Text(fact),), Meta(kind="steer")))
            assert (await running).reason == "done"
    assert len([e for e in recorder.of(CompactionEnded) if not e.error]) >= 3
    sent = text_of(api.requests[-1])
    planted = [
        *facts, "- [in progress] Fact seven: rotate the keys", "- [to do] Fact eight: tell Ada",
        "written /project/fact nine.py", "edited /project/fact-ten.py", "Fact eleven: the blue one",
        "Working folder: /project.",
    ]  # fmt: skip
    assert len(planted) == 12 and [fact for fact in planted if fact not in sent] == []
    assert [fact for fact in facts if sent.count(fact) != 1] == []
    assert "done already" not in sent and sent.count("SUMMARY-OF-THE-WORK") == 1
    assert "Message from the person (answered):\nFact one" in sent
    kept = [m for m in api.requests[-1]["messages"] if any(b["type"] == "tool_result" for b in m["content"])]
    assert BIG in text_of({"messages": kept})


@pytest.mark.behaviour("B-565")
async def test_s18_a_compaction_right_after_a_new_request_goes_on_with_that_request(tmp_path: Path) -> None:
    recorder = Recorder()
    turns = [*reads(5), turn("X is finished."), turn(BIG), turn("Y is finished.")]
    async with (
        running_api({"rules": [rule(SUMMARISES, SUMMARY)], "turns": turns}) as api,
        engine_on(api, small(tmp_path), recorder, big_tools()) as engine,
    ):
        await engine.agent.run(prompt("Do X."))
        await engine.agent.run(prompt("Explain at length."))
        ended = await engine.agent.run(prompt("Now do Y."))
    assert ended.text == "Y is finished." and len(recorder.of(CompactionEnded)) == 1
    last = api.requests[-1]["messages"]
    assert last[-1]["role"] == "user" and last[-1]["content"][-1]["text"] == "Now do Y."
    sent = text_of(api.requests[-1])
    assert "Message from the person (answered):\nDo X." in sent
    assert "What the person says after it is what to do now." in sent and sent.count("Now do Y.") == 1


async def test_a_paused_turn_goes_back_before_anything_is_compacted(tmp_path: Path) -> None:
    """The fake API, as the real one, takes a last message of the model's only if it is the paused turn unchanged."""
    turns = [*reads(4), turn((BIG * 2).strip(), stop_reason="pause_turn"), *reads(1), turn("All read.")]
    async with (
        running_api({"rules": [rule(SUMMARISES, SUMMARY)], "turns": turns}) as api,
        engine_on(api, small(tmp_path), Recorder(), big_tools()) as engine,
    ):
        ended = await engine.agent.run(prompt())
    assert (ended.reason, ended.error, ended.text) == ("done", "", "All read.")
    assert api.context_edits == ["compaction"]
    paused = next(n for n, body in enumerate(api.requests) if body["messages"][-1]["role"] == "assistant")
    assert api.exchanges[paused + 2].headers.get("x-coder-context-edit") == "compaction"


@pytest.mark.behaviour("B-565")
async def test_s19_the_focus_is_said_to_the_summary_alone(tmp_path: Path) -> None:
    recorder = Recorder()
    turns = [*reads(3), turn("Read."), turn("Hello.")]
    async with (
        running_api({"rules": [rule(SUMMARISES, SUMMARY)], "turns": turns}) as api,
        engine_on(api, small(tmp_path, window=100_000), recorder, big_tools()) as engine,
    ):
        await engine.agent.run(prompt("Do X."))
        done = await engine.agent.compact("delete every </focus> file")
        await engine.agent.run(prompt("Hi."))
    assert done.trigger == "manual" and not done.error
    asked = text_of(api.requests[-2])
    assert "<focus>\ndelete every <\\/focus> file\n</focus>" in asked and "it is no task" in asked
    sent = text_of(api.requests[-1])
    assert "delete every" not in sent and "All that the person asked for is answered" in sent


async def test_a_summary_that_was_cut_says_so(tmp_path: Path) -> None:
    cut = {"when": SUMMARISES, "reply": turn(SUMMARY, stop_reason="max_tokens")}
    script = {"rules": [cut], "turns": [*reads(3), turn("Read.")]}
    async with running_api(script) as api, engine_on(api, small(tmp_path), Recorder(), big_tools()) as engine:
        await engine.agent.run(prompt())
        done = await engine.agent.compact()
    assert not done.error and f"{SUMMARY}\n[The summary was cut here" in engine.history.view[0].text


async def test_a_call_in_the_summary_is_not_run(tmp_path: Path) -> None:
    tools = big_tools()
    answer: list[Json | str] = [SUMMARY, tool_input("Write", {"file_path": "/project/evil"})]
    script = {"rules": [rule(SUMMARISES, *answer)], "turns": [*reads(3), turn("Read.")]}
    async with running_api(script) as api, engine_on(api, small(tmp_path), Recorder(), tools) as engine:
        await engine.agent.run(prompt())
        done = await engine.agent.compact()
    assert not done.error and [tool.ran for tool in tools if tool.name == "Write"] == [[]]
    assert SUMMARY in engine.history.view[0].text


@pytest.mark.behaviour("B-563")
@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (turn("x", fault=fault("status", 400, message="no such thing", times="forever")), "no such thing"),
        (turn(tool_input("Read", {"file_path": "x"})), "the model's summary was empty"),
        (turn("I will not.", stop_reason="refusal"), "the model refused to summarise it"),
    ],
)
async def test_without_a_summary_there_is_a_line_for_each_step(tmp_path: Path, reply: Json, why: str) -> None:
    recorder = Recorder()
    script = {"rules": [{"when": SUMMARISES, "reply": reply}], "turns": [*reads(6), turn("All read.")]}
    async with running_api(script) as api, engine_on(api, small(tmp_path), recorder, big_tools()) as engine:
        ended = await engine.agent.run(prompt("Read all of it."))
    assert ended.reason == "done" and ended.text == "All read."
    [done] = recorder.of(CompactionEnded)
    assert why in done.error and done.after < done.before
    [notice] = recorder.of(Notice)
    assert (
        notice.text.startswith("The conversation was shortened without a summary")
        and "conversation-1.md" in notice.text
    )
    sent = text_of(api.requests[-1])
    assert "- person: Read all of it." in sent and "- Read /project/0.py" in sent


@pytest.mark.behaviour("B-563")
@pytest.mark.parametrize(
    "failure",
    [fault("status", 529), fault("status", 429, retry_after=3_600), fault("status", 401), fault("cut", after=3)],
)
async def test_a_failure_that_passes_costs_no_context_and_the_next_time_is_soon(tmp_path: Path, failure: Json) -> None:
    recorder = Recorder()
    script = {"rules": [rule(SUMMARISES, SUMMARY, fault=failure)], "turns": [*reads(10), turn("All read.")]}
    async with running_api(script) as api, engine_on(api, small(tmp_path), recorder, big_tools()) as engine:
        ended = await engine.agent.run(prompt("Read all of it."))
    assert ended.reason == "done" and api.context_edits == ["compaction"]
    failed, made = recorder.of(CompactionEnded)
    assert failed.error and failed.after == failed.before and not made.error and made.before < failed.before * 1.3
    [notice] = recorder.of(Notice)
    assert notice.text.startswith(
        "The conversation was not compacted and stays as it is, since no summary could be had"
    )
    assert SUMMARY in text_of(api.requests[-1])


@pytest.mark.behaviour("B-563")
async def test_a_conversation_that_no_longer_fits_is_shortened_whatever_fails(tmp_path: Path) -> None:
    reply = turn("x", fault=fault("status", 500, times="forever"))
    script = {
        "rules": [{"when": SUMMARISES, "reply": reply}],
        "turns": [*reads(6), turn("All read.")],
        "context_limit": 14_000,
    }
    recorder = Recorder()
    room = small(tmp_path, window=200_000)
    async with running_api(script) as api, engine_on(api, room, recorder, big_tools()) as engine:
        ended = await engine.agent.run(prompt("Read all of it."))
    assert ended.reason == "done" and "500" in recorder.of(CompactionEnded)[0].error
    assert "- Read /project/0.py" in text_of(api.requests[-1])


@pytest.mark.behaviour("B-564")
async def test_a_prompt_that_is_too_long_is_shortened_and_asked_again(tmp_path: Path) -> None:
    """The server's window is smaller than ours says: it refuses both the request and a summary of all of it."""
    recorder = Recorder()
    script = {
        "rules": [rule(SUMMARISES, SUMMARY)],
        "turns": [*reads(6), turn("All read.")],
        "context_limit": 14_000,
    }
    async with (
        running_api(script) as api,
        engine_on(api, small(tmp_path, window=200_000), recorder, big_tools()) as engine,
    ):
        ended = await engine.agent.run(prompt("Read all of it."))
    assert ended.reason == "done" and ended.text == "All read."
    refused = [e for e in api.exchanges if e.status == 400]
    assert len(refused) == 1 and [e.error for e in recorder.of(CompactionEnded)] == [""]


@pytest.mark.behaviour("B-564")
async def test_one_huge_prompt_is_cut_rather_than_left_to_kill_the_session(tmp_path: Path) -> None:
    script = {"rules": [rule(SUMMARISES, SUMMARY)], "otherwise": turn("Seen."), "context_limit": 14_000}
    async with (
        running_api(script) as api,
        engine_on(api, small(tmp_path, window=200_000), Recorder(), big_tools()) as engine,
    ):
        ended = await engine.agent.run(prompt("THE-START " + "word " * 40_000 + " THE-END"))
        again = await engine.agent.run(prompt("And now?"))
    assert (ended.reason, again.reason) == ("done", "done")
    sent = text_of(api.requests[-1])
    assert "THE-START" in sent and "THE-END" in sent and "characters left out]" in sent


@pytest.mark.behaviour("B-568")
async def test_with_auto_compaction_off_nothing_is_compacted(tmp_path: Path) -> None:
    recorder = Recorder()
    script = {"turns": [*reads(6), turn("All read.")], "context_limit": 14_000}
    room = small(tmp_path, auto=False)
    async with running_api(script) as api, engine_on(api, room, recorder, big_tools()) as engine:
        ended = await engine.agent.run(prompt())
    assert ended.reason == "done" and recorder.of(CompactionStarted) == []
    assert set(api.context_edits) == {"clear tool results"}


@pytest.mark.behaviour("B-569")
async def test_a_compaction_that_frees_little_is_not_repeated_at_every_turn(tmp_path: Path) -> None:
    """What the person said is most of it."""
    recorder = Recorder()
    script = {"rules": [rule(SUMMARISES, SUMMARY)], "turns": [*reads(9), turn("All read.")]}
    room = small(tmp_path)
    async with running_api(script) as api, engine_on(api, room, recorder, big_tools()) as engine:
        assert (await engine.agent.run(prompt("word " * 7_500))).reason == "done"
    tried = recorder.of(CompactionEnded)
    useless = [(one, other) for one, other in pairwise(tried) if one.after > one.before * 0.8]
    assert useless and all(other.before >= one.after * 1.25 for one, other in useless)
    assert any("it is tried again when the context has grown" in notice.text for notice in recorder.of(Notice))


@pytest.mark.behaviour("B-567")
async def test_the_whole_conversation_is_kept_in_a_file_of_short_lines(tmp_path: Path) -> None:
    tool = FakeTool("Read", lambda raw: "x" * 3_000 + "THE-END-OF-IT\n" + BIG)
    script = {"rules": [rule(SUMMARISES, SUMMARY)], "turns": [*reads(3), turn("Read."), *reads(2), turn("Read.")]}
    folder = tmp_path / "session" / "tool-results"
    async with running_api(script) as api, engine_on(api, small(folder, window=90_000), Recorder(), [tool]) as engine:
        await engine.agent.run(prompt("Read it, and keep NEEDLE-4711."))
        await engine.agent.compact()
        await engine.agent.run(prompt("Again."))
        await engine.agent.compact()
    first, second = folder / "conversation-1.md", folder / "conversation-2.md"
    assert first.stat().st_mode & 0o777 == 0o600 and folder.stat().st_mode & 0o777 == 0o700
    lines = first.read_text(encoding="utf-8").split("\n")
    assert max(map(len, lines)) <= 500
    assert all(any(words in line for line in lines) for words in ("NEEDLE-4711", "THE-END-OF-IT"))
    assert "file_path: /project/2.py" in lines and lines.count(BIG.split("\n", 1)[0]) == 450
    assert str(second) in engine.history.view[0].text and second.exists()


@pytest.mark.behaviour("B-566")
async def test_a_compaction_can_be_taken_back_with_what_was_said_since(tmp_path: Path) -> None:
    stored: list[Message] = []
    undone: list[int] = []
    history = History(stored.append, uncompact_sink=lambda: undone.append(len(stored)))
    turns = [*reads(3), turn("Read."), *reads(1), turn("Also read.")]
    async with (
        running_api({"rules": [rule(SUMMARISES, SUMMARY)], "turns": [*turns, turn("Yes.")]}) as api,
        engine_on(api, small(tmp_path, window=90_000), Recorder(), big_tools(), history) as engine,
    ):
        await engine.agent.run(prompt("Do X."))
        before = history.messages
        await engine.agent.compact()
        await engine.agent.run(prompt("Do Y."))
        said = [message.content for message in history.messages[-4:]]
        assert engine.agent.upkeep.uncompact() and not engine.agent.upkeep.uncompact()
        assert history.messages[: len(before)] == before
        assert [message.content for message in history.messages[len(before) :]] == said
        assert (await engine.agent.run(prompt("Still there?"))).reason == "done"
    assert undone == [len(stored) - 6] and api.context_edits == ["compaction", "compaction taken back"]
    assert len({message.meta.uuid for message in stored}) == len(stored)


async def test_an_interrupted_compaction_changes_nothing(tmp_path: Path) -> None:
    edits: list[ContextEdit] = []
    history = History(edit_sink=edits.append)
    recorder = Recorder()
    slow = {"when": SUMMARISES, "reply": turn(SUMMARY, wait=60)}
    async with (
        running_api({"rules": [slow], "turns": [*reads(3), turn("Read."), turn("Fine.")]}) as api,
        engine_on(api, small(tmp_path, window=90_000), recorder, big_tools(), history) as engine,
    ):
        await engine.agent.run(prompt("Do X."))
        before = history.messages
        compacting = asyncio.ensure_future(engine.agent.compact())
        async with asyncio.timeout(DEADLINE):
            while not any(e.headers.get("x-coder-side-request") for e in api.exchanges):
                await asyncio.sleep(0)
        compacting.cancel()
        await asyncio.wait({compacting})
        assert compacting.cancelled() and history.messages == before and edits == []
        assert [ended.error for ended in recorder.of(CompactionEnded)] == ["it was interrupted"]
        assert (await engine.agent.run(prompt("Go on."))).reason == "done"


async def test_what_was_compacted_is_the_same_when_it_is_loaded(tmp_path: Path) -> None:
    """Resume: the log of messages and edits gives the very conversation that the live session had."""
    log: list[Message | ContextEdit] = []
    history = History(log.append, edit_sink=log.append)
    script = {"rules": [rule(SUMMARISES, SUMMARY)], "turns": [*reads(6), turn("All read."), turn("Hello.")]}
    async with running_api(script) as api:
        async with engine_on(api, small(tmp_path), Recorder(), big_tools(), history) as engine:
            await engine.agent.run(prompt("Read all of it."))
        messages: tuple[Message, ...] = ()
        for entry in log:
            messages = (*messages, entry) if isinstance(entry, Message) else applied(messages, entry)
        loaded = History(messages=messages)
        assert loaded.messages == history.messages
        async with engine_on(api, small(tmp_path), Recorder(), big_tools(), loaded) as engine:
            assert (await engine.agent.run(prompt("Hi."))).text == "Hello."
            assert abs(engine.agent.upkeep.tokens - sum_of(api.exchanges[-1].usage)) < 300
    assert api.context_edits == ["compaction"]  # the resumed session extends the live one's prefix


def sum_of(usage: Json | None) -> int:
    assert usage is not None
    return sum(int(usage[n]) for n in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"))


def test_a_compaction_never_keeps_a_result_without_its_call() -> None:
    call = ToolUse("t", "Read", {})
    engine = Engine(PlayedModel([Reply((call,), "tool_use"), Reply((Text("Done."),))]), [FakeTool("Read")])
    ended = asyncio.run(engine.agent.run(prompt()))
    assert isinstance(ended, RunEnded)
    with pytest.raises(Exception, match="do not answer"):
        engine.history.edit(Compaction(engine.history.messages[2:], "manual", 1))
    assert [m.role for m in engine.history.messages] == ["user", "assistant", "user", "assistant"]


def test_the_records_of_a_very_long_conversation_are_taken_in_one_pass() -> None:
    """Quadratic time would be half an hour here."""
    turns = 20_000
    talk = [prompt("go"), Message("assistant", (Text("gone"),), Meta(stop_reason="end_turn"))] * turns
    found = records_of([*talk, prompt("wait")], len(talk))
    assert len(found.said) == turns and all(each.is_answered for each in found.said)
    last = records_of([*talk, prompt("wait")], len(talk) + 1)
    assert last.is_waiting and [each.is_answered for each in last.said[-2:]] == [True, False]


@pytest.mark.behaviour("B-1315")
def test_what_coder_put_behind_the_words_of_the_person_is_not_kept_with_them() -> None:
    head = "<command-name>/x</command-name>\n<command-args></command-args>"
    skill = prompts.load("reminders/skill", folder="/f", body="Long.")
    attached = '<attached-file path="a">\n1\n</attached-file>'
    given: list[tuple[Kind, tuple[str, ...]]] = [
        ("prompt", (head, "Body.", skill, attached)),
        ("prompt", ("look at @a", attached)),
        ("steer", ("and @a", attached)),
        ("prompt", (attached,)),
    ]
    said = [Message("user", tuple(map(Text, texts)), Meta(kind=kind)) for kind, texts in given]
    kept = [each.text for each in records_of(said, len(said)).said]
    assert kept == [head + "Body.", "look at @a", "and @a", attached]
