"""`/who` in a session: what it did itself is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.frontends.slash.dispatch import run_line
from tests.support.desks import desk_at
from tests.support.fakeapi import tool, turn


@pytest.mark.behaviour("B-1521")
async def test_who_tells_what_this_session_just_did(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command="echo one > 'a file'")), turn("Done.")]
    async with desk_at(tmp_path, script) as desk:
        await run_line(desk, "/who")
        assert "Say what: /who " in desk.ui.words[-1]
        await desk.prompt("write it")
        await run_line(desk, "/who 'a file'")
        told = "\n".join(desk.ui.words)
        assert "a file: 1 change" in told
        assert "created by echo one > 'a file' · 1 line" in told
        assert 'after "write it" · ' in told
        await run_line(desk, "/who HEAD")
        assert "HEAD is a name of git's, and this folder lies in no repository." in desk.ui.words[-1]
