"""The hooks of a folder as people look at them: what runs when, where it stands, and why one does not count. Must not
know how a hook is run, or how the rows are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from coder.app.policy import layers
from coder.config.layers import Layer
from coder.core.config import Config, HookSource, Scope
from coder.core.dataclass import dataclass
from coder.hooks.config import HookSet
from coder.hooks.handler import Handler
from coder.hooks.points import POINTS

UNTRUSTED = "not used: this folder is not trusted (coder trust shows it, coder trust add trusts it)"
# What nothing in this version leads to.
NOT_FIRED = frozenset(
    {
        *("MessageDisplay", "PermissionDenied", "SubagentStart", "SubagentStop", "TaskCreated"),
        *("TaskCompleted", "TeammateIdle", "ConfigChange", "DirectoryAdded", "FileChanged", "WorktreeCreate"),
        "WorktreeRemove",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class HookRow:
    """`note` says why it does nothing; "" when it counts."""

    handler: Handler
    scope: Scope
    note: str = ""

    @property
    def counts(self) -> bool:
        return not self.note


def hook_rows(config: Config, env: Mapping[str, str]) -> tuple[list[HookRow], list[str]]:
    """In the order of the points, those of the strongest file first; and a line for each piece that is none. Reads the
    settings files once more, for those that do not count."""
    rows: list[HookRow] = []
    warnings: list[str] = []
    for source, note in _sources(config, env):
        found, wrong = HookSet.of((source,))
        rows += (HookRow(handler, source.scope, note or _flaw(handler)) for handler in found.all)
        warnings += wrong
    order = {name: number for number, name in enumerate(POINTS)}
    return sorted(rows, key=lambda row: order[row.handler.point]), warnings


def _sources(config: Config, env: Mapping[str, str]) -> Iterator[tuple[HookSource, str]]:
    used = {(source.origin, source.scope) for source in config.hooks.sources}
    yield from ((source, "") for source in config.hooks.sources)
    every = tuple(layers(config, env))
    off = {str(config.cwd / item.file) for item in (config.trust.off if config.trust is not None else ())}
    for layer in every:
        if layer.settings.hooks and (layer.origin, layer.scope) not in used:
            note = UNTRUSTED if layer.origin in off else _switched_off(every)
            yield HookSource(layer.origin, layer.scope, layer.settings.hooks), note


def _switched_off(every: tuple[Layer, ...]) -> str:
    for layer in every:
        if layer.settings.hooks_off:
            return f"not used: disableAllHooks in {Path(layer.origin).name} switches hooks off"
        if layer.scope == "managed" and layer.settings.managed_hooks_only:
            return "not used: the administrator lets only their own hooks run"
    return "not used in this session"


def _flaw(handler: Handler) -> str:
    if handler.point in NOT_FIRED:
        return f"does nothing: nothing in this version leads to {handler.point}"
    return ""
