"""Hooks that a skill brought, for as long as the session lasts: the session as the product builds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.app.build import open_session
from coder.app.session import Session
from coder.app.starting import Start
from coder.core.requests import Deny
from coder.frontends.reopening import again, changed, leaves
from tests.support.engine import Recorder
from tests.support.fakeapi import running_api, tool, turn
from tests.support.hooked import group, keeps, kept
from tests.support.talks import Talk

BASH = turn(tool("Bash", command="true"))
DONE = turn("Done.")


def careful(talk: Talk, seen: Path, note: str = "seen") -> Path:
    hooks = {
        "PreToolUse": [group(keeps(seen, f"echo {note} >&2; exit 2"), matcher="Bash")],
        "SessionEnd": [group(keeps(seen))],
    }
    path = talk.state / "skills" / "careful" / "SKILL.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\ndescription: careful\nhooks: {json.dumps(hooks)}\n---\nBe careful.\n")
    return path


def events(seen: Path) -> list[str]:
    return [each["hook_event_name"] for each in kept(seen)] if seen.exists() else []


async def reopened(talk: Talk, session: Session, *, clears: bool = False) -> Session:
    """As after /effort, or after /clear."""
    start = Start(clears=True) if clears else None
    config, way = changed(talk.config(), session, start, {"effort": "low"})
    leaves(session, start)
    await session.aclose()
    return await open_session(config, Recorder(Deny("nobody", nobody=True)), start=way)


@pytest.mark.behaviour("B-1314")
async def test_they_stay_when_the_session_goes_on_under_other_settings(tmp_path: Path) -> None:
    async with running_api([BASH, DONE, BASH, DONE, BASH, DONE]) as api:
        talk, seen = Talk.at(tmp_path, api.url), tmp_path / "seen"
        careful(talk, seen)
        session = await talk.open()
        await session.prompt("/careful")
        session = await reopened(talk, session)
        await session.prompt("go on")
        assert events(seen) == ["PreToolUse", "PreToolUse"]
        session = await reopened(talk, session, clears=True)
        assert kept(seen)[-1]["reason"] == "clear"
        await session.prompt("something else")
        await session.aclose()
        assert events(seen) == ["PreToolUse", "PreToolUse", "SessionEnd"]


@pytest.mark.behaviour("B-1314")
async def test_before_anything_was_said_there_is_nothing_to_keep(tmp_path: Path) -> None:
    async with running_api([DONE]) as api:
        session = await Talk.at(tmp_path, api.url).open()
        assert again(session).hooks == () and session.points.brought == ()
        await session.aclose()


@pytest.mark.behaviour("B-1300")
async def test_a_skill_that_is_used_again_has_the_hooks_it_has_now(tmp_path: Path) -> None:
    async with running_api([BASH, DONE, BASH, DONE, BASH, DONE]) as api:
        talk, seen = Talk.at(tmp_path, api.url), tmp_path / "seen"
        careful(talk, seen, "first words")
        session = await talk.open()
        await session.prompt("/careful")
        await session.prompt("/careful")
        careful(talk, seen, "other words, now")
        await session.prompt("/careful")
        await session.aclose()
    assert events(seen) == ["PreToolUse"] * 3 + ["SessionEnd"]
    told = [str(body["messages"]) for body in api.requests[1::2]]
    assert ["first words" in text for text in told] == [True, True, True]
    assert ["other words" in text for text in told] == [False, False, True]
    assert str(api.requests[-1]["messages"]).count("first words") == 2


@pytest.mark.behaviour("B-1301")
@pytest.mark.parametrize(
    ("where", "said", "heads"),
    [
        ("managed", {"allowManagedHooksOnly": True}, "managed"),
        ("managed", {"disableAllHooks": True}, "none"),
        ("state", {"disableAllHooks": True}, "managed"),
        ("state", {"allowManagedHooksOnly": True}, "all"),
    ],
)
async def test_settings_say_whose_skills_may_bring_hooks(
    tmp_path: Path, where: str, said: dict[str, bool], heads: str
) -> None:
    async with running_api([BASH, DONE]) as api:
        talk, seen = Talk.at(tmp_path, api.url), tmp_path / "seen"
        careful(talk, seen)
        folder, name = (talk.home / "managed", "managed-settings") if where == "managed" else (talk.state, "settings")
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(said))
        assert talk.config().hooks.heads == heads
        session = await talk.open()
        await session.prompt("/careful")
        await session.aclose()
    assert bool(events(seen)) is (heads == "all")
