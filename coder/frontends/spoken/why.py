"""Whether a session is held in plain lines, and who said so. Must not know how it is held then."""

from __future__ import annotations

from collections.abc import Mapping

from coder.core.config import Interface

_NO = frozenset({"", "0", "false", "no", "off"})


def plain_because(flag: bool, env: Mapping[str, str], interface: Interface) -> str:
    """What asked for plain lines, as it is named to the person; "" when nothing did."""
    if flag:
        return "--screen-reader"
    if env.get("ACCESSIBLE", "").strip().lower() not in _NO:
        return "ACCESSIBLE"
    if interface.screen_reader:
        return "screenReader in your settings"
    return "TERM=dumb" if env.get("TERM", "").strip() == "dumb" else ""
