from __future__ import annotations

import asyncio
import io
import os
import pty
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from coder.frontends.picker import Action, Item, Picked, Picker
from coder.frontends.spoken.choosing import choose
from coder.frontends.spoken.terminal import Terminal
from coder.frontends.styled import row


class Typing:
    """A terminal whose other end is the test: what is typed, what is shown, what nobody waited for, and the time."""

    def __init__(self, source: int, typed: int) -> None:
        self.typed = typed
        self.out = io.StringIO()
        self.now = 0.0
        self.strays: list[str | None] = []
        self.terminal = Terminal(source, self.out, lambda: self.now)
        self.terminal.stray = self.strays.append

    def type(self, text: str) -> None:
        os.write(self.typed, text.encode())

    @property
    def screen(self) -> str:
        return self.out.getvalue()


@contextmanager
def typing() -> Iterator[Typing]:
    source, typed = os.pipe()
    made = Typing(source, typed)
    try:
        with made.terminal:
            yield made
    finally:
        for end in (source, made.typed):
            if end >= 0:
                os.close(end)


async def shown(made: Typing, text: str) -> None:
    async with asyncio.timeout(10):
        while text not in made.screen:
            await asyncio.sleep(0)


async def until_stray(made: Typing) -> None:
    async with asyncio.timeout(10):
        while not made.strays:
            await asyncio.sleep(0)


async def test_a_line_is_asked_for_and_read() -> None:
    with typing() as made:
        asked = asyncio.create_task(made.terminal.line("you: "))
        await shown(made, "you: ")
        made.type("hello")
        made.type(" there\r\n")
        assert await asked == "hello there"
        made.terminal.say("next")
    assert made.screen == "you: next\n"  # the end of the line was shown by the terminal itself


async def test_what_is_said_meanwhile_stands_on_lines_of_its_own_and_the_prompt_again_behind() -> None:
    with typing() as made:
        asked = asyncio.create_task(made.terminal.line("you: "))
        await shown(made, "you: ")
        made.terminal.say("one", "two")
        assert made.screen == "you: \none\ntwo\nyou: "
        made.type("x\n")
        assert await asked == "x"


@pytest.mark.behaviour("B-942")
async def test_no_escape_sequence_is_ever_printed() -> None:
    with typing() as made:
        made.terminal.say("a\x1b[31mb\x07\x9b2J", "c\rd")
    assert made.screen == "ab2J\ncd\n"


@pytest.mark.behaviour("B-946")
async def test_a_line_completed_in_the_first_moments_of_a_question_is_no_answer() -> None:
    with typing() as made:
        asked = asyncio.create_task(made.terminal.line("Type 1 to 4: ", grace=0.3))
        await shown(made, "Type 1 to 4: ")
        made.now = 0.29
        made.type("1\n")
        await until_stray(made)
        assert made.strays == ["1"]
        assert not asked.done()
        assert made.screen == "Type 1 to 4: " * 2
        made.now = 0.3
        made.type("4\n")
        assert await asked == "4"


async def test_lines_that_come_at_once_are_one_text_where_that_is_asked_for() -> None:
    with typing() as made:
        asked = asyncio.create_task(made.terminal.line("you: ", joins=True))
        await shown(made, "you: ")
        made.type("one\ntwo\n")
        made.type("three\n")
        assert await asked == "one\ntwo\nthree"
        made.type("four\nfive\n")
        await until_stray(made)
        assert made.strays == ["four\nfive"]


async def test_the_end_of_input_is_told_once_and_for_all() -> None:
    with typing() as made:
        asked = asyncio.create_task(made.terminal.line("you: "))
        await shown(made, "you: ")
        os.close(made.typed)
        made.typed = -1
        assert await asked is None
        assert await made.terminal.line("you: ") is None


async def test_whoever_waits_can_be_woken() -> None:
    with typing() as made:
        asked = asyncio.create_task(made.terminal.line("you: "))
        await shown(made, "you: ")
        made.terminal.wake()
        assert await asked is None
        asked = asyncio.create_task(made.terminal.line("again: "))
        await shown(made, "again: ")
        made.type("x\n")
        assert await asked == "x"


