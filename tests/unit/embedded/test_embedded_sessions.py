"""Sessions inside another program: what it is told, what it is asked, and what of it stays as it was."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coder import Allow, CoderError, Deny, Options, PermissionRequest, Result, Session, Started, query
from coder.frontends.embedded.messages import Delta, Denied, Note, Text, ToolCall, ToolDone, Waiting
from tests.support.fakeapi import RunningApi, fault, running_api, tool, turn


class Desk:
    """A folder and a home for sessions of a test."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "project"
        self.folder.mkdir()

    def options(self, api: RunningApi, **given: Any) -> Options:
        env = {**api.env, "HOME": str(self.root), "CODER_CONFIG_DIR": str(self.root / "home")}
        return Options(cwd=self.folder, env={**env, "CLAUDE_CODE_MAX_RETRIES": "1"}, **given)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def touching(name: str) -> dict[str, Any]:
    return turn(tool("Bash", command=f"touch {name}"))


@pytest.mark.behaviour("B-2310")
async def test_what_happens_is_told_in_order_and_ends_with_one_result(desk: Desk) -> None:
    (desk.folder / "a.txt").write_text("seven\n")
    script = [
        turn("I look.", tool("Read", file_path=str(desk.folder / "a.txt")), fault=fault("status", 529)),
        turn("Seven."),
    ]
    async with running_api(script) as api:
        told = [each async for each in query("What is in a.txt?", desk.options(api, partial=True))]
    kinds = [type(each) for each in told if not isinstance(each, Delta)]
    assert kinds == [Started, Waiting, Text, ToolCall, ToolDone, Text, Result]
    said = [each for each in told if isinstance(each, Delta)]
    assert "".join(each.text for each in said) == "I look.Seven."
    (done,) = (each for each in told if isinstance(each, ToolDone))
    assert (done.name, done.is_error, done.data is None) == ("Read", False, False)
    assert "seven" in done.text
    ended = told[-1]
    assert isinstance(ended, Result) and isinstance(told[0], Started)
    assert (ended.ok, ended.text, ended.turns, ended.session_id) == (True, "Seven.", 2, told[0].session_id)
    assert ended.cost_usd is not None and ended.cost_usd > 0


@pytest.mark.behaviour("B-2311")
@pytest.mark.parametrize(
    ("answer", "runs", "said"),
    [
        (lambda request: True, "b", ""),
        (lambda request: Allow(input={"command": "touch c"}), "c", ""),
        (lambda request: False, "", "does not allow it"),
        (lambda request: Deny("Not today."), "", "Not today."),
        (lambda request: None, "", "does not allow it"),  # no clear yes
        (lambda request: "yes", "", "does not allow it"),
        (None, "", "nobody"),
    ],
)
async def test_the_program_decides_and_anything_but_a_yes_is_a_no(
    answer: Callable[[PermissionRequest], Any] | None, runs: str, said: str, desk: Desk
) -> None:
    asked: list[PermissionRequest] = []

    async def permission(request: PermissionRequest) -> Any:
        asked.append(request)
        assert answer is not None
        return answer(request)

    async with running_api([touching("b"), turn("Over.")]) as api:
        async with Session(desk.options(api, permission=permission if answer is not None else None)) as session:
            result = await session.ask("Do it.")
        told = str(api.requests[-1]["messages"][-1])
    assert [each.name for each in desk.folder.iterdir()] == [runs] * bool(runs)
    assert [each.summary for each in asked] == ["Bash touch b"] * (answer is not None)
    assert result.ok and len(result.denied) == (not runs)
    assert said in told


@pytest.mark.behaviour("B-2311")
async def test_a_callback_that_raises_allows_nothing_and_is_raised_where_the_program_waits(desk: Desk) -> None:
    async def permission(request: PermissionRequest) -> bool:
        raise LookupError("no such user")

    script = [touching("b"), turn("Over."), turn("Another answer.")]
    async with running_api(script) as api, Session(desk.options(api, permission=permission)) as session:
        with pytest.raises(LookupError, match="no such user"):
            await session.ask("Do it.")
        assert not (desk.folder / "b").exists()
        assert len(api.requests) == 1
        assert (await session.ask("Go on.")).ok  # the session goes on


