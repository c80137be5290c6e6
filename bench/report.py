"""A table of figures and the bars they are held against."""

from __future__ import annotations


class Report:
    def __init__(self) -> None:
        self._missed: list[str] = []

    def title(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    def figure(self, name: str, value: str) -> None:
        print(f"  {name:<44} {value}", flush=True)

    def bar(self, name: str, value: float, limit: float, unit: str = "") -> None:
        """A figure that must stay at or under `limit`."""
        held = value <= limit
        mark = "ok    " if held else "MISSED"
        print(f"  {name:<44} {value:.3g}{unit}  (bar {limit:g}{unit}) {mark}", flush=True)
        if not held:
            self._missed.append(name)

    def finish(self) -> int:
        print(f"\n{len(self._missed)} bars missed" + (f": {', '.join(self._missed)}" if self._missed else ""))
        return 1 if self._missed else 0
