"""Which extensions the administrator lets people have. Pure; must not know settings files, or what is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coder.core.config import ExtensionSettings
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.extensions.record import Installed, Record


@dataclass(frozen=True, slots=True)
class Known:
    """What an extension is judged by. `publisher` is whom a signature proved, `author` whom the manifest claims."""

    name: str
    title: str
    author: str
    publisher: str
    archive: str


def known_of(record: Record, version: Installed | None = None) -> Known:
    version = version or record.current
    return Known(record.name, record.title, version.author, version.consent.publisher, version.archive)


def forbidden(known: Known, settings: ExtensionSettings) -> str:
    """Why it may not be used, as the end of a sentence; "" when it may."""
    for entry in settings.blocked:
        if _fits(known, entry, {known.publisher, known.author}):
            return f"the administrator has blocked {_said(entry)}"
    if settings.allowed is None:
        return ""
    # A name is only claimed: nobody is allowed for saying that they are somebody.
    if any(_fits(known, entry, {known.publisher}) for entry in settings.allowed):
        return ""
    return "it is not among those that the administrator allows"


def _fits(known: Known, entry: Mapping[str, str], publishers: set[str]) -> bool:
    low = {each.casefold() for each in publishers if each}
    names = {known.name.casefold(), known.title.casefold()}
    return bool(entry) and all(
        value.casefold() in (names if key == "name" else low if key == "publisher" else {known.archive})
        for key, value in entry.items()
    )


def _said(entry: Mapping[str, str]) -> str:
    return ", ".join(f"{key} {visible_line(value)}" for key, value in entry.items())
