"""Commands of files on a real terminal: what a person sees, is asked, and gets back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import turn
from tests.support.shop import Shop, asked, calm


def command(shop: Shop, name: str, text: str) -> None:
    path = shop.place.project / ".claude" / "commands" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.behaviour("B-1160")
def test_a_person_is_asked_before_a_command_of_a_text_runs(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    command(shop, "make", "Made: !`touch made && echo yes`\n")
    with shop.session([turn("Seen."), turn("Seen again.")], prompt="") as (term, api):
        term.send("/make it\r")
        asked(term)
        assert not (shop.place.project / "made").exists()
        term.send("1")
        calm(term)
        assert (shop.place.project / "made").exists()
        assert any("❯ /make it" in row for row in term.history) and "Seen." in "\n".join(term.history)
        (request,) = [each for each in api.requests if each.get("tools")]  # another asks for a title
        texts = [block["text"] for block in request["messages"][-1]["content"]]
        assert texts[-1] == "Made: yes\n\nARGUMENTS: it"


@pytest.mark.behaviour("B-1160")
def test_a_command_that_fails_gives_the_line_back(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    command(shop, "look", "!`cat missing.txt`\n")
    with shop.session([turn("Never.")], prompt="") as (term, api):
        term.send("/look hard\r")
        term.wait(lambda: any("Shell command failed for pattern" in row for row in term.screen))
        term.wait("restored")
        assert api.requests == [] and term.screen.count("❯ /look hard") == 2
