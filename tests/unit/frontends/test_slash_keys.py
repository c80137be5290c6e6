"""`/login`, `/logout` and `/doctor` on a desk of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from coder.config import stored_key
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.stored_key import Stored
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.frontends.desk import Desk
from coder.frontends.slash import doctor, login, logout
from tests.support.hands import Hands
from tests.support.keyserver import key_server

KEY = "sk-ant-api03-never-to-be-shown-x7Qa"


@dataclass(slots=True)
class DeskOfTest:
    """As much of a desk as these commands use."""

    ui: Hands
    config: Config
    env: Mapping[str, str]
    reopened: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False

    async def reopen(self, start: object = None, **changes: object) -> None:
        if self.refuses:
            raise ConfigError("no")
        self.reopened.append(changes)
        self.config = replace(self.config, **cast("Any", changes))


def desk_of(folder: Path, answers: list[str | None], url: str, **env: str) -> DeskOfTest:
    whole = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "ANTHROPIC_BASE_URL": url, **env}
    return DeskOfTest(Hands(answers), load(Flags(headless=False), whole, folder), whole)


async def run(command: Any, desk: DeskOfTest, arguments: str = "") -> None:
    await command.run(cast("Desk", desk), arguments)


async def test_after_login_the_session_goes_on_with_the_key(tmp_path: Path) -> None:
    with key_server(KEY) as server:
        desk = desk_of(tmp_path, ["1", KEY], server.url)
        desk.config = replace(desk.config, model=replace(desk.config.model, name="chosen"))
        await run(login, desk)
    model = desk.config.model
    assert (model.api_key, model.base_url, model.name) == (KEY, server.url, "chosen")
    assert model.key_source == "~/.coder/credentials" and len(desk.reopened) == 1


async def test_login_to_a_server_takes_its_model(tmp_path: Path) -> None:
    with key_server() as server:
        desk = desk_of(tmp_path, ["2", server.url, "", "qwen3"], server.url)
        await run(login, desk)
    assert (desk.config.model.name, desk.config.model.base_url) == ("qwen3", server.url)


@pytest.mark.parametrize("answers", [[None], ["1", None], ["1", ""], ["1", KEY]])
async def test_a_login_that_came_to_nothing_changes_nothing(tmp_path: Path, answers: list[str | None]) -> None:
    with key_server("another") as server:
        desk = desk_of(tmp_path, answers, server.url)
        await run(login, desk)
    assert desk.reopened == [] and not (tmp_path / ".coder").exists()


async def test_a_session_that_cannot_be_opened_anew_is_said(tmp_path: Path) -> None:
    with key_server(KEY) as server:
        desk = desk_of(tmp_path, ["1", KEY], server.url)
        desk.refuses = True
        await run(login, desk)
    assert desk.ui.said[-1] == "! It counts from the next start: no"


async def test_logout_forgets_and_says_what_goes_on(tmp_path: Path) -> None:
    home = tmp_path / ".coder"
    stored_key.keep(home, Stored(api_key=KEY))
    desk = desk_of(tmp_path, [], "https://api.anthropic.com")
    await run(logout, desk)
    assert not (home / "credentials").exists()
    assert desk.ui.said == [
        "✓ Forgotten: ~/.coder/credentials is removed.",
        "  This session goes on with the key it has until you leave.",
    ]


@pytest.mark.behaviour("B-932")
async def test_doctor_asks_the_network_only_when_told_to(tmp_path: Path) -> None:
    with key_server(KEY) as server:
        desk = desk_of(tmp_path, [], server.url, ANTHROPIC_API_KEY=KEY)
        await run(doctor, desk)
        assert server.asked == [] and not any("endpoint" in line for line in desk.ui.said)
        assert desk.ui.said[-1].endswith("/doctor online")
        await run(doctor, desk, " online ")
        assert len(server.asked) == 1 and any("✓ endpoint" in line for line in desk.ui.said)
    assert not any(KEY in line for line in desk.ui.said)
