"""A prompt_toolkit app with nothing but the prompt: `python -m tests.support.prompt_harness`.

What the prompt sends is added to a file, as lines of JSON. Options are JSON in PROMPT_OPTIONS: `out` (that file),
`running`, `vim`, `home`, `folder`, `queued`, `restore`. ctrl+d on an empty draft leaves.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl

from coder.frontends.repl import editor
from coder.frontends.repl.entry import Entry
from coder.frontends.repl.keymap import Keymap, load
from coder.frontends.repl.pasting import watch_pastes
from coder.frontends.repl.prompt import Place, Prompt


class Harness:
    def __init__(self, options: dict[str, object]) -> None:
        self._running = bool(options.get("running"))
        self._queued = [str(text) for text in options.get("queued", [])]  # type: ignore[attr-defined]  # JSON
        self._out = Path(str(options["out"])) if "out" in options else None
        home = options.get("home")
        folder = Path(str(options.get("folder", Path.cwd())))
        keymap = load(Path(str(home)) / "keybindings.json") if home else Keymap()
        place = Place(folder, Path(str(home)) if home else None, dict(os.environ), "s-1")
        self.prompt = Prompt(self, place, keymap)
        keys = KeyBindings()
        empty = Condition(lambda: not self.prompt.buffer.text)
        keys.add("c-d", filter=empty)(lambda event: event.app.exit())
        keys.add("c-c")(lambda event: self.prompt.clear())
        below = Window(FormattedTextControl(self._menu), height=lambda: len(self._rows()), dont_extend_height=True)
        self.app: Application[None] = Application(
            Layout(HSplit([self.prompt.window, below, Window(height=0)]), focused_element=self.prompt.window),
            key_bindings=keys,
            editing_mode=EditingMode.VI if options.get("vim") else EditingMode.EMACS,
        )
        self.app.timeoutlen = self.app.ttimeoutlen = 0.1
        watch_pastes(self.app)
        if options.get("restore"):
            self.prompt.restore()

    def _rows(self) -> list[object]:
        return list(self.prompt.menu_rows(self.app.output.get_size().columns))

    def _menu(self) -> StyleAndTextTuples:
        rows = self.prompt.menu_rows(self.app.output.get_size().columns)
        shown: StyleAndTextTuples = []
        for at, row in enumerate(rows):
            shown += [("", "\n")] if at else []
            shown += [(f"class:{span.style}" if span.style else "", span.text) for span in row]
        return shown

    def _say(self, **what: object) -> None:
        if self._out is not None:
            with self._out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(what) + "\n")

    def send(self, entry: Entry) -> None:
        pictures = [str(each) for each in entry.pictures]
        self._say(kind=entry.kind, text=entry.text, how=entry.how, display=entry.display, pictures=pictures)

    def is_running(self) -> bool:
        return self._running

    def stop(self) -> bool:
        stopped, self._running = self._running, False
        if stopped:
            self._say(did="stop")
        return stopped

    def rewind(self) -> None:
        self._say(did="rewind")

    def take_back(self) -> str | None:
        return self._queued.pop() if self._queued else None

    def below(self) -> bool:
        self._say(did="below")
        return True

    def edit(self, text: str) -> None:
        def run() -> None:
            edited = editor.edit(text, os.environ)
            if edited.text is None:
                print(edited.problem)
            else:
                self.prompt.set_text(edited.text)

        run_in_terminal(run)

    def redraw(self) -> None:
        self.app.invalidate()


def main() -> None:
    harness = Harness(json.loads(os.environ.get("PROMPT_OPTIONS", "{}")))
    harness.app.run()
    harness.prompt.close()


if __name__ == "__main__":
    main()
