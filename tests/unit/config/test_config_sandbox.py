"""A sandbox that settings ask for and that is not there: it is said, and no run begins where that is forbidden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config
from coder.core.errors import ConfigError

NEEDED = {"enabled": True, "failIfUnavailable": True}


def warnings(sandbox: Any, tmp_path: Path) -> tuple[str, ...]:
    env = {"HOME": str(tmp_path), "CODER_CONFIG_DIR": str(tmp_path / "home")}
    flags = Flags(settings=json.dumps({"sandbox": sandbox}))
    return load(flags, env, tmp_path, managed=tmp_path / "etc").warnings


@pytest.mark.behaviour("B-2306")
@pytest.mark.parametrize("sandbox", [{}, {"enabled": False, "failIfUnavailable": True}, {"failIfUnavailable": True}])
def test_nothing_is_said_where_none_is_wanted(sandbox: Any, tmp_path: Path) -> None:
    assert not [line for line in warnings(sandbox, tmp_path) if "sandbox" in line]


@pytest.mark.behaviour("B-2306")
def test_one_that_is_wanted_is_said_not_to_be_there(tmp_path: Path) -> None:
    (line,) = [line for line in warnings({"enabled": True}, tmp_path) if "sandbox" in line]
    assert line.startswith("--settings: sandbox.enabled is set, and coder has no sandbox:") and "\n" not in line


@pytest.mark.behaviour("B-2306")
def test_no_run_begins_without_one_that_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="failIfUnavailable"):
        warnings(NEEDED, tmp_path)


@pytest.mark.behaviour("B-2430")
@pytest.mark.parametrize("headless", [True, False])
def test_a_folder_stops_a_run_only_where_it_is_trusted(tmp_path: Path, headless: bool) -> None:
    folder = tmp_path / "p" / ".coder"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps({"sandbox": NEEDED, "permissions": {"deny": ["Bash(rm *)"]}}))
    env = {"HOME": str(tmp_path), "CODER_CONFIG_DIR": str(tmp_path / "home")}

    def loaded(**flags: Any) -> Config:
        return load(Flags(headless=headless, **flags), env, folder.parent, managed=tmp_path / "etc")

    config = loaded()
    assert [rule.text for rule in config.rules if rule.scope == "project"] == ["Bash(rm *)"]
    said = [line for line in config.warnings if "sandbox.failIfUnavailable" in line]
    assert said == [".coder/settings.json: sandbox.failIfUnavailable does not count: this folder is not trusted."]
    assert [line for line in config.warnings if "coder has no sandbox" in line]
    with pytest.raises(ConfigError, match=r"settings.json: .*failIfUnavailable forbids that"):
        loaded(trust_folder=True)


@pytest.mark.behaviour("B-2430")
def test_ones_own_settings_stop_it_with_somebody_in_front_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.json").write_text(json.dumps({"sandbox": NEEDED}))
    env = {"HOME": str(tmp_path), "CODER_CONFIG_DIR": str(home)}
    with pytest.raises(ConfigError, match="failIfUnavailable"):
        load(Flags(headless=False), env, tmp_path, managed=tmp_path / "etc")
