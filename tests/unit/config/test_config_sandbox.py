"""A sandbox that settings ask for and that is not there: it is said, and no run begins where that is forbidden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.config.flags import Flags
from coder.config.load import load
from coder.core.errors import ConfigError


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
        warnings({"enabled": True, "failIfUnavailable": True}, tmp_path)
