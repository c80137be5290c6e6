"""What hooks of type `prompt` cost is counted, and once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coder.app.build import open_session
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import HookSettings, HookSource
from coder.core.events import UsageReported
from tests.support.engine import Recorder
from tests.support.fakeapi import KEY, running_api, turn
from tests.support.talks import Talk


@pytest.mark.behaviour("B-1874")
async def test_what_a_hook_asks_the_model_is_counted_once(tmp_path: Path) -> None:
    usages = ({"input_tokens": 100, "output_tokens": 10}, {"input_tokens": 1_000, "output_tokens": 7})
    async with running_api([turn("Done.", usage=usages[0]), turn('{"ok": true}', usage=usages[1])]) as api:
        talk = Talk.at(tmp_path, api.url)
        env = {"HOME": str(talk.home), "ANTHROPIC_BASE_URL": talk.url, "ANTHROPIC_API_KEY": KEY}
        stop = {"Stop": [{"hooks": [{"type": "prompt", "prompt": "Is it done? $ARGUMENTS"}]}]}
        config = replace(
            load(Flags(), env, talk.project, managed=talk.home / "managed"),
            hooks=HookSettings((HookSource("settings.json", "user", stop),)),
        )
        front = Recorder()
        session = await open_session(config, front)
        await session.prompt("Go.")
        spent = session.spent
        await session.aclose()
    assert len(api.requests) == 2
    assert [event.purpose for event in front.of(UsageReported)] == ["main", "judge"]
    for field in ("input_tokens", "output_tokens"):
        assert getattr(spent.usage, field) == sum(usage[field] for usage in usages)
