"""What a hostile host, or a hostile repository behind a good one, does with what is asked besides turns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.hosted import hosted

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.behaviour("B-2624")
async def test_settings_of_any_depth_are_told_without_options_of_plugins(tmp_path: Path) -> None:
    settings = tmp_path / "home" / ".coder" / "settings.json"
    settings.parent.mkdir(parents=True)
    deep = f'{{"pluginConfigs": {{"b": {{"options": {{"oven": "hunter2"}}}}}}, "odd": {"[" * 800}{"]" * 800}}}'
    settings.write_text(deep, encoding="utf-8")
    async with hosted(tmp_path, NOWHERE) as wire:
        found = await wire.ask("get_settings")
        assert found["sources"][0]["settings"]["pluginConfigs"] == {"b": {"options": {"oven": "…"}}}
        assert "hunter2" not in json.dumps(found)


@pytest.mark.behaviour("B-2624")
@pytest.mark.parametrize("number", [float("inf"), float("nan"), -float("inf")])
async def test_a_time_that_is_none_is_refused_in_words(tmp_path: Path, number: float) -> None:
    async with hosted(tmp_path, NOWHERE) as wire:
        found = await wire.answer(wire.request("seed_read_state", path="a", mtime=number))
        assert found["error"] == "mtime must be a number of milliseconds"


@pytest.mark.behaviour("B-2624")
async def test_a_name_that_nobody_could_see_is_refused(tmp_path: Path) -> None:
    async with hosted(tmp_path, NOWHERE) as wire:
        for title in ("\u202e\u200b", "\x1b\x07", " \u2028"):
            found = await wire.answer(wire.request("rename_session", title=title))
            assert found["error"] == "title must have letters that can be read"
