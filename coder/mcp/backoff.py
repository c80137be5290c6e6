"""When a server that went is tried again. Pure; must not know servers, and reads no clock of its own."""

from __future__ import annotations

from dataclasses import field

from coder.core.dataclass import dataclass

_MINUTE = 60.0
_STEADY = 30.0  # seconds after which a connection counts as one that had worked
_LOCAL = (0.25, 1.0, 2.0)
_FIRST = (1.0, 2.0)
_AGAIN = (1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(slots=True)
class Backoff:
    """A server at an address is tried three times at first, and five times once it was there. A program that ended is
    begun anew three times a minute, but never when it had not begun to work: that is told at once."""

    is_remote: bool
    _tries: int = 0
    _worked: bool = False
    _restarts: list[float] = field(default_factory=list)

    def lost(self, now: float, lived: float | None) -> float | None:
        """The seconds to wait, None: no more. `lived` is how long it was connected, None: never."""
        self._worked = self._worked or lived is not None
        if self.is_remote:
            if lived is not None and lived >= _STEADY:
                self._tries = 0
            delays = _AGAIN if self._worked else _FIRST
            self._tries += 1
            return delays[self._tries - 1] if self._tries <= len(delays) else None
        if not self._worked:
            return None
        self._restarts = [at for at in self._restarts if now - at < _MINUTE]
        if len(self._restarts) >= len(_LOCAL):
            return None
        self._restarts.append(now)
        return _LOCAL[len(self._restarts) - 1]
