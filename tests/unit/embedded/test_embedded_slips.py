"""Slips of a program that embeds coder, each said in its own words; and what of a command line it is not told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder import Allow, CoderError, Options, Session
from tests.support.fakeapi import RunningApi, running_api, tool, turn


def options(root: Path, api: RunningApi, **given: Any) -> Options:
    return Options(env={**api.env, "HOME": str(root), "CODER_CONFIG_DIR": str(root / "home")}, **{"cwd": root, **given})


@pytest.mark.behaviour("B-2543")
@pytest.mark.parametrize("name", ["allowed_tools", "builtin_tools", "add_dirs", "tools", "setting_sources"])
def test_one_text_where_a_list_belongs_is_refused(name: str) -> None:
    given: Any = {name: "Read"}
    with pytest.raises(CoderError, match=rf"^Options\.{name} is a list: write {name}=\['Read'\]\.$"):
        Options(**given)


@pytest.mark.behaviour("B-2543")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cwd": "/no/such"}, r"^Options\.cwd: there is no folder /no/such"),
        ({"answer": {"type": "objekt"}}, r"^Options\.answer is not a valid JSON Schema: "),
        ({"permission_mode": "nope"}, r"^Options\.permission_mode: 'nope' is none of "),
    ],
)
async def test_a_wrong_option_is_named_as_the_program_wrote_it(given: Any, said: str, tmp_path: Path) -> None:
    async with running_api([turn("unread")]) as api:
        with pytest.raises(CoderError, match=said):
            async with Session(options(tmp_path, api, **given)):
                pass


@pytest.mark.behaviour("B-2543")
async def test_a_plain_callback_an_empty_prompt_and_an_end_without_a_command_line(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command="touch made")), turn(tool("Bash", command="touch more")), turn("unread")]
    async with running_api(script) as api:
        given = options(tmp_path, api, permission=lambda request: Allow(), max_turns=2)
        assert repr(Session(given)) == "Session(not open)"
        async with Session(given) as session:
            assert repr(session) == f"Session({session.id!r}, {session.model!r}, idle)"
            with pytest.raises(CoderError, match="the prompt is empty"):
                await session.ask("  \n")
            result = await session.ask("Make it.")
    assert (tmp_path / "made").exists()
    assert (result.reason, result.error) == ("max_turns", "Reached maximum number of turns (2).")
