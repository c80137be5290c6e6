"""The prompt: one draft, its rows on the screen, its menu, and what is sent. Must not know sessions, models or colours.

Its styles are the names of styled.Style as classes (`class:dim`); the app that shows it says how they look.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import dataclass, field
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

from coder.core.lazy import LazyModule
from coder.frontends.repl import pasting as pasting  # its key sequences
from coder.frontends.repl.completing import SlashMenu, command_of, file_menu, mention_start
from coder.frontends.repl.editing import bindings
from coder.frontends.repl.entry import Clip, Entry, Host, How, Kind
from coder.frontends.repl.keymap import Keymap
from coder.frontends.repl.menu import MOST_ROWS, Choice, Menu
from coder.frontends.repl.recall import Recall
from coder.frontends.repl.shown import Shown
from coder.frontends.repl.table import table
from coder.frontends.repl.tokens import Paste, Tokens, is_long, typed
from coder.frontends.slash.registry import Command
from coder.frontends.styled import Row, cut, row

if TYPE_CHECKING:
    from coder.frontends.repl import drafts, files, history, pictures_in
    from coder.frontends.repl.drafts import Drafts
    from coder.frontends.repl.files import Files
    from coder.frontends.repl.history import History, Sent
else:
    drafts = LazyModule("coder.frontends.repl.drafts")
    files = LazyModule("coder.frontends.repl.files")
    history = LazyModule("coder.frontends.repl.history")
    pictures_in = LazyModule("coder.frontends.repl.pictures_in")

PLACEHOLDER = "Ask for a change, or type / for commands"
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
        self.menu: Menu | None = None
        self.notice = ""  # said below the prompt until the next key
        self.has_table = False
        self.queued: tuple[str, ...] = ()
        self._mark = mark
        key = self.keymap.hint
        keys = f"{key('complete')} completes · {key('send')} runs · {key('stop')} closes"
        self._slash = SlashMenu(commands, keys)
        self._files: Files | None = None
        self._seen = 0  # the state of the files that the menu was made from
        self._closed_at: int | None = None  # where the menu begins that was closed
        self._stashed = ""
        self._history: History | None = None
        self._recall: Recall[Sent] = Recall(lambda: iter(()))
        self._drafts: Drafts | None = None
        if place.home is not None:
            home = place.home
            self._recall = Recall(lambda: self._kept(home).earlier())
        self.buffer = Buffer(multiline=True, on_text_changed=self._on_text, on_cursor_position_changed=self._on_caret)
        self.query = Buffer(multiline=False, on_text_changed=self._on_query)
        self.key_bindings = bindings(self)
        self.control = BufferControl(
            self.buffer,
            input_processors=[HighlightSelectionProcessor(), Shown(self.tokens, placeholder)],
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
    def text(self) -> str:
        """The draft as it is shown: `[Pasted 84 lines]` for a paste."""
        return self.tokens.labelled(self.buffer.text)

    @property
    def kind(self) -> Kind:
        return _kind(self.buffer.text)

    @property
    def is_searching(self) -> bool:
        return self.control.buffer is self.query

    def set_text(self, text: str, *, restored: bool = False) -> None:
        """Puts a text into the prompt. `restored`: it was not typed just now, which is said below the prompt."""
        self._put(typed(text))
        if restored and text:
            self.notice = f"restored · {self.keymap.hint('stop')} clears it"

    def clear(self) -> None:
        """An empty draft; undo brings the old one back."""
        self._put("")
        self._recall.reset()

    def insert(self, text: str) -> None:
        """Types a text at the caret, for keys that were pressed while something else had them."""
        self.buffer.insert_text(typed(text))

    def restore(self) -> bool:
        """Takes up the draft that a session in this folder could not keep to itself: it was killed. Reads the disk."""
        keeper = self._keeper()
        left = keeper.left_behind() if keeper else None
        if left is None:
            return False
        draft = history.thaw(left, self.tokens)
        self._put(draft)
        self.notice = f"restored · {self.keymap.hint('stop')} clears it"
        return bool(draft)

    def keep_queued(self, texts: tuple[str, ...]) -> None:
        """Messages that wait for the run: they survive with the draft when the session is killed."""
        if texts != self.queued:
            self.queued = texts
            self._keep_draft()

    def close(self) -> None:
        """To be called when the session ends: a draft that was not sent is kept for the next one here."""
        if self._drafts is not None:
            self._drafts.close()
        if self._files is not None:
            self._files.close()

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
        if self.place.home is not None:
            self._kept(self.place.home).add(history.freeze(draft.rstrip(), self.tokens))
        self._recall.reset()
        self._closed_at = None
        self.buffer.reset()
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

    def close_menu(self) -> None:
        if self.menu is not None:
            self._closed_at = self.menu.start
            self.menu = None

    def older(self) -> bool:
        return self._walk(self._recall.older(self.buffer.text, self._thawed))

    def newer(self) -> bool:
        return self._walk(self._recall.newer(self.buffer.text, self._thawed))

    def search(self) -> None:
        """Begins to look for an earlier prompt: keys go to the query until `found`."""
        self.query.reset()
        self.control.buffer = self.query
        self._on_query(self.query)

    def found(self, *, take: bool) -> None:
        """Ends the search; `take`: the chosen prompt becomes the draft."""
        choice = self.menu.choice if self.menu else None
        at = self.menu.chosen if self.menu else 0
        self.control.buffer = self.buffer
        self.menu = None
        if take and choice is not None:
            self._put(self._thawed(self._hits[at]))
        self._make_menu()

    def stash(self) -> None:
        """Puts the draft aside, or takes it back on an empty prompt."""
        if self.buffer.text:
            self._stashed = self.buffer.text
            self._put("")
            self.notice = f"draft put aside · {self.keymap.hint('stash')} takes it back"
        elif self._stashed:
            self._put(self._stashed)
            self._stashed = ""

    def expand(self) -> bool:
        """Puts the paste under the caret into the draft in full."""
        held = self.tokens.at(self.buffer.document.current_char or " ")
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
        if self._files is not None and self._files.state != self._seen:
            self._make_menu()
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
        self._make_menu()
        self._keep_draft()

    def _on_caret(self, _: Buffer) -> None:
        self._make_menu()

    def _on_query(self, _: Buffer) -> None:
        """The newest prompts that hold the query; equal ones once."""
        words = self.query.text.lower()
        once = {sent.display: sent for sent in reversed(self._recall.all()) if words in sent.display.lower()}
        self._hits = list(reversed(once.values()))[:50]
        key = self.keymap.hint
        line = (
            f"{key('send')} takes it · {key('search')} older · {key('stop')} leaves" if self._hits else "nothing found"
        )
        self.menu = Menu(tuple(Choice(sent.display, (sent.display[:500],)) for sent in self._hits), 0, line)

    def _make_menu(self) -> None:
        if self.is_searching:
            return
        draft, caret = self.buffer.text, self.buffer.cursor_position
        if self._files is not None:
            self._seen = self._files.state
        menu = self._slash.menu(draft, caret)
        if menu is None and (start := mention_start(draft, caret)) is not None:
            if self._closed_at != start:
                menu = file_menu(self._found(), draft, caret)
        elif menu is None:
            self._closed_at = None
        if menu is not None and menu.start == self._closed_at:
            menu = None
        if menu is not None and self.menu is not None and self.menu.choices == menu.choices:
            menu.chosen = self.menu.chosen
        self.menu = menu

    def _put(self, draft: str) -> None:
        """A draft that was not typed: no menu opens for it."""
        self.buffer.save_to_undo_stack()
        self._closed_at = 0 if draft.startswith("/") else mention_start(draft, len(draft))
        self.buffer.document = Document(draft)

    def _walk(self, draft: str | None) -> bool:
        if draft is None:
            return False
        self._put(draft)
        return True

    # What is on the disk

    def _thawed(self, sent: Sent) -> str:
        return history.thaw(sent, self.tokens)

    def _kept(self, home: Path) -> History:
        if self._history is None:
            self._history = history.History(home, self.place.folder, self.place.session_id)
        return self._history

    def _found(self) -> Files:
        if self._files is None:
            self._files = files.Files(self.place.folder, self.place.env, self.host.redraw)
        return self._files

    def _keeper(self) -> Drafts | None:
        if self._drafts is None and self.place.home is not None:
            self._drafts = drafts.Drafts(self.place.home, self.place.folder)
        return self._drafts

    def _keep_draft(self) -> None:
        keeper = self._keeper()
        if keeper is not None:
            sent = history.freeze(self.buffer.text, self.tokens)
            keeper.keep(sent, self.queued)


def _kind(draft: str) -> Kind:
    if draft.startswith("!"):
        return "shell"
    if draft.startswith("# ") and "\n" not in draft.strip():
        return "memory"
    return "command" if command_of(draft) else "prompt"