@pytest.mark.behaviour("B-948")
async def test_a_secret_is_not_shown_and_the_terminal_shows_again_what_is_typed_afterwards() -> None:
    master, slave = pty.openpty()
    try:
        made = Typing(slave, master)
        with made.terminal:
            asked = asyncio.create_task(made.terminal.line("Key: ", secret=True))
            await shown(made, "Key: ")
            assert not termios.tcgetattr(slave)[3] & termios.ECHO
            made.type("sk-secret\n")
            assert await asked == "sk-secret"
            assert termios.tcgetattr(slave)[3] & termios.ECHO
            assert made.screen == "Key: \n"
    finally:
        os.close(master)
        os.close(slave)


MANY = Picker(
    "Resume a session",
    tuple(Item(number, (f"session {number}", "main")) for number in range(1, 46)),
    hint="type to search",
    actions=(Action("d", "deletes"), Action("ctrl+r", "renames")),
    can_search=True,
    above=(row("2 folders   1 branch"),),
)


async def picked(picker: Picker, *lines: str) -> tuple[Picked | None, str]:
    with typing() as made:
        asked = asyncio.create_task(choose(made.terminal, picker))
        for number, line in enumerate(lines, 1):
            async with asyncio.timeout(10):
                while made.screen.count("leave: ") < number:
                    await asyncio.sleep(0)
            made.type(f"{line}\n")
        async with asyncio.timeout(10):
            return await asked, made.screen


@pytest.mark.behaviour("B-947")
async def test_a_picker_is_numbered_and_answered_by_number() -> None:
    found, screen = await picked(MANY, "99", "3")
    assert found == Picked("enter", MANY.items[2], 2)
    assert screen.startswith(
        "question: Resume a session:\n2 folders: 1 branch\n1. session 1, main\n2. session 2, main\n"
    )
    assert "25 more. Type more to hear them.\n" in screen


@pytest.mark.behaviour("B-947")
async def test_a_long_picker_goes_on_with_more_and_is_narrowed_by_words() -> None:
    found, _ = await picked(MANY, "more", "2")
    assert found == Picked("enter", MANY.items[21], 21)
    found, screen = await picked(MANY, "session 44", "1")
    assert found == Picked("enter", MANY.items[43], 43)
    assert screen.count("1. session 44, main\n") == 1
    found, screen = await picked(MANY, "nowhere", "d 2")
    assert found == Picked("d", MANY.items[1], 1)
    assert "Nothing has 'nowhere' in it.\n" in screen


@pytest.mark.parametrize("line", ["", "esc"])
async def test_a_picker_is_left_without_choosing(line: str) -> None:
    assert (await picked(MANY, line))[0] is None


async def test_a_letter_chooses_its_item() -> None:
    leaving = Picker("1 task is running.", (Item("stop", ("stop it",), key="y"), Item("stay", ("stay",), key="n")))
    assert (await picked(leaving, "n"))[0] == Picked("enter", leaving.items[1], 1)


async def test_an_empty_picker_says_so_and_can_be_left() -> None:
    empty = Picker("Tasks", (), empty="Nothing runs.")
    found, screen = await picked(empty, "")
    assert found is None
    assert screen == "question: Tasks:\nNothing runs.\nPress enter to leave: "


@pytest.mark.behaviour("B-1978")
async def test_a_question_goes_before_the_line_that_is_waited_for_which_is_asked_for_again() -> None:
    with typing() as made:
        line = asyncio.create_task(made.terminal.line("you: "))
        await shown(made, "you: ")
        question = asyncio.create_task(made.terminal.line("allow it? "))
        await shown(made, "you: \nallow it? ")
        made.type("1\n")
        assert await question == "1"
        await shown(made, "allow it? you: ")
        made.type("go on\n")
        assert await line == "go on"


async def test_the_end_of_input_ends_all_who_wait_and_one_that_is_called_off_takes_nobody_along() -> None:
    with typing() as made:
        lines = [asyncio.create_task(made.terminal.line(f"{n}: ")) for n in range(3)]
        await shown(made, "2: ")
        lines[1].cancel()
        await asyncio.wait({lines[1]})
        made.type("x\n")
        assert await lines[2] == "x"
        again = asyncio.create_task(made.terminal.line("again: "))
        await shown(made, "again: ")
        os.close(made.typed)
        made.typed = -1
        assert await again is None and await lines[0] is None
        assert await made.terminal.line("late: ") is None
