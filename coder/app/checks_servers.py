"""Checks of MCP servers and extensions, where there are any: what is written down of them. Must not know how one is
reached; none is started.
"""

from __future__ import annotations

from collections.abc import Iterator

from coder.app.checks import Check, Site
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import global_files
from coder.config.servers import MCP_FILE
from coder.core.config import Config
from coder.core.errors import CoderError
from coder.core.visible import visible_line
from coder.extensions.roster import has_extensions, roster
from coder.mcp.entries import servers_of

_KEY = "ANTHROPIC_API_KEY"
_MOST = 20  # findings of a kind


def mcp_servers(site: Site) -> Iterator[Check]:
    config = _config(site)
    if config is None:
        return
    env = {name: value for name, value in config.env.items() if name != _KEY or name in site.env}
    servers, problems = servers_of(config.servers, {**env, **site.env}, config.cwd)
    off = sum(server.name in config.servers.off for server in servers)
    files = tuple(map(str, (config.cwd / MCP_FILE, *global_files(site.home, site.env))))
    said = [text for text in config.warnings if text.startswith(files)]
    for text in [*said, *(problem.text for problem in problems)][:_MOST]:
        yield Check("MCP servers", "warn", visible_line(text))
    if waiting := [visible_line(name) for name in config.servers.unapproved]:
        names = ", ".join(waiting[:_MOST])
        advice = "Look at them, then decide: coder trust"
        yield Check("MCP servers", "warn", f"not used before you say yes: {names}", advice)
    if servers:
        some_off = f", {off} turned off" if off else ""
        yield Check("MCP servers", "ok", f"{len(servers)} configured{some_off}; how they are: coder mcp list")


def extensions(site: Site) -> Iterator[Check]:
    config = _config(site)
    if config is None or not has_extensions(site.home):
        return
    found = roster(site.home, config.extensions)
    refused = [each for each in found if each.reason]
    for each in refused[:_MOST]:
        yield Check("extensions", "warn", f"{visible_line(each.name)} is not started: {visible_line(each.reason)}")
    if good := len(found) - len(refused):
        yield Check("extensions", "ok", f"{good} turned on: coder extension list")


def _config(site: Site) -> Config | None:
    """None where other checks say why. A key at hand keeps an apiKeyHelper from being run once more."""
    flags = Flags(headless=False, no_session_persistence=True)
    try:
        return load(flags, {**site.env, _KEY: "none"}, site.cwd, site.home)
    except CoderError:
        return None


LOOKS = (mcp_servers, extensions)
