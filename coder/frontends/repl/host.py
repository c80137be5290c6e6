"""What the prompt asks of the session that shows it. A port; must not know who that is."""

from __future__ import annotations

from typing import Protocol

from coder.frontends.repl.entry import Entry


class Host(Protocol):
    """The session round the prompt."""

    def send(self, entry: Entry) -> None: ...

    def is_running(self) -> bool:
        """Whether a run is on: tab then keeps a draft for after it."""
        ...

    def stop(self) -> bool:
        """Esc was pressed and the prompt had no use for it. True when a run was stopped by it."""
        ...

    def rewind(self) -> None:
        """Esc was pressed twice on an empty prompt."""
        ...

    def take_back(self) -> str | None:
        """↑ on an empty prompt: the queued line that was added last, taken out of the queue. None without one."""
        ...

    def below(self) -> bool:
        """↓ on an empty prompt. True when there was something to go to (the tasks)."""
        ...

    def edit(self, text: str) -> None:
        """Asks for the draft to be edited in the person's editor; the session leaves the terminal to it, and calls
        `Prompt.set_text` with what comes back (repl/editor.py)."""
        ...

    def redraw(self) -> None:
        """Something on the screen changed. May be called from any thread."""
        ...
