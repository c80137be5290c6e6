"""A desk for slash commands: a real session on a fake API, and hands that do as scripted and keep what they get."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from coder.app.build import open_session
from coder.app.reach.linking import Connect
from coder.app.session import Session
from coder.app.starting import NEW, Start
from coder.config.paths import user_settings
from coder.config.write import set_value
from coder.core.config import Config, ModelConfig
from coder.core.messages import Json
from coder.frontends.desk import Shown
from coder.frontends.picker import Item, Page, Picked, Picker
from coder.frontends.styled import Row, plain
from tests.support.engine import Recorder
from tests.support.fakeapi import KEY, RunningApi, What, running_api, turn

Pick = Callable[[Picker], Picked | None]


def by(words: str, action: str = "enter") -> Pick:
    """Picks the first item whose cells hold these words."""

    def pick(picker: Picker) -> Picked:
        for index, item in enumerate(picker.items):
            if words in " ".join(item.cells):
                return Picked(action, item, index)
        raise AssertionError(f"no item with {words!r} in {[item.cells for item in picker.items]}")

    return pick


def press(action: str) -> Pick:
    """Presses a key while standing on the first item, if there is one."""

    def pick(picker: Picker) -> Picked:
        return Picked(action, next(iter(picker.items), None), 0)

    return pick


@dataclass(slots=True)
class FakeUi:
    """`picks`, `lines`, `keys`: what the person does at pickers, for lines and at pages; by default they leave."""

    width: int = 80
    height: int = 24
    picks: list[Pick | None] = field(default_factory=list)
    lines: list[str | None] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    said: list[Row] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    pickers: list[Picker] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    paged: list[str] = field(default_factory=list)
    opened: list[Path] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    reads_on: bool = False  # every page to the last
    writes: str = ""  # into a file that is opened in the editor

    def say(self, rows: Iterable[Row]) -> None:
        self.said += rows

    def markdown(self, text: str) -> None:
        raise AssertionError("no command prints Markdown")

    async def page(self, page: Page) -> str:
        self.pages.append(page)
        reads_on = self.reads_on and any(each.key == "space" for each in page.keys)
        key = "space" if reads_on else self.keys.pop(0) if self.keys else "esc"
        assert key == "esc" or key in [each.key for each in page.keys]
        return key

    async def pick(self, picker: Picker) -> Picked | None:
        self.pickers.append(picker)
        pick = self.picks.pop(0) if self.picks else None
        picked = pick(picker) if pick else None
        assert picked is None or picked.action in ("enter", *(each.key for each in picker.actions))
        return picked

    async def line(self, title: str, *, initial: str = "", secret: bool = False) -> str | None:
        self.asked.append(title)
        return self.lines.pop(0) if self.lines else None

    async def pager(self, text: str) -> None:
        self.paged.append(text)

    async def editor(self, text: str, name: str) -> str | None:
        raise AssertionError("no command edits a text")

    async def open_editor(self, path: Path) -> bool:
        self.opened.append(path)
        if self.writes:
            path.write_text(self.writes, encoding="utf-8")
        return True

    def set_draft(self, text: str) -> None:
        self.drafts.append(text)

    @property
    def words(self) -> list[str]:
        """What was said, as text."""
        return [plain(row) for row in self.said]

    @property
    def page_words(self) -> list[str]:
        return [plain(row) for page in self.pages for row in page.rows]

    def items(self, at: int = -1) -> list[str]:
        return [" | ".join(item.cells) for item in self.pickers[at].items]

    def item(self, words: str, at: int = -1) -> Item:
        return next(item for item in self.pickers[at].items if words in " ".join(item.cells))


@dataclass(slots=True)
class FakeDesk:
    ui: FakeUi
    session: Session
    config: Config
    env: Mapping[str, str]
    prompts: int = 0
    shown: tuple[Shown, ...] = ()
    todos: tuple[Json, ...] = ()
    settings: dict[str, object] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    left: bool = False
    connect: Connect | None = None

    def setting(self, key: str) -> object:
        return self.settings.get(key)

    def set_setting(self, key: str, value: object) -> None:
        set_value(user_settings(self.config.home), key, value, self.env)
        self.settings[key] = value

    async def reopen(self, start: Start | None = None, **changes: object) -> None:
        config = changed(self.config, changes)
        kept = self.session.facts.transcript
        again = start or (Start(resume=self.session.facts.session_id) if kept and kept.exists() else NEW)
        await self.session.aclose()
        self.session = await open_session(config, Recorder(), start=again, connect=self.connect)
        self.config = config

    def send(self, prompt: str) -> None:
        self.sent.append(prompt)

    def leave(self) -> None:
        self.left = True

    async def prompt(self, text: str) -> str:
        """As the person would have typed it."""
        self.prompts += 1
        return (await self.session.prompt(text)).text


def changed(config: Config, changes: Mapping[str, object]) -> Config:
    names = {each.name for each in fields(Config)}
    of_model = {"name" if key == "model_name" else key: value for key, value in changes.items() if key not in names}
    model = replace(config.model, **of_model)  # type: ignore[arg-type]  # as the port has it
    return replace(config, **{"model": model, **{k: v for k, v in changes.items() if k in names}})  # type: ignore[arg-type]  # as the port has it


@asynccontextmanager
async def desk_at(
    root: Path,
    script: What | None = None,
    *,
    ui: FakeUi | None = None,
    model: str = "claude-sonnet-4-5",
    env: Mapping[str, str] | None = None,
    connect: Connect | None = None,
    **changes: object,
) -> AsyncIterator[FakeDesk]:
    """A desk in `root`/project, whose home is `root`/home; the fake API answers by `script`."""
    given = [turn("Hello.")] if script is None else script
    made = {"ui": ui, "model": model, "env": env, "connect": connect, **changes}
    async with running_api(given) as api, desk_on(api, root, **made) as desk:  # type: ignore[arg-type]  # as they came
        yield desk


@asynccontextmanager
async def desk_on(
    api: RunningApi,
    root: Path,
    *,
    ui: FakeUi | None = None,
    model: str = "claude-sonnet-4-5",
    env: Mapping[str, str] | None = None,
    connect: Connect | None = None,
    **changes: object,
) -> AsyncIterator[FakeDesk]:
    project, home = root / "project", root / "home" / ".coder"
    project.mkdir(exist_ok=True)
    (root / "home").mkdir(exist_ok=True)
    environment = {"HOME": str(root / "home"), "PATH": "/usr/bin:/bin", **(env or {})}
    how = ModelConfig(model, api.url, api_key=KEY, key_source="ANTHROPIC_API_KEY")
    config = Config(project, home, how, mode="bypassPermissions", env=environment)
    config = changed(config, changes)
    session = await open_session(config, Recorder(), connect=connect)
    desk = FakeDesk(ui or FakeUi(), session, config, environment, connect=connect)
    try:
        yield desk
    finally:
        await desk.session.aclose()
