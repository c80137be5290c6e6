from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.config.jsonfile import LIMIT, Parsed, parse_object, read_object
from coder.config.settings import Settings, settings_of, theme_names
from coder.core.config import StatusCommand
from coder.core.errors import ConfigError


def read(folder: Path, data: bytes) -> Parsed | None:
    path = folder / "settings.json"
    path.write_bytes(data)
    return read_object(path)


def checked(value: dict[str, Any], *repeated: str) -> tuple[Settings, tuple[str, ...]]:
    return settings_of(Parsed(value, repeated), "f.json")


def test_a_missing_file_is_no_settings(tmp_path: Path) -> None:
    assert read_object(tmp_path / "none.json") is None
    (tmp_path / "file").touch()
    assert read_object(tmp_path / "file" / "settings.json") is None


@pytest.mark.behaviour("B-430")
def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert read(tmp_path, b'\xef\xbb\xbf{"model": "x"}') == Parsed({"model": "x"}, ())


@pytest.mark.behaviour("B-424")
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": 1,\n "b": }', r"settings\.json, line 2, column 7: not valid JSON"),
        (b'{"a": 1}\n// comment', r"line 2, column 1: not valid JSON"),
        (b"", r"line 1, column 1: not valid JSON"),
        (b"[1]", "expected a JSON object"),
        (b'{"a": "\xff"}', r"line 1: not UTF-8 text \(byte 8\)"),
        (b'{"a": ' + b"[" * 100_000, "not usable JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not usable JSON"),
        (b" " * (LIMIT + 1), "larger than 2 MiB"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, data)


