"""A line that begins with a slash finds its command, or goes back into the prompt."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from coder.app.commanding.expanded import Offered
from coder.frontends.slash import dispatch
from coder.frontends.slash.registry import BUILT_IN, Command, find, with_files
from tests.support.desks import desk_at

ELSEWHERE = {"resume", "rewind", "tasks", "show", "todos", "rename", "clear", "login", "logout", "doctor"}


@pytest.mark.behaviour("B-860")
async def test_an_unknown_command_goes_back_into_the_prompt_and_not_to_the_model(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        assert not await dispatch.run_line(desk, "/contxt now")
        assert desk.ui.words == ["✗ There is no /contxt. Did you mean /context?"]
        assert (desk.ui.drafts, desk.sent) == (["/contxt now"], [])
        assert not await dispatch.run_line(desk, "/\x1b[2Jxyzzy")
        assert "\x1b" not in desk.ui.words[-1] and "/help lists the commands" in desk.ui.words[-1]


async def test_names_aliases_and_upper_case_are_the_same_and_arguments_are_kept(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        assert await dispatch.run_line(desk, "/EXIT")
        assert desk.left
    assert dispatch.parse("/compact  the parser, not\nthe tests ") == ("compact", "the parser, not\nthe tests")
    assert dispatch.parse("/review\nmain") == ("review", "main")


@pytest.mark.behaviour("B-1360")
def test_a_command_of_a_file_is_found_by_its_other_names() -> None:
    commands = with_files([Offered("db:Migrate", also=("Migrate", "project:db:Migrate"))])
    for name in ("db:Migrate", "DB:MIGRATE", "Migrate", "migrate", "project:db:migrate"):
        command = find(name, commands)
        assert command is not None and command.name == "db:Migrate", name
    assert find("db", commands) is None


@pytest.mark.behaviour("B-861")
async def test_what_a_command_cannot_do_is_said_in_one_row(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        assert await dispatch.run_line(desk, "/theme mauve\x1b[0m")
        assert len(desk.ui.words) == 1 and desk.ui.words[0].startswith("✗ There is no theme mauve\\x1b[0m. ")
        assert desk.ui.drafts == []


def test_what_is_meant_for_coder_and_what_is_a_path() -> None:
    assert dispatch.is_command("/help") and dispatch.is_command("/add-dir ../x")
    assert not any(dispatch.is_command(line) for line in ("/etc/hosts is wrong", "/", "", " x", "/ help", "//", "/1"))


@pytest.mark.parametrize("command", [each for each in BUILT_IN if each.module not in ELSEWHERE])
def test_every_command_has_a_module_that_runs(command: Command) -> None:
    assert callable(command.load())


def test_the_others_are_known_by_name_only() -> None:
    for each in BUILT_IN:
        assert each.module.isidentifier() and (
            each.module in ELSEWHERE or find_spec(f"{dispatch.__package__}.{each.module}")
        )


@pytest.mark.behaviour("B-879")
def test_what_only_looks_answers_while_a_run_is_on_and_what_changes_the_session_waits() -> None:
    looks = "/config /context /cost /diff /export /help /memory /permissions /show /status /tasks /theme /todos /vim"
    waits = "/add-dir /clear /compact /uncompact /effort /login /logout /model /rename /resume /rewind"
    assert all(map(dispatch.is_for_any_time, looks.split()))
    assert not any(map(dispatch.is_for_any_time, [*waits.split(), "/frobnicate", ""]))
