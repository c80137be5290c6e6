"""What `coder doctor` looks at: one `Check` each, in the order they are shown. Must not know how that is.

Nothing here is changed on disk, and nothing is asked of the network but by `reachable`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.config import ModelConfig
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line

State: TypeAlias = Literal["ok", "warn", "bad"]
# Loaded by whoever looks: they know many parts of the house.
_machine = LazyModule("coder.app.checks_machine")
_setup = LazyModule("coder.app.checks_setup")
_servers = LazyModule("coder.app.checks_servers")
_login = LazyModule("coder.app.login")


@dataclass(frozen=True, slots=True)
class Check:
    """`name` is what was looked at, `what` was found; `advice` says what to do about it. "warn" keeps nothing from
    working, "bad" does. The texts are safe to show."""

    name: str
    state: State
    what: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """Where to look. `is_tty`: a person sees the output."""

    env: Mapping[str, str]
    cwd: Path
    home: Path
    is_tty: bool = False
    encoding: str = "utf-8"
    columns: int = 80
    rows: int = 24


def examined(site: Site) -> Iterator[Check]:
    """Every check but the network's. Blocks on the disk, on git's version, and while an apiKeyHelper runs. Never
    raises."""
    for look in (*_machine.LOOKS, *_setup.LOOKS, *_servers.LOOKS):
        yield from _held(look, site)


async def reachable(model: ModelConfig, env: Mapping[str, str]) -> Check:
    """Whether the model's server answers and takes the key: one small request."""
    if model.provider != "anthropic":
        return Check("endpoint", "ok", f"{model.provider}: not tried")
    started = time.monotonic()
    trial = await _login.try_out(model, env)
    said = " ".join(trial.said)
    if trial.verdict != "works":
        advice = "Give it another key: coder auth login" if trial.verdict == "refused" else ""
        return Check("endpoint", "bad", said, advice)
    if said:
        return Check("endpoint", "warn", said)
    return Check(
        "endpoint", "ok", f"{_login.shown_address(model.base_url)} answered in {time.monotonic() - started:.1f}s"
    )


def _held(look: Callable[[Site], Iterator[Check]], site: Site) -> Iterator[Check]:
    """A check that fails itself is a finding too: the rest must be shown all the same."""
    try:
        yield from look(site)
    except Exception as error:  # noqa: BLE001  # the one place where anything may be broken
        what = f"could not be checked: {visible_line(str(error)) or type(error).__name__}"
        yield Check(look.__name__.replace("_", " "), "warn", what)