def test_what_is_not_a_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(ConfigError, match="not a regular file"):
            read_object(tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux")
def test_a_file_that_fails_while_it_is_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.json").symlink_to("/proc/self/mem")
    with pytest.raises(ConfigError, match=r"settings\.json cannot be read"):
        read_object(tmp_path / "settings.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{}", encoding="utf-8")
    (tmp_path / "settings.json").chmod(0)
    with pytest.raises(ConfigError, match="Permission denied"):
        read_object(tmp_path / "settings.json")


@pytest.mark.behaviour("B-430")
def test_unknown_keys_are_ignored_silently() -> None:
    assert checked({"$schema": "x", "somethingNew": 7, "permissions": {"new": []}, "coder": {"x": 1}}) == (
        Settings(),
        (),
    )


@pytest.mark.behaviour("B-425")
@pytest.mark.parametrize(
    ("value", "warning"),
    [
        ({"model": 7}, "f.json: model must be a text that is not empty, not 7. It is not used."),
        ({"model": " "}, "f.json: model must be a text that is not empty, not ' '. It is not used."),
        (
            {"alwaysThinkingEnabled": "no"},
            "f.json: alwaysThinkingEnabled must be true or false, not 'no'. It is not used.",
        ),
        (
            {"skillOverrides": {"a": "of"}},
            "f.json: skillOverrides.a must be one of on, name-only, user-invocable-only, off, not 'of'. "
            "It is not used.",
        ),
        ({"skillOverrides": "off"}, "f.json: skillOverrides must be an object, not 'off'. It is not used."),
        ({"env": ["A"]}, "f.json: env must be an object of texts, not a list. It is not used."),
        ({"env": {"A": None}}, "f.json: env.A must be a text. It is not used."),
        ({"env": {"A": True}}, "f.json: env.A must be a text, not true. It is not used."),
        ({"env": {"A=B": "x"}}, "f.json: env.A=B must be a variable name without '='. It is not used."),
        (
            {"permissions": {"allow": "Read"}},
            "f.json: permissions.allow must be a list of texts, not 'Read'. It is not used.",
        ),
        ({"permissions": {"allow": [7]}}, "f.json: permissions.allow[0] must be a text, not 7. It is not used."),
        (
            {"effortLevel": "huge"},
            "f.json: effortLevel must be one of low, medium, high, xhigh, max, not 'huge'. It is not used.",
        ),
        (
            {"coder": {"idleTimeout": 0}},
            "f.json: coder.idleTimeout must be a number of seconds up to 3600, not 0. It is not used.",
        ),
        ({"coder": []}, "f.json: coder must be an object, not a list. It is not used."),
        (
            {"editorMode": "emacs"},
            "f.json: editorMode must be one of normal, vim, not 'emacs'. It is not used.",
        ),
        ({"theme": 7}, f"f.json: theme must be one of {', '.join(theme_names())}, not 7. It is not used."),
        ({"screenReader": "on"}, "f.json: screenReader must be true or false, not 'on'. It is not used."),
        ({"notifications": False}, "f.json: notifications must be one of on, off, not false. It is not used."),
        ({"statusLine": "date"}, "f.json: statusLine must be an object, not 'date'. It is not used."),
        (
            {"statusLine": {"type": "builtin", "command": "date"}},
            "f.json: statusLine.type must be one of command, not 'builtin'. It is not used.",
        ),
        (
            {"statusLine": {"type": "command"}},
            "f.json: statusLine.command must be a text that is not empty. It is not used.",
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_dropped_with_a_warning(value: dict[str, Any], warning: str) -> None:
    assert checked(value) == (Settings(), (warning,))


@pytest.mark.behaviour("B-608")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{\n  "model": 7\n}', "line 2, column 12: model must be"),
        ('\ufeff{"permissions": {"allow": ["Read",\n 7]}}', "line 2, column 2: permissions.allow[1] must be"),
        ('{"statusLine": {"command": "x",\n "padding": -1}}', "line 2, column 13: statusLine.padding must be"),
        ('{"statusLine":\n {"command": "x", "padding": 0.5}}', "line 2, column 30: statusLine.padding must be"),
        ('{"env": {\n "A": "x",\n "B": []}}', "line 3, column 7: env.B must be"),
        ('{"permissions": {},\n "coder": {"idleTimeout": "x"}}', "line 2, column 27: coder.idleTimeout must be"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(text: str, place: str) -> None:
    _, (warning,) = settings_of(parse_object(text, "f.json"), "f.json")
    assert warning.startswith(f"f.json, {place} ")
    assert warning.endswith("It is not used.")


@pytest.mark.behaviour("B-608")
def test_a_wrong_deny_rule_is_named_with_its_place() -> None:
    parsed = parse_object('{"permissions": {\n  "deny": ["Bash", 7]}}', "f.json")
    with pytest.raises(
        ConfigError, match=r"^f\.json, line 2, column 20: permissions\.deny\[1\] must be a text, not 7\.$"
    ):
        settings_of(parsed, "f.json")


@pytest.mark.behaviour("B-425")
def test_good_rules_stay_beside_a_wrong_one() -> None:
    found, warnings = checked({"permissions": {"allow": ["Read", 7, "Edit"]}})
    assert found.allow == ("Read", "Edit")
    assert len(warnings) == 1


@pytest.mark.behaviour("B-425")
@pytest.mark.parametrize(
    "permissions", [{"deny": "Bash"}, {"deny": ["Bash", 7]}, {"ask": {}}, {"deny": [None]}, ["deny"], "deny"]
)
def test_rules_that_forbid_are_never_dropped_silently(permissions: Any) -> None:
    with pytest.raises(ConfigError, match=r"f\.json: permissions.* must be"):
        checked({"permissions": permissions})


@pytest.mark.behaviour("B-425")
def test_a_repeated_key_that_could_hide_a_rule_is_refused(tmp_path: Path) -> None:
    parsed = read(tmp_path, b'{"permissions": {"deny": ["Bash"]}, "permissions": {}}')
    assert parsed is not None
    with pytest.raises(ConfigError, match="'permissions' stands there twice"):
        settings_of(parsed, "f.json")
    assert checked({"model": "x"}, "model")[1] == ("f.json: the key 'model' stands there twice; the last one counts.",)


def test_all_keys_are_read() -> None:
    found, warnings = checked(
        {
            "permissions": {
                "allow": ["a"],
                "ask": ["b"],
                "deny": ["c"],
                "defaultMode": "manual",
                "disableBypassPermissionsMode": "disable",
                "additionalDirectories": ["d"],
            },
            "env": {"E": "f", "G": 1},
            "model": "m",
            "apiKeyHelper": "cmd",
            "confirmIrreversible": False,
            "allowManagedPermissionRulesOnly": True,
            "effortLevel": "high",
            "alwaysThinkingEnabled": False,
            "coder": {"transport": "sdk", "provider": "vertex", "keyHeader": "x-api-key", "idleTimeout": 5},
            "theme": "dark-daltonized",
            "editorMode": "vim",
            "verbose": True,
            "screenReader": True,
            "prefersReducedMotion": True,
            "reducedMotion": True,
            "ambiguousWide": True,
            "preferredNotifChannel": "kitty",
            "notifications": "off",
            "disableAllHooks": True,
            "statusLine": {
                "type": "command",
                "command": "date",
                "padding": 2,
                "refreshInterval": 5,
                "hideVimModeIndicator": True,
            },
        }
    )
    assert warnings == ()
    assert found == Settings(
        allow=("a",),
        ask=("b",),
        deny=("c",),
        mode="default",
        bypass_disabled=True,
        confirm_irreversible=False,
        managed_rules_only=True,
        directories=("d",),
        env={"E": "f", "G": "1"},
        model="m",
        api_key_helper="cmd",
        effort="high",
        thinking=False,
        transport="sdk",
        provider="vertex",
        key_header="x-api-key",
        idle_timeout=5.0,
        theme="colour-blind",
        vim=True,
        verbose=True,
        screen_reader=True,
        reduced_motion=True,
        still=True,
        ambiguous_wide=True,
        channel="kitty",
        notifications=False,
        hooks_off=True,
        status_line=StatusCommand("date", padding=2, refresh=5.0, hides_vim=True),
    )


KEYS = ["permissions", "allow", "deny", "ask", "defaultMode", "env", "model", "coder", "transport", "idleTimeout", "x"]
KEYS += ["statusLine", "type", "command", "padding", "refreshInterval", "theme"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["plan", "sdk"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=15,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5))
def test_settings_of_any_shape_are_read_or_refused(value: dict[str, Any]) -> None:
    try:
        found, warnings = checked(value)
    except ConfigError as error:
        assert str(error).startswith("f.json: permissions")
    else:
        assert all(isinstance(rule, str) for rule in (*found.allow, *found.ask, *found.deny))
        assert all(warning.startswith("f.json: ") for warning in warnings)
