"""What front ends tell about a session: contracts §3.3. A value; must not know how a session works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass
from coder.core.tools import Mode

if TYPE_CHECKING:
    from coder.core.plugins import PluginSettings
    from coder.core.trust import Trust


@dataclass(frozen=True, slots=True)
class SessionFacts:
    session_id: str
    cwd: Path
    tools: tuple[str, ...]
    model: str
    mode: Mode
    key_source: str
    transcript: Path | None
    trust: Trust | None = None
    style: str = "default"  # as it was set, whether there is such a style or not
    may_bypass: bool = False  # bypassPermissions can be chosen later on
    agents: tuple[str, ...] = ()  # the kinds that can be asked
    plugins: PluginSettings | None = None  # those that were named
