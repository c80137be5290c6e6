"""Evidence of a session, as the engine meets it: a listener, policies for the end of runs, and a word about the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.agent.history import History
from coder.agent.policies import Inject
from coder.app.evidencing import CITATIONS, Evidencing
from coder.core.events import AnyEvent, MessageAdded, RunEnded, RunStarted, TaskEnded
from coder.core.messages import Message, Meta, Text
from coder.core.requests import Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import running_api, tool, turn
from tests.support.talks import Talk


def seen_by(folder: Path) -> Evidencing:
    made = Evidencing((folder,))
    made.on(RunStarted(prompt=said("go")))
    return made


def said(text: str, kind: str = "prompt") -> Message:
    return Message("user", (Text(text),), Meta(kind=kind))  # type: ignore[arg-type]  # one of the kinds


async def objection(evidencing: Evidencing, answer: str) -> str:
    """What the model is told of its answer; "" when it may stand."""
    for policy in evidencing.policies():
        if isinstance(verdict := await policy.before_end(answer, History()), Inject):
            return verdict.message.text
    return ""


def ended(answer: str) -> RunEnded:
    return RunEnded(reason="done", turns=1, text=answer)


@pytest.mark.behaviour("B-1226")
async def test_wrong_places_are_challenged_once_and_then_doubted(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\n")
    evidencing = seen_by(tmp_path)
    evidencing.verify([CITATIONS])
    told = await objection(evidencing, "Look at a.py:1, a.py:7 and b.py:2.")
    assert "are there: a.py:7 (the file has 1 line), b.py:2 (no such file). Look them up" in told
    assert await objection(evidencing, "Look at a.py:7.") == ""
    evidence = evidencing.attach(ended("Look at a.py:7.")).evidence
    assert evidence is not None and evidence.doubts == ("the answer names a.py:7 (the file has 1 line)",)


@pytest.mark.behaviour("B-1226")
async def test_places_that_were_put_right_or_are_not_verified_leave_no_doubt(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\n")
    evidencing = seen_by(tmp_path)
    assert await objection(evidencing, "a.py:7") == "" and evidencing.attach(ended("a.py:7")).evidence is None
    evidencing.verify([CITATIONS])
    evidencing.on(RunStarted(prompt=said("again")))  # it was said of this run
    assert await objection(evidencing, "a.py:7")
    assert await objection(evidencing, "a.py:1") == "" and evidencing.attach(ended("a.py:1")).evidence is None
    evidencing.on(RunStarted(prompt=said("and again")))
    assert await objection(evidencing, "a.py:7") == ""


@pytest.mark.behaviour("B-1217")
async def test_each_run_is_challenged_anew(tmp_path: Path) -> None:
    evidencing = seen_by(tmp_path)
    assert await objection(evidencing, "All tests pass.") and not await objection(evidencing, "All tests pass.")
    evidencing.on(RunStarted(prompt=said("again")))
    assert await objection(evidencing, "All tests pass.")


@pytest.mark.behaviour("B-1218")
async def test_what_the_person_ran_and_what_ended_in_the_background_bear_a_claim_out(tmp_path: Path) -> None:
    evidencing = seen_by(tmp_path)
    shown = "<bash-input>pytest</bash-input>\n<bash-stdout>\n3 passed in 0.1s\n</bash-stdout>\nThe person ran this."
    evidencing.on(MessageAdded(message=said(shown, "shell")))
    assert await objection(evidencing, "All tests pass.") == ""
    output = tmp_path / "out.txt"
    output.write_bytes(b"\xff" * 300_000 + b"\n2 failed, 1 passed in 0.1s\n")
    task = TaskEnded(id="b1", command="pytest", state="failed", code=1, seconds=1.0, output=str(output))
    evidencing.on(task)
    assert "the last test run failed (pytest: 2 failed, 1 passed)" in await objection(evidencing, "All tests pass.")
    evidence = evidencing.attach(ended("Two tests fail.")).evidence
    assert evidence is not None and [(ran.command, ran.code) for ran in evidence.ran] == [("pytest", 1)]


@pytest.mark.behaviour("B-1220")
async def test_a_session_tells_its_tests_against_the_run_before(tmp_path: Path) -> None:
    ends: list[RunEnded] = []

    class Front(Recorder):
        def emit(self, event: AnyEvent) -> None:
            if isinstance(event, RunEnded):
                ends.append(event)

    run = tool("Bash", command="sh ./test.sh")
    async with running_api([turn(run), turn("One."), turn(run), turn("Two.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open(front=Front(Deny("nobody")))
        for report in ("12 passed in 0.1s", "11 passed, 1 failed in 0.1s"):
            (talk.project / "test.sh").write_text(f"echo '{report}'\n")
            await session.prompt("go")
        await session.aclose()
    first, second = (each.evidence for each in ends)
    assert first is not None and first.before is None and first.tests is not None and first.tests.passed == 12
    assert second is not None and second.before == first.tests
    assert second.tests is not None and second.tests.failed == 1
