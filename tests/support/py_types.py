"""Whether objects are what the types of the public Python SDK say: its classes and dictionaries, read at run time. It
also tells of what a dictionary's type does not have. Must not know where the objects come from.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from claude_agent_sdk import types as sdk
from claude_agent_sdk._internal.message_parser import parse_message

from tests.support.sdk_types import Typed, Wrong

_HOOKS = {get_args(get_type_hints(each)["hook_event_name"])[0]: each for each in get_args(sdk.HookInput)}
_REQUESTS = {
    "can_use_tool": sdk.SDKControlPermissionRequest,
    "hook_callback": sdk.SDKHookCallbackRequest,
    "mcp_message": sdk.SDKControlMcpMessageRequest,
}
_ANSWERS = {"mcp_status": sdk.McpStatusResponse, "get_context_usage": sdk.ContextUsageResponse}


def wrong_for_python(about: Typed) -> Iterator[Wrong]:
    """What its types say against an object; nothing where they do not know of it."""
    family, _, name = about.kind.partition("/")
    hint: Any = None
    match family:
        case "hook":
            hint = _HOOKS.get(name)
        case "request":
            yield from misfits(about, about.value["request"], _REQUESTS.get(name))
        case "response":
            hint = sdk.SDKControlResponse
        case "answer":
            hint = _ANSWERS.get(name)
        case "tool":
            pass
        case _:
            yield from misfits(about, parse_message(about.value), Any, "parsed")
            hint = sdk.SystemInitData if about.kind == "system/init" else None
    yield from misfits(about, about.value, hint)


def misfits(about: Typed, value: Any, hint: Any, path: str = "") -> Iterator[Wrong]:
    if is_dataclass(value) and not isinstance(value, type):
        yield from _of_class(about, value, path)
    elif hint is None or hint is Any:
        return
    elif typing.is_typeddict(hint):
        yield from _of_dictionary(about, value, hint, path)
    elif get_origin(hint) in (Union, types.UnionType):
        tried = [list(misfits(about, value, each, path)) for each in get_args(hint)]
        yield from min(tried, key=len)
    elif get_origin(hint) is Literal:
        if value not in get_args(hint):
            yield Wrong(about, path, f"{value!r} is not one of {get_args(hint)}")
    elif get_origin(hint) is list:
        yield from _is(about, value, list, path)
        for each in value if isinstance(value, list) else ():
            yield from misfits(about, each, get_args(hint)[0], f"{path}[]")
    elif get_origin(hint) is dict:
        yield from _is(about, value, dict, path)
        for name, each in value.items() if isinstance(value, dict) else ():
            yield from misfits(about, each, get_args(hint)[1], f"{path}.{name}")
    elif get_origin(hint) in (typing.NotRequired, typing.Required):
        yield from misfits(about, value, get_args(hint)[0], path)
    else:
        yield from _is(about, value, type(None) if hint is type(None) else hint, path)


def _of_class(about: Typed, value: Any, path: str) -> Iterator[Wrong]:
    hints = get_type_hints(type(value), vars(sdk))
    for each in fields(value):
        yield from misfits(about, getattr(value, each.name), hints[each.name], f"{path}.{each.name}")


def _of_dictionary(about: Typed, value: Any, hint: Any, path: str) -> Iterator[Wrong]:
    if not isinstance(value, dict):
        yield Wrong(about, path, f"{value!r} is no {hint.__name__}")
        return
    hints = get_type_hints(hint, vars(sdk))
    for name in sorted(hint.__required_keys__ - value.keys()):
        yield Wrong(about, f"{path}.{name}".strip("."), f"is missing in {hint.__name__}")
    for name, each in value.items():
        within = f"{path}.{name}".strip(".")
        if name in hints:
            yield from misfits(about, each, hints[name], within)
        else:
            yield Wrong(about, within, f"{hint.__name__} has no such name")


def _is(about: Typed, value: Any, kind: Any, path: str) -> Iterator[Wrong]:
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        yield Wrong(about, path, f"{value!r:.80} is no {kind.__name__}")
