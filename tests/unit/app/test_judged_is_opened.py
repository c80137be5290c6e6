"""Somebody swaps a link in between the judgement and the opening: the call must not be led away."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coder.agent.executor import Executor
from coder.agent.outcome import Outcome
from coder.agent.ports import Ports
from coder.app.created import Created
from coder.app.toolbox import SessionTools
from coder.core.events import AnyEvent, ToolStarted
from coder.core.messages import ToolUse
from coder.core.requests import Allow, Deny, PermissionRequest, Reply, Request
from coder.core.tools import Access
from coder.permissions.decide import Decision, decide
from coder.permissions.rules import Rules
from coder.permissions.world import LocalWorld
from coder.tools.registry import ToolSession, builtins
from coder.tools.ripgrep import locate
from coder.tools.search import Search
from coder.workspace.local import LocalWorkspace
from tests.support.agents import judged_by
from tests.support.engine import StillControl

SECRET = "the-secret-text"
ENGINES = ["", *filter(None, [str(locate(os.environ) or "")])]


class Desk:
    """A project, a folder outside it with a secret, and the engine with its real tools. `swap` happens when a call has
    been judged, and answered if it was asked about, just before it runs; `looks` holds what happens before each
    judgement in turn."""

    def __init__(self, folder: Path, ripgrep: str = "") -> None:
        self.root, self.outside = folder / "project", folder / "outside"
        self.plant(self.root, f"nothing here, only {SECRET[:3]}\n")
        self.plant(self.outside, f"{SECRET}\n")
        self.swap: Callable[[], object] = lambda: None
        self.looks: list[Callable[[], object]] = []
        self.answer: Reply = Deny("no")
        self.answering: Callable[[], object] = lambda: None
        self.asked: list[Request] = []
        self._count = 0
        workspace = LocalWorkspace(self.root)
        world = LocalWorld(self.root, (self.root,), folder, folder / ".coder")

        def judge(call: ToolUse, access: Access) -> Decision:
            if self.looks:
                self.looks.pop(0)()
            return decide(call, access, Rules(), "acceptEdits", world)

        gate = judged_by(judge, self.ask, self.emit)
        tools = SessionTools(builtins(ToolSession(search=Search(ripgrep=ripgrep))), ())
        self.created = Created()
        self._executor = Executor(
            tools,
            gate,
            workspace,
            StillControl(),
            self.emit,
            folder / "spill",
            ports=Ports(self.created.watch),
        )

    def plant(self, folder: Path, text: str) -> None:
        (folder / "src/deep").mkdir(parents=True)
        for name in ("a.txt", "src/a.txt", "src/deep/a.txt"):
            (folder / name).write_text(text)
        (folder / "src/book.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        (folder / "src/big.txt").write_text(text * (5_000_000 // len(text)))

    def emit(self, event: AnyEvent) -> None:
        if isinstance(event, ToolStarted):
            self.swap()

    async def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        self.answering()
        return self.answer

    async def call(self, tool: str, **given: Any) -> str:
        self._count += 1
        outcomes: dict[str, Outcome] = {}
        await self._executor.run([ToolUse(f"t{self._count}", tool, given)], outcomes)
        return str(outcomes[f"t{self._count}"].result)

    def replaced_by_link(self, name: str) -> Callable[[], None]:
        """What puts a link to the same thing outside in the place of a file or folder of the project."""

        def swap() -> None:
            (self.root / name).rename(self.root.parent / "aside")
            (self.root / name).symlink_to(self.outside / name)

        return swap

    def outside_is_untouched(self) -> bool:
        names = {path.name for path in self.outside.rglob("*")}
        is_same = all(SECRET in path.read_text() for path in self.outside.rglob("*.txt"))
        return is_same and names == {"src", "deep", "a.txt", "book.ipynb", "big.txt"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(params=ENGINES, ids=lambda engine: "ripgrep" if engine else "python")
def searching(tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    return Desk(tmp_path, request.param)


@pytest.mark.behaviour("B-710")
@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("src/a.txt", "src/a.txt"),
        ("src/a.txt", "src"),
        ("src/big.txt", "src/big.txt"),
        ("src/big.txt", "src"),
        ("src/deep/a.txt", "src"),
        ("src/deep/a.txt", "src/deep"),
    ],
)
async def test_a_read_is_not_led_away(desk: Desk, name: str, place: str) -> None:
    desk.swap = desk.replaced_by_link(place)
    said = await desk.call("Read", file_path=str(desk.root / name))
    assert SECRET not in said
    assert "a link is in its place that was not there when it was judged" in said


@pytest.mark.behaviour("B-710")
@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("src/a.txt", "src/a.txt"),
        ("src/a.txt", "src"),
        ("src/new.txt", "src"),
        ("src/new/new.txt", "src"),
        ("src/deep/new.txt", "src"),
    ],
)
async def test_a_write_is_not_led_away(desk: Desk, name: str, place: str) -> None:
    await desk.call("Read", file_path=str(desk.root / name))
    desk.swap = desk.replaced_by_link(place)
    said = await desk.call("Write", file_path=str(desk.root / name), content="mine")
    assert "a link is in its place" in said
    assert desk.outside_is_untouched()


@pytest.mark.behaviour("B-710")
async def test_a_link_that_appears_where_a_new_file_was_to_be_is_not_written_through(desk: Desk) -> None:
    link = desk.root / "src/new.txt"
    desk.swap = lambda: link.symlink_to(desk.outside / "src/new.txt")
    assert "a link is in its place" in await desk.call("Write", file_path=str(link), content="mine")
    assert desk.outside_is_untouched()


@pytest.mark.behaviour("B-710")
@pytest.mark.parametrize("place", ["src", "src/a.txt"])
async def test_an_edit_is_not_led_away(desk: Desk, place: str) -> None:
    path = str(desk.root / "src/a.txt")
    await desk.call("Read", file_path=path)
    desk.swap = desk.replaced_by_link(place)
    said = await desk.call("Edit", file_path=path, old_string=SECRET[:3], new_string="mine")
    assert "a link is in its place" in said
    assert desk.outside_is_untouched()


async def test_a_notebook_edit_is_not_led_away(desk: Desk) -> None:
    path, outside = str(desk.root / "src/book.ipynb"), desk.outside / "src/book.ipynb"
    await desk.call("Read", file_path=path)
    before = outside.read_bytes()
    desk.swap = desk.replaced_by_link("src")
    said = await desk.call("NotebookEdit", notebook_path=path, new_source="x", cell_type="code", edit_mode="insert")
    assert "a link is in its place" in said
    assert outside.read_bytes() == before


@pytest.mark.behaviour("B-711")
async def test_the_answer_to_a_question_holds_for_the_place_that_was_asked_about(desk: Desk) -> None:
    link = desk.root / "link"
    link.symlink_to(desk.outside / "a.txt")
    other = desk.outside / "other.txt"
    other.write_text("other")

    def swap() -> None:
        link.unlink()
        link.symlink_to(other)

    desk.answer, desk.swap = Allow(), swap
    said = await desk.call("Read", file_path=str(link))
    assert str(desk.outside / "a.txt") in str(desk.asked[0])
    assert SECRET in said
    assert "other" not in said.replace(str(other), "")


def nothing() -> None:
    """Leaves everything as it is."""


def leads_to(link: Path, target: Path) -> Callable[[], None]:
    def lead() -> None:
        link.unlink()
        link.symlink_to(target)

    return lead


def is_plain(link: Path, text: str) -> Callable[[], None]:
    def make() -> None:
        link.unlink()
        link.write_text(text)

    return make


@pytest.mark.behaviour("B-710")
async def test_a_read_that_is_allowed_by_the_second_look_opens_what_that_look_saw(desk: Desk) -> None:
    link = desk.root / "x.txt"
    link.symlink_to(desk.outside / "a.txt")
    desk.looks = [nothing, nothing, is_plain(link, "mine")]
    said = await desk.call("Read", file_path=str(link))
    assert not desk.asked and not desk.looks
    assert SECRET not in said
    assert "mine" in said


@pytest.mark.behaviour("B-710")
async def test_a_write_that_is_allowed_by_the_second_look_opens_what_that_look_saw(desk: Desk) -> None:
    link = desk.root / "x.txt"
    link.symlink_to(desk.outside / "new.txt")
    desk.looks = [nothing, nothing, link.unlink]
    await desk.call("Write", file_path=str(link), content="mine")
    assert not desk.asked and not desk.looks
    assert desk.outside_is_untouched()
    assert link.read_text() == "mine"
    assert desk.created.holds(link)


@pytest.mark.behaviour("B-711")
async def test_what_the_person_saw_is_what_is_opened(desk: Desk) -> None:
    link, other = desk.root / "link", desk.outside / "other.txt"
    link.symlink_to(desk.outside / "a.txt")
    other.write_text("seen")
    desk.answer, desk.looks = Allow(), [nothing, nothing, leads_to(link, other)]
    said = await desk.call("Read", file_path=str(link))
    assert str(other) in str(desk.asked[0])
    assert SECRET not in said
    assert "seen" in said


@pytest.mark.behaviour("B-711")
async def test_an_edited_call_goes_where_the_person_saw_it_go(desk: Desk) -> None:
    """The person changed the content; the link in its place was turned while they did."""
    link, target = desk.root / "link", desk.outside / "src/new.txt"
    link.symlink_to(desk.outside / "src/deep/new.txt")
    desk.answer = Allow(input={"file_path": str(link), "content": "by the person"})
    desk.answering = leads_to(link, target)
    said = await desk.call("Write", file_path=str(link), content="by the model")
    assert "leads elsewhere" in said
    assert desk.outside_is_untouched()


@pytest.mark.behaviour("B-711")
@pytest.mark.parametrize(("sent", "opened"), [("src/x/../../.envrc", ".envrc"), ("link", ".envrc")])
async def test_the_question_names_the_file_that_would_be_opened(desk: Desk, sent: str, opened: str) -> None:
    (desk.root / "link").symlink_to(".envrc")
    await desk.call("Write", file_path=f"{desk.root}/{sent}", content="mine")
    (request,) = desk.asked
    assert isinstance(request, PermissionRequest)
    assert request.opens == (desk.root / opened,)


@pytest.mark.behaviour("B-251")
async def test_a_link_that_stays_is_written_through_and_stays_a_link(desk: Desk) -> None:
    link, target = desk.root / "link", desk.root / "src/a.txt"
    link.symlink_to("src/a.txt")
    (desk.root / "dangling").symlink_to("src/made.txt")
    await desk.call("Read", file_path=str(link))
    await desk.call("Write", file_path=str(link), content="mine")
    await desk.call("Write", file_path=str(desk.root / "dangling"), content="made")
    assert link.is_symlink()
    assert target.read_text() == "mine"
    assert (desk.root / "dangling").is_symlink()
    assert (desk.root / "src/made.txt").read_text() == "made"


async def test_an_edited_call_is_located_anew(desk: Desk) -> None:
    desk.answer = Allow(input={"file_path": str(desk.outside / "new.txt"), "content": "by the person"})
    await desk.call("Write", file_path=str(desk.outside / "asked.txt"), content="by the model")
    assert (desk.outside / "new.txt").read_text() == "by the person"
    assert not (desk.outside / "asked.txt").exists()


@pytest.mark.behaviour("B-710")
async def test_a_name_that_means_another_file_by_now_is_not_opened(desk: Desk) -> None:
    """A plain quote stands for the curly one of the only file it can mean; which that is may change in between."""
    (desk.root / "it\u2019s").write_text("judged")

    def swap() -> None:
        (desk.root / "it\u2019s").rename(desk.root.parent / "aside")
        (desk.root / "it\u2018s").write_text(SECRET)

    desk.swap = swap
    said = await desk.call("Read", file_path=str(desk.root / "it's"))
    assert "is not the file that was there when this call was checked" in said
    assert SECRET not in said


@pytest.mark.behaviour("B-716")
async def test_what_a_file_tool_makes_is_the_sessions_own(desk: Desk) -> None:
    for name in ("src/a.txt", "new/deep/b.txt"):
        await desk.call("Read", file_path=str(desk.root / name))
        await desk.call("Write", file_path=str(desk.root / name), content="mine")
    await desk.call("Edit", file_path=str(desk.root / "src/c.txt"), old_string="", new_string="mine")
    await desk.call("Edit", file_path=str(desk.root / "src/c.txt"), old_string="mine", new_string="still mine")
    made = ("new", "new/deep/b.txt", "src/c.txt")
    assert all(desk.created.holds(desk.root / name) for name in made)
    assert not any(desk.created.holds(desk.root / name) for name in ("src", "src/a.txt", "."))


@pytest.mark.behaviour("B-712")
@pytest.mark.parametrize("mode", ["content", "files_with_matches", "count"])
@pytest.mark.parametrize(("place", "path"), [("src", "src"), ("src", "src/deep"), ("src/a.txt", "src/a.txt")])
async def test_a_search_is_not_led_away_from_where_it_starts(searching: Desk, place: str, path: str, mode: str) -> None:
    searching.swap = searching.replaced_by_link(place)
    said = await searching.call("Grep", pattern=SECRET, path=str(searching.root / path), output_mode=mode)
    assert "was not searched: a link is in its place" in said
    assert SECRET not in said


@pytest.mark.behaviour("B-712")
async def test_glob_is_not_led_away_from_where_it_starts(desk: Desk) -> None:
    (desk.outside / "src/only-outside.txt").touch()
    desk.swap = desk.replaced_by_link("src")
    said = await desk.call("Glob", pattern="*", path=str(desk.root / "src"))
    assert "only-outside" not in said
    assert "was not searched" in said


class Juggler:
    """A thread that keeps putting a link to the outside in the place of a folder, and the folder back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.rounds = 0

    def __enter__(self) -> Juggler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        src, aside, link = self._desk.root / "src", self._desk.root.parent / "aside", self._desk.root.parent / "link"
        link.symlink_to(self._desk.outside / "src")
        while not self._over.is_set():
            src.rename(aside)
            link.rename(src)
            src.rename(link)
            aside.rename(src)
            self.rounds += 1


@pytest.fixture
def juggled(searching: Desk) -> Iterator[Desk]:
    with Juggler(searching) as juggler:
        yield searching
    assert juggler.rounds


@pytest.mark.behaviour("B-712")
@pytest.mark.parametrize("more", [{}, {"-o": True}, {"-C": 1}, {"multiline": True}], ids=str)
async def test_no_search_returns_a_line_from_outside_however_links_are_swapped(
    juggled: Desk, more: dict[str, Any]
) -> None:
    for _ in range(3):
        said = await juggled.call("Grep", pattern="the-s[a-z-]*", output_mode="content", head_limit=5, **more)
        assert SECRET not in said


@pytest.mark.behaviour("B-712")
async def test_no_glob_returns_a_name_from_outside_however_links_are_swapped(juggled: Desk) -> None:
    (juggled.outside / "src/deep/only-outside.txt").touch()
    for _ in range(3):
        assert "only-outside" not in await juggled.call("Glob", pattern="**/*")
