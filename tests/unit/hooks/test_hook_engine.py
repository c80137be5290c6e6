"""All hooks of a point together: which run, how long, and what is put together."""

from __future__ import annotations

import asyncio

import pytest

from coder.core.messages import Json
from coder.hooks.inputs import subject_of
from tests.support.hooking import Bench, command, on
from tests.support.processes import is_alive, pid_in, until

# Each says that it is there and waits for the other: they end only when they run at the same time.
MEET = "touch {0}; until [ -e {1} ]; do sleep 0.01; done; exit {2}"


@pytest.mark.behaviour("B-1184")
async def test_hooks_of_a_point_run_side_by_side(bench: Bench) -> None:
    engine = bench.engine(on("Stop", command(MEET.format("a", "b", 0)), command(MEET.format("b", "a", 2))))
    merged = await bench.run(engine, "Stop")
    assert merged.said.blocked
    assert [part.ended.code for part in merged.parts] == [0, 2]


async def test_one_that_hangs_takes_nothing_from_the_others(bench: Bench) -> None:
    engine = bench.engine(on("Stop", command("exec sleep 1000", timeout=0.2), command("echo no >&2; exit 2")))
    merged = await bench.run(engine, "Stop")
    assert merged.said.reason == "no"
    assert merged.said.problem == "took longer than 0.2 s and was ended"


async def test_matchers_and_rules_choose(bench: Bench) -> None:
    asked: list[tuple[str, str, Json]] = []

    def fits(rule: str, tool: str, given: Json) -> bool:
        asked.append((rule, tool, given))
        return rule == "Bash(npm *)"

    engine = bench.engine(
        {
            "PreToolUse": [
                {"matcher": "Bash", "hooks": [
                    command("echo yes >&2; exit 2", **{"if": "Bash(npm *)"}),
                    command("echo no >&2; exit 2", **{"if": "Bash(git *)"}),
                ]},
                {"matcher": "Read", "hooks": [command("echo never >&2; exit 2")]},
            ]
        },
        fits=fits,
    )  # fmt: skip
    assert engine.wants("PreToolUse", "Bash")
    assert not engine.wants("PreToolUse", "Write")
    assert not engine.wants("Stop")
    assert asked == []
    merged = await bench.run(engine, "PreToolUse")
    assert merged.said.reason == "yes"
    assert [rule for rule, _, _ in asked] == ["Bash(npm *)", "Bash(git *)"]
    assert asked[0][1:] == ("Bash", {"command": "npm test", "description": "Run the tests"})


async def test_nothing_runs_where_there_is_none(bench: Bench) -> None:
    engine = bench.engine(on("Stop", command("exit 2")))
    assert (await bench.run(engine, "PreToolUse")).parts == ()
    assert (await engine.run("Unheard", "", {})).parts == ()
    assert bench.told == []


async def test_once(bench: Bench) -> None:
    engine = bench.engine()
    engine.hooks, _ = engine.hooks.with_more(on("Stop", command("echo x >> ran", once=True)), "SKILL.md")
    await bench.run(engine, "Stop")
    await bench.run(engine, "Stop")
    assert (bench.folder / "ran").read_text() == "x\n"
    assert not engine.wants("Stop")


@pytest.mark.behaviour("B-1185")
async def test_hooks_of_the_end_share_a_short_time(bench: Bench) -> None:
    bench.env["CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS"] = "200"
    engine = bench.engine(on("SessionEnd", command("exec sleep 1000"), command("exec sleep 2000", timeout=900)))
    merged = await bench.run(engine, "SessionEnd")
    assert merged.said.problem == "took longer than 0.2 s and was ended"
    assert all(part.ended.timed_out for part in merged.parts)


@pytest.mark.parametrize(("own", "told", "seconds"), [(None, "²", "1.5"), (0.3, "", "0.3")])
async def test_the_budget_of_the_end(bench: Bench, own: float | None, told: str, seconds: str) -> None:
    bench.env["CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS"] = told
    more = {} if own is None else {"timeout": own}
    engine = bench.engine(on("SessionEnd", command("exec sleep 1000", **more)))
    assert (await bench.run(engine, "SessionEnd")).said.problem == f"took longer than {seconds} s and was ended"


@pytest.mark.behaviour("B-1186")
async def test_in_the_background(bench: Bench) -> None:
    wait = "until [ -e go ]; do sleep 0.01; done"
    engine = bench.engine(
        on(
            "SessionStart",
            command(f"{wait}; echo quiet", **{"async": True}),
            command(f"{wait}; echo all is well >&2", asyncRewake=True),
            command(f"{wait}; echo wake up >&2; exit 2", asyncRewake=True, rewakeMessage="Look:"),
            command(f'echo \'{{"async": true, "asyncTimeout": 60000}}\'; {wait}; echo said later'),
        )
    )
    merged = await bench.run(engine, "SessionStart")
    assert [part.ended.background for part in merged.parts] == [True, True, True, True]
    assert merged.said.notes == ()
    assert bench.ended == []
    (bench.folder / "go").touch()
    await until(lambda: len(bench.late) == 4)
    notes = {note for part in bench.late for note in part.outcome.notes}
    assert notes == {"quiet", "said later"}
    (woke,) = [part for part in bench.late if part.wakes]
    assert woke.outcome.lines == ("wake up",)
    assert woke.handler.wake_text == "Look:"
    assert len(bench.ended) == 4


async def test_an_announced_time_counts(bench: Bench) -> None:
    part = await bench.one('echo \'{"async": true, "asyncTimeout": 100}\'; exec sleep 1000', "SessionStart")
    assert part.ended.background
    await until(lambda: bool(bench.late))
    assert bench.late[0].outcome.problem == "took longer than 0.1 s and was ended"


@pytest.mark.behaviour("B-1186")
async def test_the_background_ends_with_the_session(bench: Bench) -> None:
    line = "echo $$ > pid; exec sleep 1000"
    engine = bench.engine(on("Stop", command(line, **{"async": True})))
    await bench.run(engine, "Stop")
    await until(lambda: pid_in(bench.folder / "pid") is not None)
    await engine.aclose()
    await engine.aclose()
    pid = pid_in(bench.folder / "pid")
    assert pid is not None
    await until(lambda: not is_alive(pid))
    assert [ended.outcome for ended in bench.ended] == ["cancelled"]
    assert bench.late == []


async def test_what_was_just_started_ends_too(bench: Bench) -> None:
    engine = bench.engine(on("Stop", command("exec sleep 1000", **{"async": True})))
    await bench.run(engine, "Stop")
    await engine.aclose()
    assert [ended.outcome for ended in bench.ended] == ["cancelled"]
    assert len(asyncio.all_tasks()) == 1


async def test_a_call_that_no_hook_can_be_told_of_does_not_pass(bench: Bench) -> None:
    engine = bench.engine(on("PreToolUse", command("exit 0")) | on("Notification", command("exit 0")))
    deep: Json = {}
    for _ in range(100_000):
        deep = {"a": deep}
    merged = await bench.run(engine, "PreToolUse", tool_input=deep)
    assert merged.said.verdict == "deny"
    assert not (await bench.run(engine, "Notification", message=deep)).said.blocked


def test_subjects() -> None:
    assert subject_of({"hook_event_name": "PreToolUse", "tool_name": "Bash"}) == "Bash"
    assert subject_of({"hook_event_name": "Stop", "tool_name": "Bash"}) == ""
    assert subject_of({}) == ""
