"""What an embedding program gives a session beside a prompt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder import Options, Session
from coder.core.messages import Json
from tests.support.fakeapi import RunningApi, running_api, turn


def options(root: Path, api: RunningApi, **given: Any) -> Options:
    (root / "project").mkdir(exist_ok=True)
    env = {**api.env, "HOME": str(root), "CODER_CONFIG_DIR": str(root / "home"), "IS_SANDBOX": "1"}
    return Options(cwd=root / "project", env=env, **given)


def plugin(folder: Path) -> Path:
    """With a command, and a hook that leaves a file."""
    files: dict[str, str | Json] = {
        ".claude-plugin/plugin.json": {"name": "bakery"},
        "commands/bake.md": "Bake $ARGUMENTS.\n",
        "hooks/hooks.json": {
            "hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "touch began"}]}]},
        },
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return folder


@pytest.mark.behaviour("B-2712")
@pytest.mark.parametrize("kind", [Path, str])
async def test_a_plugin_that_a_program_names_is_there(tmp_path: Path, kind: type) -> None:
    given = kind(plugin(tmp_path / "elsewhere" / "bakery"))
    async with running_api([turn("Baked.")]) as api:
        async with Session(options(tmp_path, api, plugins=[given])) as session:
            assert session.started.warnings == ()
            assert (await session.ask("/bakery:bake a pie")).text == "Baked."
        assert "Bake a pie." in str(api.requests[0]["messages"]) and (tmp_path / "project" / "began").exists()


@pytest.mark.behaviour("B-2712")
async def test_one_that_is_not_there_or_the_folder_brings_is_a_warning(tmp_path: Path) -> None:
    """What lies in the folder that a program works in runs nothing before a person has approved it."""
    async with running_api([turn("Fine.")]) as api:
        brought = plugin(tmp_path / "project" / "bakery")
        async with Session(options(tmp_path, api, plugins=[tmp_path / "none", brought])) as session:
            missing, untrusted = session.started.warnings
            assert (await session.ask("hi")).text == "Fine."
        assert "no such folder" in missing and "before you trust them" in untrusted
        assert not (tmp_path / "project" / "began").exists()
