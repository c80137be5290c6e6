"""What a run is lent ends with it: rules, effort, and what was said to it; the session as the product builds it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.events import AnyEvent, MessageAdded, Notice, TextDelta, ToolStarted
from coder.core.messages import said
from coder.core.requests import Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import RunningApi, fault, running_api, tool, turn
from tests.support.talks import Talk, texts

NOBODY = Deny("nobody", nobody=True)
HEAD = "---\ndescription: makes it\nallowed-tools: Bash(touch *)\n---\n"


def command(talk: Talk, name: str, text: str) -> None:
    path = talk.state / "commands" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def skill(talk: Talk, name: str, text: str) -> None:
    path = talk.state / "skills" / name / "SKILL.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def touch(name: str) -> dict[str, Any]:
    return turn(tool("Bash", command=f"touch {name}"))


class Front(Recorder):
    """Does something, once, when it is told of a kind of event."""

    def __init__(self) -> None:
        super().__init__(NOBODY)
        self.do: dict[type[AnyEvent], Callable[[], object]] = {}

    def emit(self, event: AnyEvent) -> None:
        super().emit(event)
        if do := self.do.pop(type(event), None):
            do()


async def holds(session: Session) -> bool:
    """Whether a later run may do what the skill was lent for."""
    ended = await session.prompt("And now?")
    assert ended.text == "After."
    return (session.facts.cwd / "after").exists()


MAKES = turn(tool("Skill", skill="make"))
ENDS: dict[str, list[dict[str, Any]]] = {
    "done": [MAKES, touch("made"), turn("Done.")],
    "failed": [MAKES, touch("made"), turn(fault=fault("status", 400))],
    "interrupted": [MAKES, touch("made"), turn("Slow " * 50, delay=0.05)],
    "too many turns": [MAKES, touch("made"), touch("more"), turn("Never.")],
    "out of time": [MAKES, touch("made"), turn("Never.", wait=60)],
    "stopped by a hook": [MAKES, touch("made"), turn("Never.")],
}


@pytest.mark.behaviour("B-1302")
@pytest.mark.parametrize("how", ENDS)
async def test_what_the_skill_tool_lends_ends_with_the_run_however_it_ends(tmp_path: Path, how: str) -> None:
    script = [*ENDS[how][: 2 if how == "stopped by a hook" else None], touch("after"), turn("After.")]
    if how == "too many turns":
        script = [MAKES, touch("made"), touch("after"), turn("After.")]
    async with running_api(script) as api:
        talk, front = Talk.at(tmp_path, api.url), Front()
        skill(talk, "make", HEAD + "Make it.\n")
        settings: dict[str, Any] = {"permissions": {"allow": ["Skill(make)"]}}
        if how == "stopped by a hook":
            hook = {"type": "command", "command": "test ! -e made || { rm made; touch was; exit 2; }"}
            settings["hooks"] = {"PostToolBatch": [{"hooks": [hook]}]}
        (talk.state / "settings.json").write_text(json.dumps(settings))
        options: dict[str, Any] = {"max_turns": 2} if how == "too many turns" else {}
        session = await talk.open(front=front, permission_mode="default", **options)
        if how == "interrupted":
            front.do[TextDelta] = session.interrupt
        try:
            ended = await session.prompt("Make it.", time_budget=2.0 if how == "out of time" else None)
            assert (talk.project / "made").exists() or (talk.project / "was").exists(), ended
            if how == "too many turns":
                assert ended.reason == "max_turns"
            assert await holds(session) is False
        finally:
            await session.aclose()


@pytest.mark.behaviour("B-1302")
@pytest.mark.parametrize("how", ["done", "failed", "interrupted", "refused", "cannot be made"])
async def test_what_a_typed_command_is_lent_ends_with_the_run_however_it_ends(tmp_path: Path, how: str) -> None:
    first: dict[str, list[dict[str, Any]]] = {
        "done": [touch("made"), turn("Done.")],
        "failed": [touch("made"), turn(fault=fault("status", 400))],
        "interrupted": [touch("made"), turn("Slow " * 50, delay=0.05)],
    }
    async with running_api([*first.get(how, []), touch("after"), turn("After.")]) as api:
        talk, front = Talk.at(tmp_path, api.url), Front()
        body = "!`touch made` !`cat missing`" if how == "cannot be made" else "Make it."
        command(talk, "make", HEAD + body)
        if how == "refused":
            hook = {"type": "command", "command": "grep -q /make && exit 2 || exit 0"}
            settings = {"hooks": {"UserPromptSubmit": [{"hooks": [hook]}]}}
            (talk.state / "settings.json").write_text(json.dumps(settings))
        session = await talk.open(front=front, permission_mode="default")
        if how == "interrupted":
            front.do[TextDelta] = session.interrupt
        try:
            if how == "cannot be made":
                with pytest.raises(CoderError, match="Shell command failed"):
                    await session.prompt("/make")
            else:
                await session.prompt("/make")
            assert (talk.project / "made").exists() is (how != "refused")
            assert await holds(session) is False
        finally:
            await session.aclose()


@pytest.mark.behaviour("B-1303")
@pytest.mark.parametrize(
    ("text", "effort", "wanted"),
    [
        ("Please ULTRATHINK about it", None, "high"),
        ("ultrathink", "low", "high"),
        ("ultrathink", "max", "max"),
        ("ultrathinking is no word", "low", "low"),
    ],
)
async def test_a_word_in_a_prompt_raises_the_effort_of_its_run(
    tmp_path: Path, text: str, effort: str | None, wanted: str
) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open(model="some-model", effort=effort)
        await session.prompt(text)
        await session.prompt("And soft again.")
        await session.aclose()
    efforts = [body.get("output_config", {}).get("effort") for body in api.requests]
    assert efforts == [wanted, effort]
    assert (
        api.requests[0]["tools"] == api.requests[1]["tools"] and api.requests[0]["system"] == api.requests[1]["system"]
    )


@pytest.mark.behaviour("B-1304")
async def test_files_that_are_mentioned_to_a_run_are_attached_when_it_hears_of_them(tmp_path: Path) -> None:
    async with running_api([turn(tool("Bash", command="true")), turn("One.")]) as api:
        talk, front = Talk.at(tmp_path, api.url), Front()
        (talk.project / "notes.txt").write_text("remember me\n")
        session = await talk.open(front=front)

        def steer() -> None:
            session.steer("look at @notes.txt too")
            session.steer("and @missing.txt")
            (talk.project / "notes.txt").write_text("changed since\n")

        front.do[ToolStarted] = steer
        await session.prompt("Go.")
        told = [text for text in texts(api.requests[1]) if "notes" in text or "missing" in text]
        assert told[0] == "look at @notes.txt too" and told[2] == "and @missing.txt" and len(told) == 3
        assert told[1].startswith("<attached-file ") and "changed since" in told[1]
        heard = [event.message for event in front.of(MessageAdded) if event.message.meta.kind == "steer"]
        assert [said(message) for message in heard] == ["look at @notes.txt too", "and @missing.txt"]
        assert session.steering.queued == ()
        await session.aclose()


@pytest.mark.behaviour("B-1304")
async def test_what_a_run_did_not_hear_comes_back_as_it_was_typed(tmp_path: Path) -> None:
    async with running_api([turn(tool("Bash", command="true")), turn("Never.", wait=60), turn("Two.")]) as api:
        talk, front = Talk.at(tmp_path, api.url), Front()
        (talk.project / "notes.txt").write_text("remember me\n")
        session = await talk.open(front=front)
        running = asyncio.ensure_future(session.prompt("Go."))
        await requested(api, 2)
        session.steer("look at @notes.txt too")
        session.interrupt()
        await running
        assert session.steering.take_back() == ("look at @notes.txt too",)
        await session.aclose()


@pytest.mark.behaviour("B-1304")
async def test_what_is_typed_while_files_are_attached_is_whole_too(tmp_path: Path) -> None:
    async with running_api([turn(tool("Bash", command="true")), turn("One.")]) as api:
        talk, front = Talk.at(tmp_path, api.url), Front()
        for name in ("a.txt", "b.txt"):
            (talk.project / name).write_text(f"words of {name}\n")
        (talk.project / "secret").write_text("x\n")
        session = await talk.open(front=front, disallowed_tools=("Read(secret)",))
        front.do[ToolStarted] = lambda: session.steer("@secret and @a.txt")
        front.do[Notice] = lambda: session.steer("then @b.txt")  # while the first is being made whole
        await session.prompt("Go.")
        told = " ".join(texts(api.requests[1]))
        assert "words of a.txt" in told and "words of b.txt" in told
        await session.aclose()


async def requested(api: RunningApi, count: int) -> None:
    async with asyncio.timeout(30):
        while len(api.requests) < count:
            await asyncio.sleep(0)
