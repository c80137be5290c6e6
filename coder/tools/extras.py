"""Optional libraries: loaded when first needed, named when absent. Must not know what they are for."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def optional(module: str) -> Any | None:
    """The module, or None when its extra is not installed."""
    try:
        return import_module(module)
    except ImportError:
        return None


def install_hint(extra: str) -> str:
    return f"Install the extra `{extra}` for that: pip install 'coder[{extra}]'"
