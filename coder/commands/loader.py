"""Loads every command and skill there is, and says which one a name means. The one loader, for all of them.

Must not know what runs a command, nor whether a repository is trusted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path

from coder.commands.command import decoded, definition_of, name_problem
from coder.commands.definition import Definition, Mistake
from coder.commands.places import Place, files_in, nested_places
from coder.commands.suggest import near
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.ordinary import read_ordinary
from coder.frontmatter.found import SIZE, File, Search, Signature, signature
from coder.frontmatter.read import split

_WHOSE = {"project": "project", "user": "yours", "personal": "yours"}  # how older versions told them apart
_LEADING = frozenset({"README", "readme", "Readme"})


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A file that could be read and is not used. `by` is the one that is used instead, if there is one."""

    definition: Definition
    reason: str
    by: Definition | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What counts, the strongest first. `seen` tells whether any of it may have changed since."""

    definitions: tuple[Definition, ...] = ()
    shadowed: tuple[Shadowed, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    seen: Mapping[Path, Signature] = field(default_factory=dict, repr=False)
    _by_name: Mapping[str, Definition] = field(default_factory=dict, repr=False)
    _by_end: Mapping[str, Definition | None] = field(default_factory=dict, repr=False)

    def all(self) -> tuple[Definition, ...]:
        return self.definitions

    def find(self, name: str) -> Definition | None:
        """By its name; by the end of it, where no other ends so; and `project:x` or `user:x` for whose it is, which
        also finds what another one shadows.
        """
        name = name.removeprefix("/")
        found = self._by_name.get(name) or self._by_end.get(name)
        if found is not None:
            return found
        whose, _, rest = name.partition(":")
        origin = _WHOSE.get(whose)
        every = (*self.definitions, *(shadowed.definition for shadowed in self.shadowed if shadowed.by is not None))
        return next((one for one in every if one.origin == origin and one.name == rest), None)

    def further(self) -> Mapping[str, tuple[str, ...]]:
        """The other names that `find` knows, by the name of the command that has them. What one hides is with it."""
        names: dict[str, list[str]] = {one.name: [] for one in self.definitions}
        for end, one in self._by_end.items():
            if one is not None and end not in self._by_name:
                names[one.name].append(end)
        for one in (*self.definitions, *(hidden.definition for hidden in self.shadowed if hidden.by is not None)):
            whose = next((word for word, origin in _WHOSE.items() if origin == one.origin), "")
            if whose and one.person_may:
                names[one.name].append(f"{whose}:{one.name}")
        return {name: tuple(dict.fromkeys(found)) for name, found in names.items()}

    def near(self, name: str, also: Iterable[str] = ()) -> tuple[str, ...]:
        """Names that may have been meant, of those a person can type and of `also`."""
        return near(name.removeprefix("/"), [*(one.name for one in self.definitions if one.person_may), *also])

    def stale(self) -> bool:
        """Whether a file or folder was made, changed or taken away since it was read: one `stat` each."""
        return any(signature(path) != was for path, was in self.seen.items())


def load(
    places: Iterable[Place], *, reserved: Collection[str] = (), overrides: Mapping[str, str] | None = None
) -> Catalogue:
    """Reads the heads of all files in `places`, in their order. `reserved` are names of the session's own commands,
    `overrides` what settings say of a name. Never raises: what cannot be used is among the mistakes.
    """
    search = Search()
    found: list[Definition] = []
    mistakes: list[Mistake] = []
    for place in places:
        if place.kind in {"skills", "commands"}:
            found += _of_place(place, search, mistakes)
    mistakes += [Mistake(failing.path, 0, failing.text) for failing in search.failing]
    return _catalogue(found, mistakes, search.seen, reserved, overrides or {})


def nested(folder: Path, cwd: Path, catalogue: Catalogue) -> Catalogue:
    """The catalogue with the skills of a folder below `cwd` in which something was touched. A name that is taken
    already becomes `sub/dir:name`. The same catalogue when there are none.
    """
    search = Search()
    mistakes: list[Mistake] = []
    taken = {one.name for one in catalogue.definitions}
    files = {one.file for one in catalogue.definitions}
    added: list[Definition] = []
    for place in nested_places(folder, cwd):
        for one in _of_place(place, search, mistakes):
            if one.file in files:
                continue
            short = one.name.removeprefix(place.prefix)
            named = one if short in taken else replace(one, name=short)
            taken.add(named.name)
            added.append(named)
    if not added and not mistakes and not search.failing:
        return catalogue
    mistakes += [Mistake(failing.path, 0, failing.text) for failing in search.failing]
    every = (*catalogue.definitions, *added)
    return Catalogue(
        every,
        catalogue.shadowed,
        (*catalogue.mistakes, *mistakes, *(mistake for one in added for mistake in one.mistakes)),
        {**catalogue.seen, **search.seen},
        {one.name: one for one in every},
        _ends(every),
    )


def body(definition: Definition) -> str:
    """What follows the head, read now. Raises ConfigError when the file is gone, or no longer the one that was read
    where that matters (`Definition.digest`).
    """
    try:
        data = read_ordinary(definition.file, SIZE + 1)
    except OSError as error:
        raise ConfigError(f"{definition.file} cannot be read: {error.strerror}.") from error
    if len(data) > SIZE:
        raise ConfigError(f"{definition.file} is larger than {SIZE // 1024 // 1024} MiB, so it is not used.")
    if definition.digest and hashlib.sha256(data).hexdigest() != definition.digest:
        raise ConfigError(f"{definition.file} has changed since it was read. Say /{definition.name} once more.")
    return split(decoded(data, definition.file)[0]).body


def _of_place(place: Place, search: Search, mistakes: list[Mistake]) -> Iterator[Definition]:
    for file in files_in(place, search):
        is_skill = file.path.name == "SKILL.md"
        names = _names(file, place, is_skill)
        problem = next(filter(None, map(name_problem, names)), "")
        if problem:
            mistakes.append(Mistake(file.path, 0, problem))
            continue
        was = signature(file.path)
        data = search.read(file.path)
        search.seen[file.path] = was
        if data is None or (file.names[-1] in _LEADING and not data.startswith((b"---", b"\xef\xbb\xbf---"))):
            continue
        name = place.prefix + ":".join(names)
        one = definition_of(data, file.path, name, place, skill=is_skill)
        if is_skill and place.plugin is not None and one.label and not name_problem(one.label):
            one = replace(one, name=place.prefix + ":".join((*names[:-1], one.label)))
        yield one


def _names(file: File, place: Place, is_skill: bool) -> tuple[str, ...]:
    """A skill among commands is called like its folder. A file may have its namespace in its name: `sub:name.md`."""
    if place.kind == "skills":
        return file.names
    parts: list[str] = []
    for name in (file.names[:-1] or (place.folder.name,)) if is_skill else file.names:
        for part in name.split(":"):
            if ":" not in name or parts[-1:] != [part]:
                parts.append(part)
    return tuple(parts)


def _catalogue(
    found: list[Definition],
    mistakes: list[Mistake],
    seen: Mapping[Path, Signature],
    reserved: Collection[str],
    overrides: Mapping[str, str],
) -> Catalogue:
    by_name: dict[str, Definition] = {}
    shadowed: list[Shadowed] = []
    files: set[Path] = set()
    for one in found:
        if one.file in files:
            continue  # a manifest may name what lies in its usual folder
        files.add(one.file)
        mistakes += one.mistakes
        said = overrides.get(one.name, "on")
        if one.name in reserved:
            reason = f"/{one.name} is a command of the session itself: give the file another name"
            shadowed.append(Shadowed(one, reason))
            mistakes.append(Mistake(one.file, 0, reason))
        elif said == "off":
            shadowed.append(Shadowed(one, "switched off in the settings (skillOverrides)"))
        elif (by := by_name.get(one.name)) is not None:
            shadowed.append(Shadowed(one, _reason(one, by), by))
        else:
            by_name[one.name] = replace(one, model_may=False) if said == "user-invocable-only" else one
    every = tuple(by_name.values())
    return Catalogue(every, tuple(shadowed), tuple(dict.fromkeys(mistakes)), seen, by_name, _ends(every))


def _ends(every: Iterable[Definition]) -> dict[str, Definition | None]:
    """Each by the last part of its name; None where several share it."""
    ends: dict[str, Definition | None] = {}
    for one in every:
        if ":" in one.name:
            end = one.name.rpartition(":")[2]
            ends[end] = None if end in ends else one
    return ends


def _reason(one: Definition, by: Definition) -> str:
    if one.origin == by.origin and one.kind != by.kind:
        return f"the skill {by.file} has the same name" if by.kind == "skill" else f"{by.file} has the same name"
    whose = {"yours": "your own", "project": "the project's", "built-in": "the built-in"}.get(
        by.origin, f"the {by.origin}"
    )
    return f"{whose} {by.kind} {by.file} comes first"
