"""A container may run coder as a user that nobody wrote down, with no HOME."""

from __future__ import annotations

import io
import pwd
from pathlib import Path

import pytest

from coder.app.build import open_session
from coder.config.flags import Flags
from coder.config.load import load
from coder.frontends.text import TextOut


def _unknown(uid: int) -> pwd.struct_passwd:
    raise KeyError(uid)


async def test_a_session_opens_for_an_unknown_user_without_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", _unknown)
    config = load(Flags(), {"ANTHROPIC_API_KEY": "x", "PATH": "/bin"}, tmp_path, managed=tmp_path / "etc")
    session = await open_session(config, TextOut(io.StringIO(), io.StringIO(), verbose=False))
    await session.aclose()
    assert session.facts.cwd == tmp_path
