"""Commands of files on a real terminal: what a person sees, is asked, and gets back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import tool, turn
from tests.support.screens import talk
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


@pytest.mark.behaviour("B-1305")
def test_a_command_that_is_typed_during_a_run_is_done_after_it(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    command(shop, "look", "Look at $ARGUMENTS.\n")
    waits = turn(tool("Bash", command="until test -e go; do sleep 0.05; done"))
    script = [waits, turn("First."), turn("Second.")]
    with shop.session(script, "--allowed-tools", "Bash", prompt="go on") as (term, api):
        term.wait("until test -e go")
        term.send("/look cats\r")
        term.wait("↳ after this run: /look cats")
        (shop.place.project / "go").touch()
        term.wait("Second.")
        calm(term)
        requests = talk(api)
        assert len(requests) == 3 and "Look at cats." not in str(requests[1]["messages"])
        texts = [block["text"] for block in requests[2]["messages"][-1]["content"]]
        assert texts[-1] == "Look at cats."
        assert any("❯ /look cats" in row for row in term.history)
