"""`dataclass` as in the standard library, and what it makes is one; only that nothing is compiled before it is used.

The standard one compiles six functions a class, each from a text of its own: two fifths of what it took coder to start.
Here they are closures, and `__init__` is compiled when it is first looked for. Must not know what is made with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from operator import attrgetter
from reprlib import recursive_repr
from types import MethodType
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

_set = object.__setattr__


@dataclass_transform(field_specifiers=(dataclasses.field, Field))
def dataclass(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, repr: bool = True, kw_only: bool = False
) -> Callable[[type[T]], type[T]]:
    """As `dataclasses.dataclass`, whose order, hash and init are not to be chosen here."""

    def made(given: type[T]) -> type[T]:
        own = set(given.__dict__)
        has_hash = given.__dict__.get("__hash__") is not None
        if given.__doc__ is None:
            given.__doc__ = given.__name__  # the standard one would work out a signature
        plain = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)
        cls: Any = plain(given)
        every = fields(cls)
        methods: dict[str, Any] = {"__init__": _FirstInit(cls, frozen)}
        if repr:
            methods["__repr__"] = _repr([each.name for each in every if each.repr])
        if eq:
            methods["__eq__"] = _eq(_values([each.name for each in every if each.compare]))
            if not has_hash:
                hashed = [each.name for each in every if (each.compare if each.hash is None else each.hash)]
                cls.__hash__ = _hash(_values(hashed)) if frozen else None
        if frozen:
            methods |= {"__setattr__": _no_setattr(cls), "__delattr__": _no_delattr(cls)}
        if frozen and slots:
            methods |= {"__getstate__": _getstate, "__setstate__": _setstate}
        for name, method in methods.items():
            if name not in own:
                setattr(cls, name, method)
        return cls  # type: ignore[no-any-return]  # another class than the given one where it has slots

    return made


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Gives the values of some fields, whose number attrgetter minds."""
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        one = attrgetter(names[0])
        return lambda self: (one(self),)
    return lambda self: ()


class _FirstInit:
    """Stands for `__init__` until somebody looks for it: to make an instance, or to read its signature."""

    def __init__(self, cls: Any, frozen: bool) -> None:
        self._cls, self._frozen = cls, frozen

    def __get__(self, instance: object, owner: object) -> Any:
        made = _init(self._cls, self._frozen)
        self._cls.__init__ = made  # two threads may both come here: what they make is the same
        return made if instance is None else MethodType(made, instance)


class _Factory:
    """A default that is made for each instance, in the signature as the standard one shows it."""

    def __repr__(self) -> str:
        return "<factory>"


_unset = _Factory()


def _init(cls: Any, frozen: bool) -> Callable[..., None]:
    known: dict[str, Any] = {"__set": _set, "__unset": _unset, "__name__": cls.__module__}
    first, named, body, types = ["self"], ["*"], [], {}
    for each in fields(cls):
        name, value = each.name, each.name
        has_default, has_factory = each.default is not MISSING, each.default_factory is not MISSING
        if has_factory:
            known[f"__make_{name}"] = each.default_factory
            value = f"__make_{name}() if {name} is __unset else {name}" if each.init else f"__make_{name}()"
        elif has_default:
            known[f"__default_{name}"] = each.default
        if each.init:
            default = "=__unset" if has_factory else f"=__default_{name}" if has_default else ""
            (named if each.kw_only else first).append(name + default)
            types[name] = each.type
        elif not has_factory:
            if not has_default:
                continue
            value = f"__default_{name}"
        body.append(f"__set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    given = ", ".join((*first, *(named if len(named) > 1 else ())))
    exec(f"def __init__({given}):\n " + "\n ".join(body or ["pass"]), known)  # names of fields alone
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"  # what a missing argument is said to be missing in
    made.__annotations__ = {**types, "return": None}
    return made


def _repr(names: list[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def __repr__(self: Any) -> str:
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _eq(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __hash__


def _no_setattr(cls: Any) -> Callable[[Any, str, object], None]:
    def __setattr__(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in cls.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    return __setattr__


def _no_delattr(cls: Any) -> Callable[[Any, str], None]:
    def __delattr__(self: Any, name: str) -> None:
        if type(self) is cls or name in cls.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __delattr__


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        _set(self, each.name, value)
