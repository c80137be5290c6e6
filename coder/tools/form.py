"""What a parameters dataclass allows, as a small tree. Must not know JSON text, messages or any one tool."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """For `Annotated`: the least and greatest number, or length of a list. None leaves that side open."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Scalar:
    kind: type[str] | type[int] | type[float] | type[bool]
    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class Choice:
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Many:
    item: Form
    make: type[list[Any]] | type[tuple[Any, ...]]
    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class Mapping:
    """A JSON object whose keys nobody listed; `value` is the form of each value."""

    value: Form


@dataclass(frozen=True, slots=True)
class Anything:
    pass


@dataclass(frozen=True, slots=True)
class Member:
    """One parameter. `name` is what JSON says, `attribute` what the dataclass says."""

    name: str
    attribute: str
    form: Form
    required: bool
    description: str = ""
    example: Any = None


@dataclass(frozen=True, slots=True)
class Record:
    make: type[Any]
    members: tuple[Member, ...]

    def member(self, name: str) -> Member | None:
        return next((m for m in self.members if m.name == name), None)


Form: TypeAlias = Scalar | Choice | Many | Mapping | Anything | Record


_made: dict[type[Any], Record] = {}


def record(params: type[Any]) -> Record:
    """The form of a parameters dataclass, made once for each. Raises TypeError for a type no JSON value can fill."""
    if params not in _made:
        hints = get_type_hints(params, include_extras=True)
        _made[params] = Record(params, tuple(_member(field, hints[field.name]) for field in fields(params)))
    return _made[params]


def _member(field: Field[Any], hint: Any) -> Member:
    description, bounds, plain = "", Bounds(), hint
    if get_origin(hint) is Annotated:
        plain, *notes = get_args(hint)
        description = next((note for note in notes if isinstance(note, str)), "")
        bounds = next((note for note in notes if isinstance(note, Bounds)), bounds)
    required = field.default is MISSING and field.default_factory is MISSING
    metadata = field.metadata
    form = _form(plain, bounds)
    return Member(metadata.get("name", field.name), field.name, form, required, description, metadata.get("example"))


def _form(hint: Any, bounds: Bounds) -> Form:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        rest = [argument for argument in arguments if argument is not NoneType]
        if len(rest) == 1:
            return _form(rest[0], bounds)
    if origin is Annotated:
        return _form(arguments[0], next((note for note in arguments[1:] if isinstance(note, Bounds)), bounds))
    if hint in (str, int, float, bool):
        return Scalar(hint, bounds)
    if origin is Literal:
        return Choice(arguments)
    if origin in (list, tuple):
        return Many(_form(arguments[0], Bounds()), origin, bounds)
    if origin is dict:
        return Mapping(_form(arguments[1], Bounds()))
    if hint is Any:
        return Anything()
    if isinstance(hint, type) and is_dataclass(hint):
        return record(hint)
    raise TypeError(f"no JSON form for {hint!r}")