@pytest.mark.behaviour("B-2311")
async def test_questions_of_the_model_are_answered_by_the_program(desk: Desk) -> None:
    choices = [{"label": "red", "description": "r"}, {"label": "blue", "description": "b"}]
    asked = {"question": "Which colour?", "header": "Colour", "options": choices, "multiSelect": False}

    async def questions(given: Any) -> dict[str, str]:
        return {each["question"]: "blue" for each in given}

    async with running_api([turn(tool("AskUserQuestion", questions=[asked])), turn("Blue.")]) as api:
        async with Session(desk.options(api, questions=questions)) as session:
            assert (await session.ask("Paint.")).text == "Blue."
        assert "blue" in str(api.requests[-1]["messages"][-1])


def _state() -> tuple[object, ...]:
    root = logging.getLogger()
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    return (handlers, Path.cwd(), dict(os.environ), root.level, list(root.handlers), gc.isenabled())


@pytest.mark.behaviour("B-2312")
async def test_several_sessions_at_once_and_the_program_stays_as_it_was(desk: Desk) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    rules = [
        {"when": {"last_user_contains": f"number {n}"}, "reply": turn(f"This is {n}.", wait=0.05)} for n in range(3)
    ]
    gc.freeze()  # as programs may that fork
    frozen, before, logs = (
        gc.get_freeze_count(),
        _state(),
        (logging.getLogger().level, list(logging.getLogger().handlers)),
    )
    async with running_api({"rules": rules}) as api:
        options = desk.options(api, tools=[add])

        async def one(number: int) -> tuple[str, str]:
            async with Session(options) as session:
                result = await session.ask(f"Which number are you, number {number}?")
                assert (logging.getLogger().level, logging.getLogger().handlers) == logs
                return session.id, result.text

        answers = await asyncio.gather(*(one(number) for number in range(3)))
    assert [text for _, text in answers] == [f"This is {number}." for number in range(3)]
    assert len({id for id, _ in answers}) == 3
    assert _state() == before
    assert gc.get_freeze_count() <= frozen  # some of it has gone, none has come
    gc.unfreeze()


@pytest.mark.behaviour("B-2312")
async def test_an_interrupt_ends_one_run_and_no_other_and_the_session_goes_on(desk: Desk) -> None:
    asked = asyncio.Event()
    go = asyncio.Event()

    async def permission(request: PermissionRequest) -> bool:
        asked.set()
        await go.wait()
        return False

    rules = [{"when": {"last_user_contains": "wait", "turn": 1}, "reply": touching("x")}]
    async with running_api({"rules": rules, "otherwise": "Here."}) as api:
        options = desk.options(api, permission=permission)
        async with Session(options) as first, Session(options) as second:
            waiting = asyncio.create_task(first.ask("Please wait."))
            await asked.wait()
            with pytest.raises(CoderError, match="a run is under way"):
                await first.ask("Hello?")
            first.interrupt()
            assert (await waiting).reason == "interrupted"
            assert (await second.ask("Hello?")).text == "Here."
            assert (await first.ask("Hello?")).text == "Here."


@pytest.mark.behaviour("B-2312")
@pytest.mark.parametrize("leaves", ["query", "stream", "cancel"])
async def test_who_stops_listening_ends_the_run_and_all_it_started(leaves: str, desk: Desk) -> None:
    command = "echo $$ > pid; sleep 987"
    async with running_api([turn(tool("Bash", command=command)), turn("Never.")], allow_violations=True) as api:
        options = desk.options(api, permission_mode="bypassPermissions")

        async def until_it_runs() -> int:
            file = desk.folder / "pid"
            while not (file.exists() and file.read_text().endswith("\n")):
                await asyncio.sleep(0.01)
            return int(file.read_text())

        if leaves == "query":
            async with aclosing(query("Sleep.", options)) as messages:
                async for message in messages:
                    if isinstance(message, ToolCall):
                        pid = await until_it_runs()
                        break
        elif leaves == "stream":
            async with Session(options) as session:
                async with aclosing(session.stream("Sleep.")) as messages:
                    async for message in messages:
                        if isinstance(message, ToolCall):
                            pid = await until_it_runs()
                            break
                assert not session.is_running
        else:
            async with Session(options) as session:
                asking = asyncio.create_task(session.ask("Sleep."))
                pid = await until_it_runs()
                asking.cancel()
                await asyncio.wait({asking})
                assert asking.cancelled() and not session.is_running
        assert len(api.requests) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.behaviour("B-2310")
