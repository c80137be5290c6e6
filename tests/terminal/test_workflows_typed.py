"""A built-in workflow as a person uses it: found in the menu, listed by /help, run without a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import tool, turn
from tests.support.repositories import MENDED, Repository
from tests.support.sitting import sitting


@pytest.mark.behaviour("B-1251")
def test_commit_is_in_the_menu_and_in_the_help_and_asks_nothing(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    shop = Repository.shop(place)
    shop.write("shop/cart.py", MENDED)
    add = tool("Git", action="add", paths=["shop/cart.py"])
    commit = tool("Git", action="commit", message="cart: count the first price too")
    with sitting(tmp_path, turn(add), turn(commit), turn("Committed it."), place=place) as there:
        there.terminal.send("/com")
        there.terminal.wait("commit what belongs together")
        there.terminal.send("mit the cart")
        there.terminal.press("enter")
        there.terminal.wait("Committed it.")
        there.free()
        there.terminal.send("/help ")
        there.terminal.press("enter")
        there.terminal.wait("page 1 of ")
        page = 1
        while not any("/security-review [base]" in line for line in there.terminal.screen):
            there.terminal.send(" ")
            page += 1
            there.terminal.wait(f"page {page} of ")
        there.terminal.press("esc")
        there.free()
    assert shop.messages() == ["cart: count the first price too"]
