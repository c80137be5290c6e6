"""What the window round the terminal is told: its title, and calls to who looks elsewhere. Must not know runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from coder.core.config import Channel
from coder.frontends import title
from coder.frontends.notify import FOCUS_OFF, FOCUS_ON, GOT_FOCUS, LOST_FOCUS, Notifier

# The toolkit has no keys for it; these are on no keyboard.
_GOT, _LOST = Keys.ControlF23, Keys.ControlF24
ANSI_SEQUENCES[GOT_FOCUS], ANSI_SEQUENCES[LOST_FOCUS] = _GOT, _LOST


class Attention:
    """`write` puts bytes on the terminal that draw nothing. `begin` and `end` belong together."""

    def __init__(self, write: Callable[[str], None], env: Mapping[str, str], channel: Channel, folder: Path) -> None:
        self._write = write
        self._has_title = title.has_title(env)
        self._folder = folder.name or str(folder)
        self._notifier = Notifier(channel, env)
        self._state: title.State | None = None
        self.name = ""

    def begin(self) -> None:
        self._write(title.KEEP if self._has_title else "")
        self.state("")

    def end(self) -> None:
        self._write(title.RESTORE if self._has_title else "")

    @property
    def modes(self) -> tuple[str, str]:
        """What makes the terminal tell of the focus, and not: to be on only while the prompt has the terminal."""
        return (FOCUS_ON, FOCUS_OFF) if self._notifier.is_on else ("", "")

    def state(self, state: title.State) -> None:
        """What the title says that coder does."""
        if self._has_title and state != self._state:
            self._state = state
            self._write(title.title_sequence(title.title_text(self._folder, state, self.name)))

    def needs_input(self, question: str) -> None:
        self._write(self._notifier.needs_input(question))

    def done(self, seconds: float) -> None:
        self._write(self._notifier.done(seconds))

    def error(self, said: str) -> None:
        self._write(self._notifier.error(said))

    def keys(self) -> KeyBindings:
        """What the terminal sends when its window gets or loses the focus."""
        keys = KeyBindings()

        @keys.add(_GOT, eager=True)
        def got(event: KeyPressEvent) -> None:
            self._notifier.focused(True)

        @keys.add(_LOST, eager=True)
        def lost(event: KeyPressEvent) -> None:
            self._notifier.focused(False)

        return keys
