"""A module that is loaded when it is first used. For what a run without tool calls never needs (docs/adr/0002)."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LazyModule:
    """Stands for the module `name`; each attribute is looked up in it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(import_module(self._name), attribute)
        # Found by the ordinary look-up from now on.
        setattr(self, attribute, value)
        return value
