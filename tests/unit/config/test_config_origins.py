from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from coder.config.flags import Flags
from coder.config.keys import KINDS, is_group, kind_of, path_of, value_of
from coder.config.load import load
from coder.config.origins import READ, Listing, listing
from coder.config.paths import sources
from coder.config.settings import Settings
from coder.core.errors import ConfigError


def put(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def listed(root: Path) -> Listing:
    env = {"HOME": str(root / "person")}
    home = root / "person" / ".coder"
    found = tuple(sources(home, root / "project", env, ("user", "project", "local"), root / "etc"))
    return listing(found, env, home, root / "project")


def states(found: Listing, key: str) -> list[tuple[object, str, str]]:
    return [(entry.value, entry.scope, entry.state) for entry in found.entries if entry.key == key]


def test_every_setting_that_is_read_is_known_by_its_key() -> None:
    assert set(READ) == {field.name for field in fields(Settings)}
    assert all(kind_of(key) or is_group(key) for key in READ.values())


@pytest.mark.behaviour("B-609")
def test_where_only_the_administrator_may_allow_others_may_still_forbid(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    rules = {"allow": ["Read"], "ask": ["Edit"], "deny": ["Bash"]}
    put(tmp_path / "etc" / "managed-settings.json", {"allowManagedPermissionRulesOnly": True, "permissions": rules})
    put(tmp_path / "person" / ".coder" / "settings.json", {"permissions": rules})
    config = load(
        Flags(allowed_tools=("WebFetch",), disallowed_tools=("WebSearch",)),
        {"HOME": str(tmp_path / "person")},
        tmp_path / "project",
        managed=tmp_path / "etc",
    )
    assert [(rule.behaviour, rule.scope) for rule in config.rules if rule.behaviour == "allow"] == [
        ("allow", "managed")
    ]
    assert [(rule.text, rule.scope) for rule in config.rules if rule.behaviour == "deny"] == [
        ("WebSearch", "flag"),
        ("Bash", "managed"),
        ("Bash", "user"),
    ]
    assert any("2 allow rules of others not used" in warning for warning in config.warnings)
    found = listed(tmp_path)
    assert states(found, "permissions.allow") == [("Read", "managed", "used"), ("Read", "user", "unused")]
    assert states(found, "permissions.deny") == [("Bash", "managed", "used"), ("Bash", "user", "used")]


@pytest.mark.behaviour("B-609")
def test_nobody_but_the_administrator_can_keep_others_from_allowing(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    own = {"allowManagedPermissionRulesOnly": True, "permissions": {"allow": ["Read"]}}
    put(tmp_path / "person" / ".coder" / "settings.json", own)
    config = load(Flags(), {"HOME": str(tmp_path / "person")}, tmp_path / "project", managed=tmp_path / "etc")
    assert [rule.text for rule in config.rules] == ["Read"]
    assert states(listed(tmp_path), "allowManagedPermissionRulesOnly") == [(True, "user", "unused")]


@pytest.mark.behaviour("B-610")
def test_a_mode_that_is_switched_off_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    put(tmp_path / "etc" / "managed-settings.json", {"permissions": {"disableBypassPermissionsMode": "disable"}})
    put(tmp_path / "person" / ".coder" / "settings.json", {"permissions": {"defaultMode": "bypassPermissions"}})
    assert states(listed(tmp_path), "permissions.defaultMode") == [("bypassPermissions", "user", "unused")]


@pytest.mark.behaviour("B-610")
def test_a_value_of_the_wrong_kind_beats_nothing(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    put(tmp_path / "person" / ".coder" / "settings.json", {"model": ["x"], "env": {"A": 1, "B": True}})
    put(tmp_path / "person" / ".claude" / "settings.json", {"model": "opus", "permissions": {"allow": ["Read", 7]}})
    found = listed(tmp_path)
    assert states(found, "model") == [("x", "user", "unused"), ("opus", "user", "used")]
    assert states(found, "env.A") == [(1, "user", "used")]
    assert states(found, "env.B") == [(True, "user", "unused")]
    assert states(found, "permissions.allow") == [("Read", "user", "used"), (7, "user", "unused")]


def test_keys_lead_to_one_place_each() -> None:
    assert path_of("permissions.allow") == ("permissions", "allow")
    assert path_of("env.a.b") == ("env", "a.b")
    assert path_of("sandbox.network.allowedDomains") == ("sandbox", "network", "allowedDomains")
    assert kind_of("sandbox.network.allowedDomains") is not None
    assert kind_of("env") is None
    assert is_group("env")
    assert not any(is_group(key) for key in KINDS)


@pytest.mark.behaviour("B-613")
@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("model", "12", "12"),
        ("model", '"a b"', "a b"),
        ("verbose", "true", True),
        ("cleanupPeriodDays", "30", 30),
        ("env.A", "", ""),
        ("attribution.commit", "", ""),
        ("hooks", '{"Stop": []}', {"Stop": []}),
        ("permissions.deny", '["Bash"]', ["Bash"]),
        ("sandbox.enabled", "true", True),
        ("permissions.defaultMode", "plan", "plan"),
    ],
)
def test_what_is_typed_is_json_where_that_fits(key: str, text: str, value: object) -> None:
    kind = kind_of(key)
    assert kind is not None
    assert value_of(key, kind, text) == value


@pytest.mark.behaviour("B-613")
@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("model", " "),
        ("verbose", "yes"),
        ("verbose", "1"),
        ("cleanupPeriodDays", "true"),
        ("cleanupPeriodDays", "1.5"),
        ("coder.idleTimeout", "Infinity"),
        ("hooks", "[" * 100_000),
        ("permissions.deny", "[7]"),
        ("permissions.disableBypassPermissionsMode", "true"),
    ],
)
def test_what_does_not_fit_is_refused(key: str, text: str) -> None:
    kind = kind_of(key)
    assert kind is not None
    with pytest.raises(ConfigError, match=r"must be|is a list"):
        value_of(key, kind, text)


@pytest.mark.behaviour("B-1276")
def test_a_variable_does_not_beat_the_model_of_the_administrator(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    put(tmp_path / "person" / ".coder" / "settings.json", {"model": "haiku"})
    put(tmp_path / "etc" / "managed-settings.json", {"model": "opus"})
    env = {"HOME": str(tmp_path / "person"), "ANTHROPIC_MODEL": "sonnet"}
    home = tmp_path / "person" / ".coder"
    found = tuple(sources(home, tmp_path / "project", env, ("user", "project", "local"), tmp_path / "etc"))
    assert states(listing(found, env, home, tmp_path / "project"), "model") == [
        ("sonnet", "environment", "overridden"),
        ("opus", "managed", "used"),
        ("haiku", "user", "overridden"),
    ]
