"""Memory from further places: an administrator's settings, added folders, a folder that is trusted for one run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.app.memory import ProjectMemory
from coder.app.memory_report import report_of
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config
from coder.core.errors import ConfigError


def config_in(root: Path, env: dict[str, str] | None = None, **flags: object) -> Config:
    for name in ("home", "project", "etc", "beside"):
        (root / name).mkdir(exist_ok=True)
    given = {"HOME": str(root / "home"), "ANTHROPIC_API_KEY": "k", **(env or {})}
    return load(Flags(**flags), given, root / "project", managed=root / "etc")  # type: ignore[arg-type]  # any flag


def told(root: Path, config: Config) -> list[str]:
    memory = ProjectMemory(config, {"HOME": str(root / "home")}, managed=root / "etc")
    return [file.text.strip() for file in memory.memory.files]


@pytest.mark.behaviour("B-1310")
def test_an_administrator_may_say_it_in_settings(tmp_path: Path) -> None:
    config_in(tmp_path)
    settings = tmp_path / "etc" / "managed-settings.json"
    settings.write_text(json.dumps({"claudeMd": "Never push."}))
    (tmp_path / "etc" / "CLAUDE.md").write_text("Be careful.\n")
    (tmp_path / "home" / ".claude").mkdir()
    (tmp_path / "home" / ".claude" / "settings.json").write_text(json.dumps({"claudeMd": "Mine does not count."}))
    (tmp_path / "project" / "CLAUDE.md").write_text("Ours.\n")
    (tmp_path / "project" / ".claude").mkdir()
    (tmp_path / "project" / ".claude" / "settings.json").write_text(json.dumps({"claudeMd": "Nor theirs."}))
    config = config_in(tmp_path, trust_folder=True)
    assert told(tmp_path, config) == ["Never push.", "Be careful.", "Ours."]
    assert told(tmp_path, config_in(tmp_path, setting_sources="user")) == ["Never push.", "Be careful."]
    assert told(tmp_path, config_in(tmp_path, bare=True)) == []
    row = report_of(config, {"HOME": str(tmp_path / "home")}).rows[0]
    assert (row.path, row.whose, row.size) == (settings, "managed", len("Never push."))


@pytest.mark.behaviour("B-1311")
def test_trust_for_one_run_reaches_what_memory_imports_from_outside(tmp_path: Path) -> None:
    config_in(tmp_path)
    (tmp_path / "beside" / "style.md").write_text("Short names.\n")
    (tmp_path / "project" / "CLAUDE.md").write_text("See @../beside/style.md\n")
    plain, trusted = config_in(tmp_path), config_in(tmp_path, trust_folder=True)
    assert plain.trust is None and trusted.trust is not None and not trusted.warnings
    assert "Short names." not in told(tmp_path, plain) and "Short names." in told(tmp_path, trusted)


@pytest.mark.behaviour("B-1312")
def test_added_folders_have_memory_where_that_is_asked_for(tmp_path: Path) -> None:
    config_in(tmp_path)
    (tmp_path / "project" / "CLAUDE.md").write_text("Ours.\n")
    (tmp_path / "beside" / "CLAUDE.md").write_text("Theirs.\n")
    (tmp_path / "beside" / ".claude" / "rules").mkdir(parents=True)
    (tmp_path / "beside" / ".claude" / "rules" / "a.md").write_text("A rule of theirs.\n")
    name = "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD"
    added: dict[str, Any] = {"add_dirs": (str(tmp_path / "beside"),)}
    assert told(tmp_path, config_in(tmp_path, **added)) == ["Ours."]
    on = config_in(tmp_path, {name: "1"}, **added)
    assert told(tmp_path, on) == ["Ours.", "Theirs.", "A rule of theirs."]
    again = config_in(tmp_path, {name: "1"}, add_dirs=(str(tmp_path), str(tmp_path / "project")))
    assert told(tmp_path, again) == ["Ours."]
    with pytest.raises(ConfigError, match=name):
        config_in(tmp_path, {name: "perhaps"})