async def test_a_failure_of_the_model_is_a_value_and_a_wrong_option_is_raised(desk: Desk) -> None:
    async with running_api([turn("x", fault=fault("status", 400))], allow_violations=True) as api:
        async with Session(desk.options(api)) as session:
            result = await session.ask("Hello.")
        assert (result.ok, result.reason, result.status) == (False, "model_error", 400)
        assert result.error
        for wrong in ({"resume": "nowhere"}, {"settings": "no-such.json"}, {"permission_mode": "fast"}):
            with pytest.raises(CoderError):
                async with Session(desk.options(api, **wrong)):
                    pass
        with pytest.raises(CoderError, match="async with"):
            await Session(desk.options(api)).ask("Hello.")


@pytest.mark.behaviour("B-2310")
async def test_a_session_is_gone_on_with_and_commands_are_known_by_name(desk: Desk) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api:
        async with Session(desk.options(api)) as session:
            await session.ask("First.")
        async with Session(desk.options(api, resume=session_id(desk))) as session:
            with pytest.raises(CoderError, match="Unknown command: /nope"):
                await session.ask("/nope")
            await session.ask("Second.")
        assert "First." in str(api.requests[1]["messages"])


def session_id(desk: Desk) -> str:
    (file,) = (desk.root / "home" / "projects").glob("*/*.jsonl")
    return file.stem


@pytest.mark.behaviour("B-2310")
async def test_the_folders_own_settings_need_trust(desk: Desk) -> None:
    settings = desk.folder / ".coder" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{"permissions": {"allow": ["Bash(touch *)"]}}')
    for trusts in (False, True):
        async with (
            running_api([touching("made"), turn("Over.")]) as api,
            Session(desk.options(api, trust_folder=trusts)) as session,
        ):
            assert bool(session.started.warnings) is not trusts
            await session.ask("Do it.")
            assert (desk.folder / "made").exists() is trusts


async def test_what_is_said_while_nobody_listens_is_not_kept(desk: Desk) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api, Session(desk.options(api)) as session:
        await session.ask("First.")
        told = [each async for each in session.stream("Second.")]
    assert [each.text for each in told if isinstance(each, Text)] == ["Two."]
    assert not [each for each in told if isinstance(each, Denied | Note)]


@dataclass
class Price:
    cents: int
    currency: str = "EUR"

    def __post_init__(self) -> None:
        if self.cents < 0:
            raise ValueError("no price")


SCHEMA = {"type": "object", "properties": {"cents": {"type": "integer"}}, "required": ["cents"]}


@pytest.mark.behaviour("B-2314")
@pytest.mark.parametrize(
    ("answer", "handed", "value"),
    [
        (Price, {"cents": 5}, Price(5)),
        (SCHEMA, {"cents": 5, "more": True}, {"cents": 5, "more": True}),
        (Price, {"cents": -5}, None),
        (Price, {"cents": "five"}, None),
    ],
)
async def test_an_answer_has_the_form_that_was_asked_for(answer: Any, handed: Any, value: Any, desk: Desk) -> None:
    script = [turn(tool("Submit", **handed), repeat=2)]
    async with running_api(script) as api, Session(desk.options(api, answer=answer)) as session:
        result = await session.ask("What does it cost?")
    assert result.value == value
    assert result.ok is (handed["cents"] != "five")


@pytest.mark.behaviour("B-2314")
async def test_what_is_no_form_is_refused(desk: Desk) -> None:
    for wrong in (int, Desk, {"type": "nonsense"}):
        with pytest.raises(CoderError):
            async with Session(Options(cwd=desk.folder, env={"CODER_CONFIG_DIR": str(desk.root)}, answer=wrong)):
                pass


@pytest.mark.behaviour("B-2310")
async def test_without_a_server_that_must_be_there_nothing_is_sent(desk: Desk) -> None:
    servers = {"gone": {"command": "no-such-program-anywhere"}}
    async with running_api([turn("Never.")]) as api:
        async with Session(desk.options(api, mcp_servers=servers, require_mcp=["gone"])) as session:
            result = await session.ask("Hello.")
        assert not api.requests
    assert (result.reason, "gone" in result.error) == ("server_missing", True)
