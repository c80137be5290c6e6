"""Where coder's lines differ from the types of the public SDKs on purpose, each with the reason. Must not know how
types are compared.

`more` is a name that a type does not have, `null` one that stands as null where the type has it left out, `lacks` one
that the type wants and coder does not know, `value` a value that the type does not list.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from tests.support.sdk_types import Typed, Wrong

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Leave:
    """`kind` is a pattern of kinds; `path` the names that lead there; `fill` what stands in for what is lacking."""

    how: Literal["more", "null", "lacks", "value"]
    kind: str
    path: str
    why: str
    fill: Any = None

    @property
    def name(self) -> str:
        return f"{self.how} {self.kind} {self.path}"


_API = "the API's own name: what is not in its answers is not made up"
_OWN = "coder's own, documented in docs/headless.md"
_BOTH = "null as the Python SDK's type has it (contracts 5.4); the TypeScript SDK's has it left out"
_REPLIES = r"assistant"
_COUNTS: tuple[tuple[str, Any], ...] = (
    ("fallback_credit", None),
    ("inference_geo", ""),
    ("iterations", []),
    ("speed", "standard"),
)

TYPESCRIPT = (
    *(Leave("lacks", _REPLIES, f"message.{name}", _API) for name in ("container", "context_management", "diagnostics")),
    Leave("lacks", _REPLIES, "message.stop_details", _API),
    Leave("lacks", _REPLIES, "message.content[].citations", _API),
    *(Leave("lacks", _REPLIES, f"message.usage.{name}", _API, fill) for name, fill in _COUNTS),
    *(Leave("lacks", r"result/.*", f"usage.{name}", _API, fill) for name, fill in _COUNTS),
    *(
        Leave("lacks", kind, f"{path}output_tokens_details", _API, {"thinking_tokens": 0})
        for kind, path in ((_REPLIES, "message.usage."), (r"result/.*", "usage."))
    ),
    Leave("more", r"(system/init|result/.*)", "trust", _OWN),
    Leave("more", r"result/.*", "evidence", _OWN),
    Leave("more", r"result/error_.*", "ttft_ms", "contracts 3.6 has it for every result"),
    Leave("more", "system/init", "mcp_server_errors", "contracts 3.3 has it"),
    Leave("null", "request/can_use_tool", "request.blocked_path", _BOTH),
    Leave("null", "request/hook_callback", "request.tool_use_id", _BOTH),
    Leave("value", "tool/Agent", "status", "an agent that failed has a report too; the result is marked as an error"),
    Leave("value", r"result/.*", "terminal_reason", _OWN + ": ends for which the types have no reason"),
    Leave("value", r"result/.*", "total_cost_usd", "a price that is not known is null and never zero (B-440)"),
    Leave("value", r"result/.*", "modelUsage.*.costUSD", "a price that is not known is null and never zero (B-440)"),
)
PYTHON = (
    Leave("more", "answer/get_context_usage", "categories[].id", "the TypeScript SDK's type has it"),
    Leave("more", "answer/get_context_usage", "categories[].kind", "the TypeScript SDK's type has it"),
    Leave("more", "request/can_use_tool", "decision_reason_type", "the TypeScript SDK's type has it"),
    Leave("more", "request/can_use_tool", "classifier_approvable", "the TypeScript SDK's type has it"),
    Leave("more", "request/can_use_tool", "requires_user_interaction", "the TypeScript SDK's type has it"),
    Leave("more", "system/init", "mcp_server_errors", "contracts 3.3 has it"),
    Leave("more", "system/init", "trust", _OWN),
    Leave(
        "value", "assistant", "parsed.error", "contracts 3.2 and the TypeScript SDK's type have more kinds of errors"
    ),
    Leave(
        "value", r"result/.*", "parsed.model_usage.*.costUSD", "a price that is not known is null, never zero (B-440)"
    ),
)
OWN_REASONS = frozenset({"loop_detected", "permission_prompt_tool_missing", "mcp_server_missing"})


def without(objects: Iterable[Typed], leaves: Iterable[Leave], used: set[str]) -> list[Typed]:
    """The objects as the types would have them but for what is not on the list. `used` has what there was need for."""
    made = []
    leaves = [each for each in leaves if each.how != "value"]
    for each in objects:
        value = copy.deepcopy(each.value)
        for leave in leaves:
            if re.fullmatch(leave.kind, each.kind) and _mends(value, leave.path.split("."), leave):
                used.add(leave.name)
        made.append(replace(each, value=value))
    return made


def of_list(wrong: Wrong, leaves: Iterable[Leave], used: set[str]) -> bool:
    """Whether what is wrong is on the list as it is."""
    for leave in leaves:
        path = re.escape(leave.path).replace(r"\*", "[^.]+(\\.[^.]+)*")
        if not (re.fullmatch(leave.kind, wrong.about.kind) and re.fullmatch(path, wrong.path)):
            continue
        if leave.path == "terminal_reason" and wrong.about.value["terminal_reason"] not in OWN_REASONS:
            continue
        used.add(leave.name)
        return True
    return False


def _mends(value: Any, path: list[str], leave: Leave) -> bool:
    name, *rest = path
    name, is_list = name.removesuffix("[]"), name.endswith("[]")
    if not isinstance(value, dict):
        return False
    if rest:
        within = value.get(name)
        inner = within if is_list and isinstance(within, list) else [within]
        done = [_mends(each, rest, leave) for each in inner]  # all of them
        return any(done)
    if leave.how == "lacks":
        if name in value or (name == "citations" and value.get("type") != "text"):
            return False
        value[name] = copy.deepcopy(leave.fill)
        return True
    if leave.how == "null" and value.get(name, _ABSENT) is not None:
        return False
    return value.pop(name, _ABSENT) is not _ABSENT
