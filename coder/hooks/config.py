"""The hooks of all settings files, checked and in order. Must not know how a hook is run, or whether it is trusted."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from coder.core.config import HookSource
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.hooks.entry import Malformed, handler_of
from coder.hooks.handler import Handler
from coder.hooks.matcher import Matcher, matcher
from coder.hooks.points import POINTS, Point

if TYPE_CHECKING:
    from coder.hooks import hosted
else:  # where a program embeds us
    hosted = LazyModule("coder.hooks.hosted")

MOST = 2000  # handlers of one source; more than that nobody wrote
_SILENT = frozenset({"description", "$schema"})


@dataclass(frozen=True, slots=True)
class _Entry:
    matcher: Matcher
    handler: Handler


class HookSet:
    """Never changes: `with_more` and `without` make others."""

    def __init__(self, entries: Sequence[_Entry] = ()) -> None:
        self._by_event: dict[str, list[_Entry]] = {}
        for entry in entries:
            self._by_event.setdefault(entry.handler.point, []).append(entry)

    @classmethod
    def of(cls, sources: Sequence[HookSource]) -> tuple[HookSet, tuple[str, ...]]:
        """And a line for people for each piece that does not count."""
        warnings: list[str] = []
        entries = [entry for source in sources for entry in _of_source(source, warnings)]
        return cls(entries), tuple(warnings)

    def with_more(
        self,
        events: Mapping[str, Any],
        origin: str,
        *,
        root: str = "",
        agent: bool = False,
        hosted: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> tuple[HookSet, tuple[str, ...]]:
        """With the hooks of a skill's or an agent's head: `root` is its folder, an agent's Stop is SubagentStop.
        `hosted`: with callbacks of the program that embeds us."""
        warnings: list[str] = []
        if agent and "Stop" in events:
            events = {"SubagentStop" if name == "Stop" else name: groups for name, groups in events.items()}
        fresh = _entries(events, origin, warnings, root=root, frontmatter=not hosted, hosted=hosted)
        given = [_given(entry, variables or {}) for entry in fresh]
        return HookSet([*self._entries(), *given]), tuple(warnings)

    def without(self, handlers: Sequence[Handler]) -> HookSet:
        """Without those of a `once` that has run, or of an agent that has ended."""
        gone = set(map(id, handlers))
        return HookSet([entry for entry in self._entries() if id(entry.handler) not in gone])

    def wants(self, event: str, subject: str = "") -> bool:
        subject = _compared(event, subject)
        return any(entry.matcher.matches(subject) for entry in self._by_event.get(event, ()))

    def matching(self, event: str, subject: str = "") -> tuple[Handler, ...]:
        """Those whose matcher fits, of equal ones the first, in the order of the settings."""
        subject = _compared(event, subject)
        found: dict[tuple[object, ...], Handler] = {}
        for entry in self._by_event.get(event, ()):
            if entry.matcher.matches(subject):
                found.setdefault(entry.handler.same, entry.handler)
        return tuple(found.values())

    @property
    def all(self) -> tuple[Handler, ...]:
        return tuple(entry.handler for entry in self._entries())

    def _entries(self) -> Iterator[_Entry]:
        for entries in self._by_event.values():
            yield from entries

    def __bool__(self) -> bool:
        return bool(self._by_event)


def _of_source(source: HookSource, warnings: list[str]) -> Iterator[_Entry]:
    for entry in _entries(source.events, source.origin, warnings, root=source.root, hosted=source.hosted):
        yield _given(entry, source.variables)


def _given(entry: _Entry, variables: Mapping[str, str]) -> _Entry:
    return replace(entry, handler=replace(entry.handler, variables=variables)) if variables else entry


def _compared(event: str, subject: str) -> str:
    return PurePath(subject).name if event == "FileChanged" else subject


def _entries(
    events: Mapping[str, Any],
    origin: str,
    warnings: list[str],
    *,
    root: str = "",
    frontmatter: bool = False,
    hosted: bool = False,
) -> Iterator[_Entry]:
    count = 0
    for event, place, group in _groups(events, origin, warnings):
        point = POINTS[event]
        found = (
            _of_host(point, place, group, origin, warnings)
            if hosted
            else _of_group(point, place, group, origin, warnings, root=root, frontmatter=frontmatter)
        )
        for entry in found:
            count += 1
            if count > MOST:
                warnings.append(f"{origin}: more than {MOST:,} hooks; those behind {place} do not count.")
                return
            yield entry


def _groups(
    events: Mapping[str, Any], origin: str, warnings: list[str]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for event, groups in events.items():
        if event in _SILENT:
            continue
        if event not in POINTS:
            warnings.append(f"{origin}: hooks.{visible_line(str(event))[:80]} is no event{_suggestion(str(event))}")
            continue
        if not isinstance(groups, list):
            warnings.append(f"{origin}: hooks.{event} must be a list; it does not count.")
            continue
        for index, group in enumerate(groups):
            place = f"{event}[{index}]"
            if isinstance(group, Mapping):
                yield event, place, group
            else:
                warnings.append(f"{origin}: hooks.{place} must be an object with `hooks`; it does not count.")


def _of_group(
    point: Point,
    place: str,
    group: Mapping[str, Any],
    origin: str,
    warnings: list[str],
    *,
    root: str,
    frontmatter: bool,
) -> Iterator[_Entry]:
    handlers = group.get("hooks")
    if not isinstance(handlers, list):
        warnings.append(f"{origin}: hooks.{place}.hooks must be a list of hooks; this group does not count.")
        return
    made, text = _matcher(point, place, group, origin, warnings)
    if made is None:
        return
    for index, raw in enumerate(handlers):
        where = f"{place}.hooks[{index}]"
        try:
            handler = handler_of(raw, point, origin, where, matcher=text, root=root, frontmatter=frontmatter)
        except Malformed as error:
            warnings.append(f"{origin}: hooks.{where} {error}; it does not count.")
            continue
        yield _Entry(made, handler)


def _of_host(point: Point, place: str, group: Mapping[str, Any], origin: str, warnings: list[str]) -> Iterator[_Entry]:
    made, text = _matcher(point, place, group, origin, warnings)
    if made is None:
        return
    try:
        handlers = tuple(hosted.handlers_of(group, point, origin, place, text))
    except Malformed as error:
        warnings.append(f"{origin}: hooks.{place} {error}; it does not count.")
        return
    for handler in handlers:
        yield _Entry(made, handler)


def _matcher(
    point: Point, place: str, group: Mapping[str, Any], origin: str, warnings: list[str]
) -> tuple[Matcher | None, str]:
    """And its text; None where it can match nothing."""
    text = group.get("matcher")
    if text is not None and not isinstance(text, str):
        warnings.append(f"{origin}: hooks.{place}.matcher must be a text; the hooks of this group do not count.")
        return None, ""
    made = matcher((text or "") if point.subject else "", narrow=point.narrow)
    if isinstance(made, str):
        shown = visible_line(text or "")[:80]
        warnings.append(f"{origin}: hooks.{place}.matcher {shown!r} {made}; it matches nothing.")
        return None, ""
    return made, text or ""


def _suggestion(event: str) -> str:
    """The known event that was probably meant."""
    by_lower = {name.lower(): name for name in POINTS}
    near = difflib.get_close_matches(event.lower()[:80], by_lower, n=1)
    return f". Did you mean {by_lower[near[0]]}?" if near else "; it does not count."
