"""The live rows at the bottom of the terminal, and the hands of the interactive session: print, ask, page, pick, edit.

One prompt-toolkit application owns the screen; nothing else writes to it. Must not know sessions or models.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.data_structures import Point
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples
from prompt_toolkit.key_binding import DynamicKeyBindings, KeyBindings, KeyBindingsBase, merge_key_bindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import ConditionalContainer, HSplit, Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.styles import Style as ToolkitStyle

from coder.core.lazy import LazyModule
from coder.frontends.render.marks import ALL_MARKS, Marks
from coder.frontends.render.theme import Theme, style_for_prompt_toolkit
from coder.frontends.repl.modal import LineModal, Modal, PageModal, Shape
from coder.frontends.repl.output import Output
from coder.frontends.repl.pasting import watch_pastes
from coder.frontends.repl.reflow import keeps_erased, reflows
from coder.frontends.repl.screen import Screen
from coder.frontends.styled import Row, harmless, row

if TYPE_CHECKING:
    from coder.core import requests
    from coder.frontends.picker import Page, Picked, Picker
    from coder.frontends.render import markdown
    from coder.frontends.repl import editor as editing
    from coder.frontends.repl import pager, picker_modal, stopping
    from coder.frontends.repl.prompt import Prompt
else:  # not before the first paint
    requests = LazyModule("coder.core.requests")
    markdown = LazyModule("coder.frontends.render.markdown")
    editing = LazyModule("coder.frontends.repl.editor")
    pager = LazyModule("coder.frontends.repl.pager")
    picker_modal = LazyModule("coder.frontends.repl.picker_modal")
    stopping = LazyModule("coder.frontends.repl.stopping")

_ESCAPE_WAIT = 0.1  # seconds: longer ones eat the key after esc
_NARROWEST, _LOWEST = 40, 10
_REFUSALS = ("esc", "ctrl+c", "ctrl+d")  # never harmful, so never held back longer than others
_HELD = 0.7  # seconds: the longest that a key which is held waits before it repeats itself


class _Application(Application[object]):
    """Told of a new size, it erases what the terminal made of the live rows."""

    erase: Callable[[], None]

    def _on_resize(self) -> None:
        self.erase()
        self._redraw()


@dataclass(slots=True)
class _Open:
    modal: Modal
    since: float | None  # when it could first be seen
    done: asyncio.Future[object]


class Terminal:
    """Implements `desk.Ui`. `live` and `status` tell what is drawn above and below the prompt at this moment."""

    def __init__(
        self, prompt: Prompt, theme: Theme, env: Mapping[str, str], output: Output, marks: Marks = ALL_MARKS
    ) -> None:
        self.prompt = prompt
        self.theme = theme
        self.marks = marks
        self.live: Callable[[int, int], list[Row]] = lambda width, height: []
        self.status: Callable[[int], Row] = lambda width: ()
        self.refused = -1e9  # when ctrl+c answered a question, and ended the run with it
        self._env = env
        self._output = output
        output.has_colour = theme.has_colour
        self._open: list[_Open] = []
        self._last = ("", ""), -1e9  # the key that answered last, and when it was heard last
        self._suspending: asyncio.Future[None] | None = None
        self._shape = Shape([])
        self._is_asking = Condition(lambda: bool(self._open))
        self._bound: KeyBindingsBase = KeyBindings()
        self.custom: str | None = None  # status rows of the person's own, with their colours
        self._app = _Application(
            layout=self._layout(),
            key_bindings=merge_key_bindings([self._modal_keys(), DynamicKeyBindings(lambda: self._bound)]),
            style=self._style(),
            full_screen=False,
            erase_when_done=True,
            enable_page_navigation_bindings=False,
            mouse_support=False,
            min_redraw_interval=0.02,
            terminal_size_polling_interval=None,  # the terminal tells
            output=output,
        )
        watch_pastes(self._app)
        self._app.timeoutlen = self._app.ttimeoutlen = _ESCAPE_WAIT
        self._app.before_render += lambda app: self._shrink()
        self.screen = Screen(self._app, output, reflows=reflows(env), keeps_erased=keeps_erased(env))
        self._app.erase = self.screen.erase

    async def run(self, ready: Callable[[], None]) -> None:
        """Owns the terminal until `stop`. Raises EOFError when the terminal is lost."""
        try:
            await self._app.run_async(pre_run=ready, set_exception_handler=False)
        finally:
            with suppress(OSError):  # it may have ended in the middle of a drawing
                self._app.output.disable_bracketed_paste()
                self._app.output.show_cursor()
                self._app.output.flush()

    def stop(self) -> None:
        self.screen.flush()
        for each in self._open:
            if not each.done.done():
                each.done.cancel()
        if self._app.is_running and self._app.future is not None and not self._app.future.done():
            self._app.exit()

    def bind(self, *keys: KeyBindings) -> None:
        """More keys of the session, beside those of the prompt and of what stands in front of it."""
        self._bound = merge_key_bindings([self._bound, *keys])

    def tell(self, text: str) -> None:
        """Writes what draws nothing: titles, calls."""
        if text and not self.screen.is_held:
            self._output.write_raw(self.marks.text(text))
            self._output.flush()

    def set_modes(self, on: str, off: str) -> None:
        """What the terminal is told when the prompt takes it, and when it gives it back."""
        self._output.modes = on, off
        self.tell(on)

    def is_free(self) -> bool:
        """Whether nothing stands in front of the prompt."""
        return not self._open

    def set_vim(self, on: bool) -> None:
        self._app.editing_mode = EditingMode.VI if on else EditingMode.EMACS

    def redraw(self) -> None:
        self._app.invalidate()

    def redraw_soon(self) -> None:
        """For what changes by itself."""
        self.screen.draw_soon()

    def repaint(self) -> None:
        """Draws the live rows anew, whatever is there."""
        self.screen.erase()
        self._app.invalidate()

    def suspend(self) -> None:
        """Gives the terminal back and stops, with the whole job, until it is told to go on."""
        if self.screen.is_held:  # by a program that stops too
            stopping.stop()
        else:
            self.screen.hold()
            self._suspending = asyncio.ensure_future(run_in_terminal(stopping.stop))
            self._suspending.add_done_callback(lambda _: self._take_back())

    def go_on(self) -> None:
        """After a stop that nobody announced: others may have written here."""
        if not self.screen.is_held:
            self.repaint()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._output.has_colour = theme.has_colour
        self._app.style = self._style()
        self.redraw()

    @property
    def width(self) -> int:
        return self.screen.width

    @property
    def height(self) -> int:
        return self.screen.height

    @property
    def room(self) -> int:
        """How many rows a question can have; where they are few, the prompt goes first."""
        if self.height < _LOWEST:
            return max(self.height - 1, 1)
        return self.height - (5 if self.width >= _NARROWEST else 3)

    def say(self, rows: Iterable[Row]) -> None:
        self.screen.print(self.theme.paint(each) for each in self.marks.rows(rows, self.width))

    def block(self, source: str) -> None:
        """Prints a block of Markdown that is finished."""
        self.screen.print(markdown.markdown_rows(source, self.width, self.theme, self.marks))

    def markdown(self, text: str) -> None:
        self.screen.print(markdown.markdown_text(text, self.width, self.theme, self.marks))

    async def ask(self, modal: Modal) -> object:
        """Puts it in front of the prompt; returns what came of it. Cancelled, it is gone."""
        opened = _Open(modal, None, asyncio.get_running_loop().create_future())
        self.screen.flush()
        self._open.append(opened)
        self._focus()
        try:
            return await opened.done
        finally:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        """At once when it is over: the next key is not for it any more."""
        if opened in self._open:
            self._open.remove(opened)
            self._focus()

    async def page(self, page: Page) -> str:
        return str(await self.ask(PageModal(page)))

    async def pick(self, picker: Picker) -> Picked | None:
        modal = picker_modal.PickerModal(picker)
        await self.ask(modal)
        return modal.result

    async def line(self, title: str, *, initial: str = "", secret: bool = False) -> str | None:
        typed = await self.ask(LineModal(title, initial, secret=secret))
        return typed if isinstance(typed, str) else None

    async def pager(self, text: str) -> None:
        await self._aside(lambda: pager.page(text, self._env))

    async def editor(self, text: str, name: str) -> str | None:
        edited = None

        def edit() -> None:
            nonlocal edited
            edited = editing.edit(text, self._env, name)

        await self._aside(edit)
        if edited is None:
            return None
        self._complain(edited.problem)
        return edited.text

    async def open_editor(self, path: Path) -> bool:
        problem = ""

        def edit() -> None:
            nonlocal problem
            problem = editing.open_file(path, self._env)

        await self._aside(edit)
        self._complain(problem)
        return not problem

    def set_draft(self, text: str, *, restored: bool = False) -> None:
        self.prompt.set_text(text, restored=restored)
        self.redraw()

    def _complain(self, problem: str) -> None:
        if problem:
            self.say([row(("✗ ", "bad"), problem)])

    async def _aside(self, work: Callable[[], None]) -> None:
        """Gives the terminal away; what is printed meanwhile comes after."""
        self.screen.hold()
        try:
            await run_in_terminal(work, in_executor=True)
        finally:
            self._take_back()

    def _take_back(self) -> None:
        for each in self._open:  # it was not to be seen until now
            each.since = None
        self.screen.release()
        self.redraw()

    def _style(self) -> ToolkitStyle:
        return ToolkitStyle.from_dict(dict(style_for_prompt_toolkit(self.theme)))

    def _layout(self) -> Layout:
        above = FormattedTextControl(
            self._above, focusable=self._is_asking, get_cursor_position=self._cursor, show_cursor=True
        )
        self._above_window = Window(above, height=self._above_height, always_hide_cursor=~self._is_asking)
        has_menu = Condition(lambda: not self._open and bool(self.prompt.menu_rows(self.width)))
        keeps_prompt = Condition(lambda: self.height >= _LOWEST and self._open[-1].modal.keeps_prompt)
        shows_prompt = Condition(lambda: not self._open or keeps_prompt())
        has_rules = shows_prompt & Condition(lambda: self.width >= _NARROWEST and self.height >= _LOWEST)
        rule = Window(FormattedTextControl(lambda: self._drawn([row((self.marks.rule * self.width, "dim"))])), height=1)
        menu = FormattedTextControl(lambda: self._drawn(self.prompt.menu_rows(self.width)))
        status = FormattedTextControl(lambda: self._drawn([self.status(self.width)]))
        custom = FormattedTextControl(lambda: ANSI(self.custom or ""))
        has_custom = Condition(lambda: bool(self.custom))
        root = HSplit(
            [
                self._above_window,
                ConditionalContainer(rule, has_rules),
                ConditionalContainer(self.prompt.window, shows_prompt),
                ConditionalContainer(rule, has_rules),
                ConditionalContainer(Window(menu, dont_extend_height=True), has_menu),
                ConditionalContainer(Window(custom, dont_extend_height=True), shows_prompt & ~has_menu & has_custom),
                ConditionalContainer(Window(status, height=1), shows_prompt & ~has_menu),
            ]
        )
        return Layout(root, focused_element=self.prompt.window)

    def _above(self) -> StyleAndTextTuples:
        return self._drawn(self._shape.rows)

    def _above_height(self) -> Dimension:
        """Asked first at each drawing: makes what is shown above the prompt."""
        width, height = self.width, self.height
        if self._open:
            opened = self._open[-1]
            modal, opened.since = opened.modal, opened.since or asyncio.get_running_loop().time()
            room = self.room if modal.keeps_prompt else max(height - 1, 1)
            shape = modal.shape(width, room)
            if not self.screen.is_blank and len(shape.rows) < room:
                shape = shape.below_blank()
            self._shape = shape.within(room)
        else:
            self._shape = Shape(self.live(width, height))
        return Dimension.exact(len(self._shape.rows))

    def _cursor(self) -> Point:
        y, x = self._shape.caret
        return Point(x=x, y=y)

    def _drawn(self, rows: Iterable[Row]) -> StyleAndTextTuples:
        drawn: StyleAndTextTuples = []
        for at, each in enumerate(self.marks.cut(rows, self.width)):
            if at:
                drawn.append(("", "\n"))
            drawn += [(f"class:{span.style}" if span.style else "", harmless(span.text)) for span in each]
        return drawn

    def _focus(self) -> None:
        self._app.layout.focus(self._above_window if self._open else self.prompt.window)
        self.redraw()

    def _shrink(self) -> None:
        """The toolkit never gives rows back: where fewer are needed, the old ones are erased first."""
        renderer, size = self._app.renderer, self._app.output.get_size()
        last = renderer.last_rendered_screen
        if last is not None:
            wanted = self._app.layout.container.preferred_height(size.columns, size.rows).preferred
            if wanted < last.height or self.screen.is_moved:
                self.screen.erase()

    def _type(self, key: str, data: str) -> None:
        """A key that was meant for the draft. Enter is not among them: what it would send may be half a message."""
        if key in ("text", "paste"):
            self.prompt.insert(data)
        elif key == "backspace":
            self.prompt.buffer.delete_before_cursor()

    def _is_held(self, opened: _Open, pressed: tuple[str, str], now: float) -> bool:
        """Whether the key is down since it answered the question before this one."""
        key, since = self._last
        if not opened.modal.grace or pressed != key or now - since >= _HELD:
            self._last = ("", ""), since
            return False
        self._last = key, now
        return True

    def _answered(self, opened: _Open, key: str) -> None:
        result = opened.modal.result
        if key == "ctrl+c" and isinstance(result, requests.Deny) and result.interrupt:
            self.refused = asyncio.get_running_loop().time()
        opened.done.set_result(result)
        self._close(opened)

    def _modal_keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add(Keys.Any, filter=self._is_asking, eager=True)
        def press(event: KeyPressEvent) -> None:
            opened = self._open[-1]
            for pressed in event.key_sequence:
                key, data = named(pressed.key, pressed.data)
                now = asyncio.get_running_loop().time()
                if self._is_held(opened, (key, data), now):
                    pass
                elif opened.modal.grace and (opened.since is None or now - opened.since < opened.modal.grace):
                    if key in ("text", "paste", "enter") and opened.since is not None:
                        opened.since = now  # somebody is in the middle of a word: until they pause
                    self._type(key, data)
                elif not opened.done.done():
                    step = opened.modal.step
                    if opened.modal.press(key, data):
                        self._answered(opened, key)
                    elif opened.modal.step == step:
                        continue
                    if key not in _REFUSALS:
                        self._last = (key, data), now

        return keys


_NAMES = {"c-m": "enter", "c-j": "ctrl+j", "c-i": "tab", "c-h": "backspace", "escape": "esc", "s-tab": "shift+tab"}


def named(key: Keys | str, data: str) -> tuple[str, str]:
    """A key of the toolkit as modals know it: its name, or "text" with what was typed."""
    if not isinstance(key, Keys):
        return "text", data
    if key is Keys.BracketedPaste:
        return "paste", data.replace("\r\n", "\n").replace("\r", "\n")
    value = key.value
    if value in _NAMES:
        return _NAMES[value], data
    return (f"ctrl+{value[2:]}" if value.startswith("c-") else value), data
