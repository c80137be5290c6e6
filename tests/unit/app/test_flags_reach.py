"""What flags ask of the model and of the session, as far as the request and the hooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.app.build import open_session
from coder.config.mode import refused_as_root
from coder.core.errors import SessionError
from coder.core.messages import Json
from coder.core.requests import Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import running_api, turn
from tests.support.hooked import group, keeps, kept, says, specific
from tests.support.talks import Talk

ADAPTIVE = {"type": "adaptive", "display": "summarized"}
OLD = "claude-opus-4-5"  # it is told how much to think


@pytest.mark.behaviour("B-2266")
@pytest.mark.parametrize(
    ("flags", "thinking", "output", "betas"),
    [
        ({}, ADAPTIVE, None, None),
        ({"thinking": "disabled"}, None, None, None),
        ({"thinking": "disabled", "thinking_tokens": 4000}, None, None, None),
        ({"thinking_tokens": 0}, None, None, None),
        ({"thinking_tokens": 4000}, ADAPTIVE, None, None),
        ({"thinking_display": "omitted"}, {**ADAPTIVE, "display": "omitted"}, None, None),
        ({"model": OLD}, None, None, None),
        (
            {"model": OLD, "thinking_tokens": 4000},
            {"type": "enabled", "budget_tokens": 4000, "display": "summarized"},
            None,
            None,
        ),
        (
            {"model": OLD, "thinking_tokens": 5},
            {"type": "enabled", "budget_tokens": 1024, "display": "summarized"},
            None,
            None,
        ),
        ({"effort": "max", "betas": ("b-1", "b-2")}, ADAPTIVE, {"effort": "max"}, "b-1,b-2"),
        (
            {"task_budget": 50_000, "betas": ("b-1",)},
            ADAPTIVE,
            {"task_budget": {"type": "tokens", "total": 50_000}},
            "b-1,task-budgets-2026-03-13",
        ),
    ],
)
async def test_the_request_says_what_the_flags_ask(
    tmp_path: Path, flags: dict[str, Any], thinking: Json | None, output: Json | None, betas: str | None
) -> None:
    async with running_api([turn("ok")]) as api:
        assert await Talk.at(tmp_path, api.url).say("hi", **flags) == "ok"
        (sent,) = api.exchanges
        body = sent.body or {}
        assert (body.get("thinking"), body.get("output_config")) == (thinking, output)
        assert sent.headers.get("anthropic-beta") == betas


@pytest.mark.behaviour("B-2266")
async def test_betas_of_the_persons_own_headers_stay(tmp_path: Path) -> None:
    settings = json.dumps({"env": {"ANTHROPIC_CUSTOM_HEADERS": "Anthropic-Beta: own-1"}})
    async with running_api([turn("ok")]) as api:
        await Talk.at(tmp_path, api.url).say("hi", settings=settings, betas=("b-1", "own-1"))
        assert api.exchanges[0].headers["anthropic-beta"] == "own-1,b-1"


@pytest.mark.behaviour("B-2268")
@pytest.mark.parametrize(
    ("user", "env", "refused"),
    [
        (0, {}, True),
        (1000, {}, False),
        (0, {"IS_SANDBOX": "1"}, False),
        (0, {"IS_SANDBOX": "0"}, True),
        (0, {"container": "podman"}, False),
        (0, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, False),
    ],
)
def test_root_goes_without_questions_only_where_it_is_shut_in(user: int, env: dict[str, str], refused: bool) -> None:
    assert refused_as_root(env, user, ()) is refused
    assert not refused_as_root(env, user, (Path("/"),))


@pytest.mark.behaviour("B-2269")
async def test_bypassing_can_be_chosen_later_where_the_start_allows_it(tmp_path: Path) -> None:
    talk = Talk.at(tmp_path, "http://127.0.0.1:9")
    forbids = json.dumps({"permissions": {"disableBypassPermissionsMode": "disable"}})
    for flags, is_allowed in (
        ({"may_bypass": True}, True),
        ({}, False),
        ({"may_bypass": True, "settings": forbids}, False),
    ):
        session = await talk.open(permission_mode="default", **flags)
        assert (session.control.mode, session.facts.may_bypass) == ("default", is_allowed)
        if is_allowed:
            session.tuning.set_mode("bypassPermissions")
            assert session.control.mode == "bypassPermissions"
        else:
            with pytest.raises(SessionError, match="only be chosen at the start"):
                session.tuning.set_mode("bypassPermissions")
        await session.aclose()


@pytest.mark.behaviour("B-2270")
@pytest.mark.parametrize(("setup", "ran"), [("", []), ("init", ["init"]), ("maintenance", ["maintenance"])])
async def test_setup_hooks_run_when_they_are_asked_for_before_the_session_begins(
    tmp_path: Path, setup: str, ran: list[str]
) -> None:
    seen = tmp_path / "seen"
    told = {"Setup": specific("Setup", additionalContext="all is set up"), "SessionStart": {}}
    hooks = {point: [group(keeps(seen, says(value)))] for point, value in told.items()}
    async with running_api([turn("ok"), turn("ok")]) as api:
        talk = Talk.at(tmp_path, api.url)
        config = talk.config(settings=json.dumps({"hooks": hooks}), setup=setup)
        session = await open_session(config, Recorder(Deny("nobody", nobody=True)))
        await session.prompt("one")
        await session.prompt("two")
        await session.aclose()
        told_model = json.dumps(api.requests[0]["messages"])
    found = [(each["hook_event_name"], each.get("trigger")) for each in kept(seen)]
    assert found == [*(("Setup", each) for each in ran), ("SessionStart", None)]
    assert ("all is set up" in told_model) == bool(ran)
