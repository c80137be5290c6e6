"""Functions of the program as tools: their form out of their signature, and calls of them. Must not know sessions."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
import keyword
from collections.abc import Callable
from dataclasses import dataclass, field, make_dataclass
from typing import Any, get_type_hints, overload

from coder.core.errors import ConfigError, ToolError
from coder.core.messages import Json
from coder.tools import schema


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A function that the model may call. `asks`: each call needs a yes, as tools of servers do; else it is allowed.
    `reads_only`: a call changes nothing, so that several may run at once."""

    name: str
    description: str
    function: Callable[..., Any]
    params: type[Any] = field(repr=False)
    asks: bool = False
    reads_only: bool = False

    @property
    def input_schema(self) -> Json:
        return schema.schema(self.params)

    async def call(self, arguments: Any) -> tuple[str, bool]:
        """What the model reads, and whether it is an error. An exception of the function is one, and ends nothing."""
        try:
            given = schema.parse(self.params, arguments, self.name)
            named = {each.name: getattr(given, each.name) for each in dataclasses.fields(self.params)}
            if inspect.iscoroutinefunction(self.function):
                value = await self.function(**named)
            else:
                value = await asyncio.to_thread(self.function, **named)
            return _text(value), False
        except ToolError as error:
            return str(error), True
        except SystemExit as error:  # of a function that was made for a command line
            return f"it would have ended the program ({error.code})", True
        except Exception as error:  # noqa: BLE001  # the program's own code: the model is told, and the run goes on
            return f"{type(error).__name__}: {_said(error)}", True


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...


@overload
def tool(
    *, name: str = "", description: str = "", asks: bool = False, reads_only: bool = False
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str = "",
    description: str = "",
    asks: bool = False,
    reads_only: bool = False,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """A function, plain or async, as a tool: `@tool` or `@tool(asks=True)`. Its name, docstring and types of parameters
    are what the model is told; `Annotated[str, "what it is"]` describes one. Raises ConfigError for a
    signature that no JSON can fill."""

    def made(function: Callable[..., Any]) -> Tool:
        called = name or function.__name__
        told = description or inspect.getdoc(function) or ""
        return Tool(called, told, function, _params(called, function), asks, reads_only)

    return made if function is None else made(function)


def tools_of(given: tuple[Tool | Callable[..., Any], ...]) -> tuple[Tool, ...]:
    """Raises ConfigError for two of one name."""
    made = tuple(each if isinstance(each, Tool) else tool(each) for each in given)
    names = [each.name for each in made]
    if twice := next((each for each in names if names.count(each) > 1), None):
        raise ConfigError(f"two tools of the program are called {twice}. Give one another name: @tool(name=...)")
    return made


def _params(name: str, function: Callable[..., Any]) -> type[Any]:
    hints = get_type_hints(function, include_extras=True)
    members: list[Any] = []
    for each in inspect.signature(function).parameters.values():
        if each.kind not in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) or keyword.iskeyword(each.name):
            raise ConfigError(f"the tool {name} cannot take {each}: its parameters must have names of their own.")
        hint = hints.get(each.name, Any)
        default = dataclasses.field() if each.default is each.empty else _default(each.default)
        members.append((each.name, hint, default))
    try:
        params = make_dataclass(name, members, frozen=True, kw_only=True)
        schema.schema(params)
    except TypeError as error:
        raise ConfigError(f"the tool {name} cannot be offered: {error}. Give each parameter a plain type.") from error
    return params


def _default(value: Any) -> Any:
    return dataclasses.field(default_factory=lambda: value)


def _said(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # the program's own code, too
        return "it does not say why"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return "Done."
    plain = dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
    return json.dumps(plain, ensure_ascii=False, default=str)
