"""The one owner of the screen, and the hands of the interactive session: print, ask, page, pick, edit.

One prompt-toolkit application owns the screen; nothing else writes to it. Must not know sessions or models.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.key_binding import DynamicKeyBindings, KeyBindings, KeyBindingsBase, merge_key_bindings
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.layout import Layout
from prompt_toolkit.styles import Style as ToolkitStyle

from coder.core.lazy import LazyModule
from coder.frontends.render.marks import ALL_MARKS, Marks
from coder.frontends.render.theme import Theme, style_for_prompt_toolkit
from coder.frontends.repl.front import Front
from coder.frontends.repl.modal import LineModal, Modal, PageModal
from coder.frontends.repl.output import Output
from coder.frontends.repl.pasting import watch_pastes
from coder.frontends.repl.reflow import keeps_erased, reflows
from coder.frontends.repl.screen import Screen
from coder.frontends.repl.stage import Stage
from coder.frontends.styled import Row, row

if TYPE_CHECKING:
    from coder.frontends.picker import Page, Picked, Picker
    from coder.frontends.render import markdown
    from coder.frontends.repl import editor as editing
    from coder.frontends.repl import pager, picker_modal, stopping
    from coder.frontends.repl.prompt import Prompt
else:  # not before the first paint
    markdown = LazyModule("coder.frontends.render.markdown")
    editing = LazyModule("coder.frontends.repl.editor")
    pager = LazyModule("coder.frontends.repl.pager")
    picker_modal = LazyModule("coder.frontends.repl.picker_modal")
    stopping = LazyModule("coder.frontends.repl.stopping")

_ESCAPE_WAIT = 0.1  # seconds: longer ones eat the key after esc


class _Application(Application[object]):
    """Told of a new size, it erases what the terminal made of the live rows."""

    erase: Callable[[], None]
    of_one_size: Callable[[], AbstractContextManager[None]]

    def _on_resize(self) -> None:
        with self.of_one_size():
            self.erase()
            self._redraw()

    def _redraw(self, render_as_done: bool = False) -> None:
        with self.of_one_size():
            super()._redraw(render_as_done)


class Terminal:
    """Implements `desk.Ui`. `stage` draws the rows round the prompt, `front` holds what stands before it."""

    def __init__(
        self, prompt: Prompt, theme: Theme, env: Mapping[str, str], output: Output, marks: Marks = ALL_MARKS
    ) -> None:
        self.prompt = prompt
        self.theme = theme
        self.marks = marks
        self._env = env
        self._output = output
        output.has_colour = theme.has_colour
        self._suspending: asyncio.Future[None] | None = None
        self._bound: KeyBindingsBase = KeyBindings()
        self.vim_changed: Callable[[], None] = lambda: None
        self._vim = ""
        self.front = Front(prompt, self._focus)
        self.stage = Stage(prompt, self.front, marks, lambda: self.screen)
        self._app = _Application(
            layout=Layout(self.stage.container, focused_element=prompt.window),
            key_bindings=merge_key_bindings([self.front.keys, DynamicKeyBindings(lambda: self._bound)]),
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
        self._app.of_one_size = output.of_one_size
        self._app.timeoutlen = self._app.ttimeoutlen = _ESCAPE_WAIT
        self._app.before_render += lambda app: self._shrink()
        self._app.before_render += lambda app: self._note_vim()
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
        self.front.cancel()
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
        return self.front.modal is None

    def set_vim(self, on: bool) -> None:
        self._app.editing_mode = EditingMode.VI if on else EditingMode.EMACS

    @property
    def vim(self) -> str:
        """The mode of its keys, "" while they are off."""
        if self._app.editing_mode is not EditingMode.VI:
            return ""
        return "NORMAL" if self._app.vi_state.input_mode is InputMode.NAVIGATION else "INSERT"

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

    def say(self, rows: Iterable[Row]) -> None:
        self.screen.print(self.theme.paint(each) for each in self.marks.rows(rows, self.width))

    def block(self, source: str) -> None:
        """Prints a block of Markdown that is finished."""
        self.screen.print(markdown.markdown_rows(source, self.width, self.theme, self.marks))

    def markdown(self, text: str) -> None:
        self.screen.print(markdown.markdown_text(text, self.width, self.theme, self.marks))

    async def ask(self, modal: Modal) -> object:
        """Puts it in front of the prompt; returns what came of it. Cancelled, it is gone."""
        self.screen.flush()
        return await self.front.put(modal)

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

    def _note_vim(self) -> None:
        if self._vim != self.vim:
            self._vim = self.vim
            self.vim_changed()

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
        self.front.was_hidden()
        self.screen.release()
        self.redraw()

    def _style(self) -> ToolkitStyle:
        return ToolkitStyle.from_dict(dict(style_for_prompt_toolkit(self.theme)))

    def _focus(self) -> None:
        self._app.layout.focus(self.stage.focused)
        self.redraw()

    def _shrink(self) -> None:
        """The toolkit never gives rows back: where fewer are needed, the old ones are erased first."""
        renderer, size = self._app.renderer, self._app.output.get_size()
        last = renderer.last_rendered_screen
        if last is not None:
            wanted = self._app.layout.container.preferred_height(size.columns, size.rows).preferred
            if wanted < last.height or self.screen.is_moved:
                self.screen.erase()
