"""Which skills the model is told of where a host chose some. Must not know where skills lie."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

_HIDDEN = "user-invocable-only"


class ChosenSkills(Mapping[str, str]):
    """What settings say of a name (`skillOverrides`), and of each that was not chosen: that only a person may use it.
    One of a plugin is chosen by its whole name or by what stands behind the colon."""

    def __init__(self, chosen: Collection[str], settings: Mapping[str, str]) -> None:
        self._chosen = frozenset(chosen)
        self._settings = settings

    def __getitem__(self, name: str) -> str:
        said = self._settings.get(name)
        if said == "off" or name in self._chosen or name.rpartition(":")[2] in self._chosen:
            return self._settings[name]
        return _HIDDEN

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __bool__(self) -> bool:
        return True  # it says something of every name

    def __len__(self) -> int:
        return len(self._settings)
