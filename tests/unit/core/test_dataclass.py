"""Our dataclass beside the standard one: what is made is told apart by nothing but when `__init__` is compiled."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, field
from functools import partial
from typing import Any, ClassVar

import pytest

from coder.core.dataclass import dataclass

WAYS: tuple[dict[str, bool], ...] = (
    {},
    {"slots": True},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "eq": False},
    {"frozen": True, "slots": True, "repr": False},
    {"frozen": True, "slots": True, "kw_only": True},
    {"slots": True, "eq": False, "repr": False},
)


def classes(make: Callable[..., Any], **way: bool) -> tuple[Any, ...]:
    @make(**way)
    class One:
        kind: ClassVar[str] = "one"
        name: str

    @make(**way)
    class Many:
        name: str
        size: int = 3
        parts: list[int] = field(default_factory=list, compare=False)
        hidden: str = field(default="h", repr=False, kw_only=True)
        seen: tuple[int, ...] = field(default=(1,), init=False)
        salted: float = field(default=0.5, hash=False)

        def __post_init__(self) -> None:
            if self.size < 0:
                raise ValueError(self.name)

    @make(**way)
    class Below(Many):
        """Said."""

        more: str = "m"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Below)

        __hash__ = None  # type: ignore[assignment]  # as many a class says

    @make(**way)
    class Own:
        name: str

        def __repr__(self) -> str:
            return "mine"

        def __hash__(self) -> int:
            return 7

    return One, Many, Below, Own


def told(act: Callable[[], object]) -> object:
    try:
        return act()
    except (AttributeError, TypeError, ValueError) as error:
        return type(error)


def said(act: Callable[[], object]) -> str:
    """What is wrong, in the words that people see."""
    with pytest.raises(TypeError) as caught:
        act()
    return str(caught.value)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way) or "plain")
def test_it_is_what_the_standard_one_makes(way: dict[str, bool]) -> None:
    found = [facts(*classes(make, **way)) for make in (dataclasses.dataclass, dataclass)]
    assert found[1] == found[0]


def facts(one: Any, many: Any, below: Any, own: Any) -> list[object]:
    every: list[object] = [dataclasses.is_dataclass(many), many.__match_args__, below.__doc__]
    every += [[(f.name, f.init, f.kw_only) for f in dataclasses.fields(each)] for each in (one, many, below)]
    every += [str(inspect.signature(each)) for each in (one, many, below, own)]
    for cls in (one, many, below):
        a, b = cls(name="n"), cls(name="n")
        every += [a == b, a == cls(name="o"), a == 1, "object at" in repr(a) or repr(a)]
        every += [told(partial(same_hash, a, b)), told(partial(same_hash, a, ("n",)))]
        every += [
            told(partial(cls, "n")) is TypeError,
            said(cls),
            told(partial(cls, "n", name="o")),
        ]
        every += [told(partial(cls, name="n", other=1)), hasattr(a, "__dict__")]
        every += [told(partial(setattr, a, "name", "x")), can_set_another(a)]
        every += [told(partial(delattr, b, "name")), told(partial(getattr, b, "name"))]
        made = cls(name="n")
        every += [vars_of(copy.copy(made)), vars_of(copy.deepcopy(made)), vars_of(dataclasses.replace(made, name="z"))]
        every.append(told(partial(dataclasses.asdict, made)))
    every += [hash(own(name="n")), repr(own(name="n"))]
    wide = many(name="n", size=4, parts=[1], hidden="x", salted=1.5)
    every += [vars_of(wide), wide == many(name="n", size=4, parts=[2], hidden="x", salted=1.5)]
    every += [told(lambda: hash(wide) == hash(many(name="n", size=4, hidden="x", salted=2.5)))]
    every += [many(name="n").parts is many(name="n").parts, told(lambda: many(name="n", size=-1))]
    every.append(told(lambda: many(name="n", seen=())))
    return every


def same_hash(one: object, other: object) -> bool:
    return hash(one) == hash(other)


def can_set_another(made: Any) -> bool:
    try:
        made.other = 1
    except (AttributeError, TypeError):  # the standard one stumbles over a class with slots before it can say no
        return False
    return True


def vars_of(made: Any) -> list[tuple[str, object]]:
    return [(each.name, getattr(made, each.name)) for each in dataclasses.fields(made)]


@dataclass(frozen=True, slots=True)
class Kept:
    name: str
    inner: Kept | None = None


class Wider(Kept):
    """No dataclass: it may have more."""

    __slots__ = ("more",)
    more: int


def test_it_is_pickled_and_a_class_below_may_hold_more() -> None:
    made = Kept("a", Kept("b"))
    assert pickle.loads(pickle.dumps(made)) == made
    wider = Wider("a")
    wider.more = 1
    with pytest.raises(FrozenInstanceError):
        wider.name = "b"  # type: ignore[misc]
    assert wider.more == 1 and repr(wider) == "Wider(name='a', inner=None)"


def test_one_that_holds_itself_is_shown() -> None:
    @dataclass(slots=True)
    class Ring:
        rest: list[object] = field(default_factory=list)

    ring = Ring()
    ring.rest.append(ring)
    assert repr(ring).endswith("Ring(rest=[...])")


def test_its_signature_is_there_before_the_first_instance_and_compiles_once() -> None:
    @dataclass(frozen=True, slots=True)
    class Fresh:
        name: str
        parts: list[int] = field(default_factory=list)

    assert str(inspect.signature(Fresh)) == "(name: 'str', parts: 'list[int]' = <factory>) -> None"
    assert Fresh.__init__ is Fresh.__init__ and Fresh("n").parts == []


def test_no_field_hides_what_init_works_with() -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        _set: int
        _unset: list[int] = field(default_factory=list)
        _default_name: int = 2

    assert Odd(1) == Odd(1, [], 2)


def test_threads_that_make_the_first_ones_at_once_get_each_their_own() -> None:
    @dataclass(frozen=True, slots=True)
    class Fresh:
        number: int

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(Fresh, range(64))) == [Fresh(number) for number in range(64)]


def test_nothing_is_compiled_before_it_is_used() -> None:
    probe = (
        "import sys, dataclasses\nfrom coder.core.dataclass import dataclass\n"
        # From 3.13 the standard one compiles a text without any function too.
        "told = []\ndef hook(event, args):\n if event == 'compile' and '(self' in str(args): told.append(args)\n"
        "sys.addaudithook(hook)\n"
        "@dataclass(frozen=True, slots=True)\nclass A:\n    a: int\n    b: int = 2\n"
        "before = len(told); A(1); A(2); sys.stdout.write(f'{before} {len(told)}')"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, encoding="utf-8", check=True, timeout=60)
    assert done.stdout == "0 1"
