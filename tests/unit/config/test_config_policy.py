"""`--managed-settings`: what the program that starts coder forbids, and that it can do no more than that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.config.flags import Flags
from coder.config.load import load
from coder.config.policy import policy_layer
from coder.core.config import Config
from coder.core.errors import ConfigError

pytestmark = pytest.mark.behaviour("B-2433")
FLAG = "--managed-settings"


def loaded(root: Path, policy: Any, *, admin: Any = None, mine: Any = None, **flags: Any) -> Config:
    for folder, content in ((root / "etc", admin), (root / "home", mine)):
        folder.mkdir(exist_ok=True)
        if content is not None:
            name = "managed-settings.json" if folder.name == "etc" else "settings.json"
            (folder / name).write_text(json.dumps(content))
    env = {"HOME": str(root), "CODER_CONFIG_DIR": str(root / "home"), "IS_SANDBOX": "1"}
    text = policy if isinstance(policy, str) else json.dumps(policy)
    return load(Flags(managed_settings=text, **flags), env, root, managed=root / "etc")


def test_what_forbids_counts_and_what_allows_is_said_to_be_left_out(tmp_path: Path) -> None:
    rules = {"deny": ["Bash(curl *)"], "ask": ["Edit"], "allow": ["Bash"], "additionalDirectories": ["/"]}
    wide = {"env": {"A": "1"}, "hooks": {"Stop": []}, "model": "opus", "apiKeyHelper": "id", "extensions": {}}
    network = {"network": {"allowManagedDomainsOnly": True}}
    config = loaded(tmp_path, {"permissions": rules, "allowedHttpHookUrls": ["*"], "sandbox": network, **wide})
    assert {(rule.text, rule.behaviour, rule.scope, rule.origin) for rule in config.rules} == {
        ("Bash(curl *)", "deny", "managed", FLAG),
        ("Edit", "ask", "managed", FLAG),
    }
    assert not config.add_dirs and "A" not in config.env and not config.model.is_fixed
    assert config.hooks.urls is None and config.hooks.sources == ()
    (said,) = [line for line in config.warnings if line.startswith(FLAG)]
    for name in ("permissions.allow", "permissions.additionalDirectories", "sandbox.network", *wide):
        assert name in said
    assert "deny" not in said and "\n" not in said


def test_the_switches_of_an_administrator_shut_others_out(tmp_path: Path) -> None:
    hook = {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}
    mine = {"permissions": {"allow": ["Bash(ls *)"]}, "hooks": hook, "confirmIrreversible": False}
    switches = {"allowManagedPermissionRulesOnly": True, "disableAllHooks": "true", "confirmIrreversible": "true"}
    given = {**switches, "permissions": {"disableBypassPermissionsMode": "disable"}, "allowedHttpHookUrls": []}
    config = loaded(tmp_path, given, mine=mine, admin={"hooks": hook}, allowed_tools=("Bash",), may_bypass=True)
    assert config.managed_rules_only and not [rule for rule in config.rules if rule.behaviour == "allow"]
    assert [source.scope for source in config.hooks.sources] == ["managed"] and config.hooks.urls == ()
    assert config.confirm_irreversible and not config.may_bypass
    assert any("set by --managed-settings: 2 allow rules" in line for line in config.warnings)
    with pytest.raises(ConfigError, match="disableBypassPermissionsMode"):
        loaded(tmp_path, given, permission_mode="bypassPermissions")


A, B = [{"serverName": "a"}], [{"serverName": "b"}]


@pytest.mark.parametrize(
    ("policy", "admin", "mine", "allowed"),
    [
        ({"allowedMcpServers": A}, None, None, A),
        ({"allowedMcpServers": A}, {"allowedMcpServers": B}, None, B),
        ({"allowedMcpServers": A}, None, {"allowedMcpServers": B}, B),
        ({"allowedMcpServers": A, "allowManagedMcpServersOnly": True}, None, {"allowedMcpServers": B}, A),
        ({"deniedMcpServers": A}, None, None, None),
    ],
)
def test_a_list_of_servers_never_adds_to_one_that_is_there(
    tmp_path: Path, policy: Any, admin: Any, mine: Any, allowed: Any
) -> None:
    servers = loaded(tmp_path, policy, admin=admin, mine=mine).servers
    assert servers.allowed == (None if allowed is None else tuple(allowed))
    assert list(servers.denied) == policy.get("deniedMcpServers", [])


@pytest.mark.parametrize(
    "policy",
    [
        *("", "x", "[]", "/etc/settings.json", '{"permissions": {"deny": ["A"]}, "permissions": {}}'),
        *({"permissions": []}, {"permissions": {"deny": "Bash"}}, {"permissions": {"deny": [1]}}, {"sandbox": True}),
        *({"deniedMcpServers": {}}, {"deniedMcpServers": ["a"]}, {"disabledMcpjsonServers": [1]}),
        {"permissions": {"disableBypassPermissionsMode": True}},
        {"sandbox": {"enabled": True, "failIfUnavailable": True}},
    ],
)
def test_what_cannot_be_told_or_kept_is_no_start(tmp_path: Path, policy: Any) -> None:
    with pytest.raises(ConfigError, match=r"^--managed-settings") as error:
        loaded(tmp_path, policy)
    assert "\n" not in str(error.value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    [
        *(
            "permissions",
            "sandbox",
            "allowedMcpServers",
            "deniedMcpServers",
            "disableAllHooks",
            "hooks",
            "env",
            "model",
        ),
        *("allow", "allowManagedHooksOnly", "confirmIrreversible", "allowedHttpHookUrls", "extensions", "claudeMd"),
        *("webFetch", "worktree", "model"),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(_KEYS, _JSON, max_size=6))
def test_whatever_it_says_it_allows_nothing(policy: dict[str, Any]) -> None:
    try:
        found = policy_layer(json.dumps(policy), Path("/")).settings
    except ConfigError:
        return
    wide = (found.allow, found.directories, found.env, found.hooks, found.model, found.memory, found.extensions)
    assert not any(wide) and found.mode is None and found.private_hosts == () and not found.hook_urls
    assert found.confirm_irreversible in (None, True) and found.hooks_off is None
