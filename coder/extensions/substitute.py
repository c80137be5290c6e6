"""Fills the variables of a manifest in: once, and literally, so that whatever a value holds arrives as it is.

Pure. Must not know which program is started, or where values come from.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.extensions.errors import LaunchError
from coder.extensions.user_config import Value, text_of

CONFIG = "user_config."
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, repr=False)
class Variables:
    """`plain` are those of the machine (`HOME`, `__dirname` …). `config` are the fields by key; one that is None is not
    set, and what names it is left out. `secret` are the keys of the sensitive ones."""

    plain: Mapping[str, str]
    config: Mapping[str, Value | None]
    secret: Collection[str] = ()

    def value(self, name: str, where: str) -> Value | None:
        if name.startswith(CONFIG) and name.removeprefix(CONFIG) in self.config:
            return self.config[name.removeprefix(CONFIG)]
        if name in self.plain:
            return self.plain[name]
        known = ", ".join(sorted([*self.plain, *(CONFIG + key for key in self.config)]))
        raise LaunchError(
            f"{where} names ${{{visible_line(name)[:80]}}}, which has no value here; what can be named: {known[:400]}"
        )

    def names_secret(self, text: str) -> bool:
        """Whether a secret is put into this text."""
        return any(
            name.removeprefix(CONFIG) in self.secret for name in _VARIABLE.findall(text) if name.startswith(CONFIG)
        )


def fill(text: str, variables: Variables, where: str) -> str | None:
    """The text with its variables filled in; None when it names a value that is not set. Raises LaunchError."""
    filled: list[str] = []
    at, complete = 0, True
    for match in _VARIABLE.finditer(text):
        value = variables.value(match[1], where)
        if isinstance(value, tuple):
            raise LaunchError(
                f"{where} puts the list {visible_line(match[0])} into a longer text; a list can only be an "
                "argument, or a variable of the environment, by itself"
            )
        # One that is not set leaves the text out, but a wrong one after it is still an error.
        complete = complete and value is not None
        filled += [text[at : match.start()], "" if value is None else text_of(value)]
        at = match.end()
    return _sound("".join([*filled, text[at:]]), where) if complete else None


def fill_args(args: tuple[str, ...], variables: Variables, where: str) -> tuple[str, ...]:
    """The arguments: one that is a list by itself becomes an argument for each of its values."""
    filled: list[str] = []
    for at, arg in enumerate(args):
        place = f"{where}[{at}]"
        values = _list(arg, variables, place)
        if values is None:
            text = fill(arg, variables, place)
            filled += [] if text is None else [text]
        else:
            filled += [_sound(each, place) for each in values]
    return tuple(filled)


def fill_env(env: Mapping[str, str], variables: Variables, where: str, separator: str) -> dict[str, str]:
    """The environment: a list by itself is joined as PATH is."""
    filled: dict[str, str] = {}
    for name, text in env.items():
        place = f"{where}.{visible_line(name)}"
        values = _list(text, variables, place)
        if values is not None:
            if any(separator in each for each in values):
                raise LaunchError(
                    f"{place} is a list joined by {separator}, and one of its values holds {separator} itself"
                )
            filled[name] = _sound(separator.join(values), place)
        elif (value := fill(text, variables, place)) is not None:
            filled[name] = value
    return filled


def _list(text: str, variables: Variables, where: str) -> list[str] | None:
    """The values of the list that is all of the text."""
    whole = _VARIABLE.fullmatch(text)
    value = variables.value(whole[1], where) if whole else None
    return [text_of(each) for each in value] if isinstance(value, tuple) else None


def _sound(text: str, where: str) -> str:
    if "\0" in text:
        raise LaunchError(f"{where} would hold a NUL, which no program can be given; set the value anew")
    try:
        text.encode("utf-8", "surrogateescape")  # as programs are given it
    except UnicodeEncodeError:
        raise LaunchError(f"{where} would hold half a character, which no program can be given; set it anew") from None
    return text
