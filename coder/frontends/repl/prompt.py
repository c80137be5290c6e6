"""The prompt: one draft, its rows on the screen, its menu, and what is sent. Must not know sessions, models or colours.

Its styles are the names of styled.Style as classes (`class:dim`); the app that shows it says how they look.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.layout.containers import Window
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.processors import HighlightSelectionProcessor

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.frontends.repl.completing import Completion, SlashMenu, command_of
from coder.frontends.repl.editing import bindings
from coder.frontends.repl.entry import Clip, Entry, How, Kind
from coder.frontends.repl.keymap import Keymap
from coder.frontends.repl.memory import Memory
from coder.frontends.repl.menu import MOST_ROWS, Menu
from coder.frontends.repl.searching import Search
from coder.frontends.repl.shown import Shown
from coder.frontends.repl.table import table
from coder.frontends.repl.tokens import Paste, Picture, Tokens, is_long, typed
from coder.frontends.slash.registry import Command
from coder.frontends.styled import Row, cut, row

if TYPE_CHECKING:
    from coder.frontends import files
    from coder.frontends.repl import pictures_in
    from coder.frontends.repl.host import Host
else:
    files = LazyModule("coder.frontends.files")
    pictures_in = LazyModule("coder.frontends.repl.pictures_in")

PLACEHOLDER = "Ask for a change, or type / for commands"
_MOST_SENT = 20
_NARROW, _SHORT = 8, 10  # columns without a mark, rows without a second line


@dataclass(frozen=True, slots=True)
class Place:
    """Where a prompt is. `home` is the config home, None when nothing may be kept in it."""

    folder: Path
    home: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    session_id: str = ""


class Prompt:
    """`window` goes into the layout of an app that gives it the focus; `menu_rows` are shown below it."""

    def __init__(
        self,
        host: Host,
        place: Place,
        keymap: Keymap | None = None,
        commands: tuple[Command, ...] = (),
        *,
        mark: str = "❯",
        placeholder: str = PLACEHOLDER,
    ) -> None:
        self.host = host
        self.keymap = keymap or Keymap()
        self.place = place
        self.tokens = Tokens()
        self.notice = ""  # said below the prompt until the next change
        self.has_table = False
        self.memory = Memory(place.home, place.folder, place.session_id, self.tokens)
        self._mark = mark
        self._sent: dict[str, str] = {}  # the latest drafts that held tokens, by their text
        self._lent: dict[str, str] = {}  # pictures of a draft that is in the editor, by their label
        key = self.keymap.hint
        keys = f"{key('complete')} completes · {key('send')} runs · {key('stop')} closes"
        self._completion = Completion(
            SlashMenu(commands, keys), lambda: files.Files(place.folder, place.env, host.redraw)
        )
        self._search = Search(self.memory, self.keymap)
        self.buffer = Buffer(multiline=True, on_text_changed=self._on_text, on_cursor_position_changed=self._on_caret)
        self.key_bindings = bindings(self)
        self.control = BufferControl(
            self.buffer,
            input_processors=[
                HighlightSelectionProcessor(),
                Shown(self.tokens, placeholder, lambda: not self.is_searching),
            ],
            include_default_input_processors=False,
            key_bindings=self.key_bindings,
            focusable=True,
        )
        self.window = Window(
            self.control,
            height=self._height,
            wrap_lines=True,
            dont_extend_height=True,
            get_line_prefix=self._line_prefix,
            always_hide_cursor=Condition(lambda: False),
        )

    # What the session asks

    @property
    def menu(self) -> Menu | None:
        return self._search.menu if self.is_searching else self._completion.menu

    @property
    def text(self) -> str:
        """The draft as it is shown: `[Pasted 84 lines]` for a paste."""
        return self.tokens.labelled(self.buffer.text)

    @property
    def kind(self) -> Kind:
        return _kind(self.buffer.text)

    @property
    def is_searching(self) -> bool:
        return self.control.buffer is self._search.buffer

    def set_text(self, text: str, *, restored: bool = False) -> None:
        """Puts a text into the prompt; what was just sent comes back with its tokens. `restored`: it was not typed just
        now, which is said below the prompt."""
        text = self._sent.get(text) or typed(text)
        for label, char in self._lent.items():
            text = text.replace(label, char, 1)
        self._lent = {}
        self._put(text)
        if restored and text:
            self.notice = f"restored · {self.keymap.hint('stop')} clears it"

    def clear(self) -> None:
        """An empty draft; undo brings the old one back."""
        self._put("")
        self.memory.forget_walk()

    def insert(self, text: str) -> None:
        """Types a text at the caret, for keys that were pressed while something else had them."""
        self.buffer.insert_text(typed(text))

    def restore(self) -> bool:
        """Takes up the draft that a session in this folder could not keep to itself: it was killed. Reads the disk."""
        draft = self.memory.left_behind()
        if draft:
            self._put(draft)
            self.notice = f"restored · {self.keymap.hint('stop')} clears it"
        return bool(draft)

    def keep_queued(self, texts: tuple[str, ...]) -> None:
        """Messages that wait for the run: they survive with the draft when the session is killed."""
        self.memory.keep_queued(texts, self.buffer.text)

    def close(self) -> None:
        """To be called when the session ends: a draft that was not sent is kept for the next one here."""
        self.memory.close()
        self._completion.close()

    def paste(self, text: str) -> None:
        """A text from the clipboard or dropped on the terminal: long ones, and paths of pictures, become tokens."""
        buffer = self.control.buffer
        if self.is_searching:
            return buffer.insert_text(" ".join(typed(text).split("\n")))
        text = typed(text)
        before = self.tokens.at(buffer.document.char_before_cursor or " ")
        if isinstance(before, Paste) and before.text == text:
            buffer.delete_before_cursor()  # the same once more: it is to be seen
            return buffer.insert_text(text)
        if paths := pictures_in.paths(text, self.place.folder, self.place.env):
            for path in paths:
                buffer.insert_text(self.tokens.picture(path, buffer.text) + " ")
            return None
        return buffer.insert_text(self.tokens.paste(text) if is_long(text) else text)

    def add_picture(self, source: Path | Clip) -> None:
        self.buffer.insert_text(self.tokens.picture(source, self.buffer.text) + " ")

    def take_picture(self) -> None:
        """Puts the picture on the clipboard into the draft, or says why not."""
        get_app().create_background_task(self._take_picture())

    async def _take_picture(self) -> None:
        taken = await to_thread(pictures_in.from_clipboard, self.place.env, self.place.folder)
        if isinstance(taken, Clip):
            self.add_picture(taken)
        else:
            self.notice = taken
        self.host.redraw()

    # What its keys do

    def send(self, how: How = "now") -> None:
        draft = self.buffer.text
        kind = _kind(draft)
        text = self.tokens.expanded(draft)
        if kind in ("shell", "memory"):
            text = text[1:]
        text = text.strip()
        if not text:
            return
        entry = Entry(kind, text, self.tokens.labelled(draft).strip(), self.tokens.pictures(draft), how)
        self.memory.sent(draft)
        if self.tokens.held(draft):
            self._sent = dict([*self._sent.items(), (text, draft)][-_MOST_SENT:])
        self.buffer.reset()
        self._on_text(self.buffer)  # `reset` tells nobody
        get_app().vi_state.input_mode = InputMode.INSERT
        self.host.send(entry)

    def choose(self, *, runs: bool) -> None:
        """Takes the chosen row of the menu: into the draft, or off it goes."""
        menu = self.menu
        choice = menu.choice if menu else None
        if menu is None or choice is None:
            return
        caret = self.buffer.cursor_position
        draft = self.buffer.text
        if not menu.keys:
            text = choice.text
            if draft[caret:].startswith(" "):
                text = text.rstrip()
            self.buffer.document = Document(draft[: menu.start] + text + draft[caret:], menu.start + len(text))
        elif runs and choice.runs:
            self.buffer.document = Document(choice.text)
            self.send()
        else:
            self.buffer.document = Document(f"{choice.text} ")

    def edit(self) -> None:
        """Has the draft edited, pastes in full. Pictures come back by their label."""
        draft = self.buffer.text
        self._lent = {held.label: char for char in draft if isinstance(held := self.tokens.at(char), Picture)}
        self.host.edit(self.tokens.expanded(draft))

    def close_menu(self) -> None:
        self._completion.dismiss(self.buffer.text, self.buffer.cursor_position)

    def older(self) -> bool:
        return self._walk(self.memory.older(self.buffer.text))

    def newer(self) -> bool:
        return self._walk(self.memory.newer(self.buffer.text))

    def search(self) -> None:
        """Begins to look for an earlier prompt: keys go to the query until `end_search`."""
        self._search.begin()
        self.control.buffer = self._search.buffer

    def end_search(self, *, take: bool) -> None:
        """`take`: the chosen prompt becomes the draft."""
        self.control.buffer = self.buffer
        if take:
            self._walk(self._search.chosen())

    def stash(self) -> None:
        """Puts the draft aside, or takes it back on an empty prompt."""
        aside = bool(self.buffer.text)
        if self._walk(self.memory.swap_aside(self.buffer.text)) and aside:
            self.notice = f"draft put aside · {self.keymap.hint('stash')} takes it back"

    def expand(self) -> bool:
        """Puts the paste at the caret into the draft in full. Right behind it counts too, where tab has no other
        meaning: there the caret stands when it was pasted."""
        document = self.buffer.document
        held = self.tokens.at(document.current_char or " ")
        if not isinstance(held, Paste) and not self.host.is_running():
            held = self.tokens.at(document.char_before_cursor or " ")
            if isinstance(held, Paste):
                self.buffer.cursor_left()
        if not isinstance(held, Paste):
            return False
        self.buffer.delete()
        self.buffer.insert_text(held.text, move_cursor=False)
        return True

    # Rows

    def menu_rows(self, width: int, most: int = MOST_ROWS) -> list[Row]:
        """What stands below the prompt: the `?` table, a search, a menu, or a word about the draft."""
        if self.has_table:
            return table(self.keymap, width)
        if self._completion.is_stale:
            self._update_menu()
        rows = self.menu.rows(width, most) if self.menu and most > 0 else []
        if self.notice:
            rows.insert(0, cut(row((f"  {self.notice}", "dim")), width))
        return rows

    def _height(self) -> Dimension:
        rows = get_app().output.get_size().rows
        return Dimension(min=1, max=1 if rows < _SHORT else max(1, rows // 3))

    def _line_prefix(self, line: int, wrapped: int) -> StyleAndTextTuples:
        if get_app().output.get_size().columns < _NARROW:
            return []
        if line or wrapped:
            return [("", "  ")]
        if self.is_searching:
            return [("class:dim", "search: ")]
        return [("class:warn", "! ")] if self.kind == "shell" else [("class:you", f"{self._mark} ")]

    # Changes

    def _on_text(self, _: Buffer) -> None:
        self.notice = ""
        self._update_menu()
        self.memory.keep(self.buffer.text)

    def _on_caret(self, _: Buffer) -> None:
        self._update_menu()

    def offer(self, commands: tuple[Command, ...], resources: tuple[tuple[str, str], ...] = ()) -> None:
        """The commands that can be completed from now on, and what besides files behind an `@`; one may have been typed
        before they were known."""
        self._completion.offer(commands, resources)
        if self.buffer.text.startswith("/"):
            self._update_menu()

    def _update_menu(self) -> None:
        self._completion.update(self.buffer.text, self.buffer.cursor_position)

    def _put(self, draft: str) -> None:
        """A draft that was not typed: no menu opens for it."""
        self.buffer.save_to_undo_stack()
        self.buffer.document = Document(draft)
        self.close_menu()

    def _walk(self, draft: str | None) -> bool:
        if draft is None:
            return False
        self._put(draft)
        return True


def _kind(draft: str) -> Kind:
    if draft.startswith("!"):
        return "shell"
    if draft.startswith("# ") and "\n" not in draft.strip():
        return "memory"
    return "command" if command_of(draft) else "prompt"
