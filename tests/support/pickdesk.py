"""A desk over a real session, with the hands of a person who presses keys as scripted and sees what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from coder.app.session import Session
from coder.app.starting import NEW, Start
from coder.core.config import Config
from coder.core.messages import Json
from coder.frontends.desk import Shown
from coder.frontends.picker import Page, Picked, Picker
from coder.frontends.picking import Picking
from coder.frontends.styled import Row, plain, width_of
from tests.support.talks import Talk


class PickUi:
    """Each `pick` takes its keys from `keys`, the next list each time; what was on the screen before the last key of
    each is in `screens`. When the script is out, a picker is left."""

    def __init__(self, *keys: Iterable[str], lines: Iterable[str | None] = (), width: int = 80) -> None:
        self.width = width
        self.height = 24
        self.keys = [list(each) for each in keys]
        self.lines = list(lines)
        self.screens: list[list[str]] = []
        self.said: list[str] = []
        self.pages: list[list[str]] = []
        self.paged: list[str] = []
        self.draft = ""
        self.initial: list[str] = []

    def say(self, rows: Iterable[Row]) -> None:
        self.said += map(plain, rows)

    def markdown(self, text: str) -> None:
        self.said.append(text)

    async def page(self, page: Page) -> str:
        self.pages.append([plain(each) for each in page.rows])
        return "esc"

    async def pick(self, picker: Picker) -> Picked | None:
        picking = Picking(picker, self.height, self.width)
        self.screens.append(self._shown(picking))
        for key in self.keys.pop(0) if self.keys else ["esc"]:
            for each in [key] if key in _NAMES or len(key) == 1 else key:
                self.screens[-1] = self._shown(picking)
                ended = picking.press(each)
                if ended is not None:
                    return ended if isinstance(ended, Picked) else None
        raise AssertionError("the script of keys does not end the picker")

    async def line(self, title: str, *, initial: str = "", secret: bool = False) -> str | None:
        self.initial.append(initial)
        return self.lines.pop(0)

    async def pager(self, text: str) -> None:
        self.paged.append(text)

    async def editor(self, text: str, name: str) -> str | None:
        return text

    async def open_editor(self, path: Path) -> bool:
        return True

    def set_draft(self, text: str) -> None:
        self.draft = text

    def _shown(self, picking: Picking) -> list[str]:
        rows = picking.rows(self.width, self.height)
        assert len(rows) <= self.height and all(width_of(each) <= self.width for each in rows)
        return [plain(each).rstrip() for each in rows]


_NAMES = ("up", "down", "enter", "esc", "space", "home", "end", "ctrl+c", "ctrl+a", "ctrl+e", "ctrl+r", "backspace")


class PickDesk:
    """`open` opens sessions as the talk does; `reopened` are the starts that commands asked for."""

    def __init__(self, talk: Talk, session: Session, config: Config, ui: PickUi) -> None:
        self.ui = ui
        self.session = session
        self.config = config
        self.env: Mapping[str, str] = {"HOME": str(talk.home)}
        self.prompts = 0
        self.shown: tuple[Shown, ...] = ()
        self.todos: tuple[Json, ...] = ()
        self.reopened: list[Start] = []
        self._talk = talk

    def setting(self, key: str) -> object:
        return None

    def set_setting(self, key: str, value: object) -> None:
        raise AssertionError("no command here changes a setting")

    async def reopen(self, start: Start | None = None, **changes: object) -> None:
        self.reopened.append(start or NEW)
        opened = await self._talk.open(start or NEW)
        await self.session.aclose()
        self.session = opened

    def send(self, prompt: str) -> None:
        raise AssertionError("no command here sends a prompt")

    def leave(self) -> None:
        raise AssertionError("no command here leaves")


async def desk_at(talk: Talk, ui: PickUi, start: Start = NEW, **flags: Any) -> PickDesk:
    session = await talk.open(start, **flags)
    return PickDesk(talk, session, talk.config(**flags), ui)
