"""Which hooks a git has run and how each ended, from the trace that git writes of itself. Pure."""

from __future__ import annotations

import json

from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class HookRun:
    """`code` is None when it did not end."""

    name: str
    code: int | None


def hooks_run(trace: bytes) -> tuple[HookRun, ...]:
    """Those of the git itself, in order, not those of what its hooks start. `trace` is what GIT_TRACE2_EVENT wrote."""
    names: dict[int, str] = {}
    codes: dict[int, int] = {}
    for line in trace.splitlines():
        try:
            event = json.loads(line)
            if not isinstance(event, dict) or "/" in str(event.get("sid")):
                continue
            if event.get("event") == "child_start" and event.get("child_class") == "hook":
                names[int(event["child_id"])] = str(event.get("hook_name", "a hook"))
            elif event.get("event") == "child_exit":
                codes[int(event["child_id"])] = int(event["code"])
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return tuple(HookRun(name, codes.get(number)) for number, name in names.items())
