"""What is typed while a run is on, on a real terminal: delivered, kept, taken back, and there after a crash."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.fakeapi import fault, tool, turn
from tests.support.screens import Terminal, talk
from tests.support.shop import SIZES, Shop, asked, calm

SLOW = "one two three four five six seven eight nine ten eleven twelve " * 8
NAP = tool("Bash", command="sleep 1")
NAPS = ("--allowed-tools", "Bash(sleep *)")


def draft(term: Terminal) -> str:
    """What stands in the prompt, between the last two rules; "" while it is being drawn."""
    rows = term.screen
    rules = [at for at, row in enumerate(rows) if row.startswith("────")]
    return "\n".join(row[2:] for row in rows[rules[-2] + 1 : rules[-1]]) if len(rules) > 1 else ""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-1009")
def test_ux_23_esc_keeps_what_arrived_and_no_key_after_it_is_lost(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    script = [turn(tool("Bash", command="true")), turn(SLOW, delay=0.2), turn("Something else.")]
    with shop.session(script, "--allowed-tools", "Bash(true)", size=size) as (term, api):
        term.wait("one two three")
        term.press("esc")
        term.during(0.3)
        term.send("demo")
        term.wait("! Stopped by you after")
        term.wait(lambda: draft(term) == "demo")
        assert any(row.startswith("one two three") for row in term.history)
        assert any("What should coder do instead?" in row for row in term.history)
        term.press("enter")
        calm(term)
        assert "Something else." in term.history and len(talk(api)) == 3
        said = [block["text"] for block in talk(api)[-1]["messages"][-1]["content"] if block["type"] == "text"]
        assert said[-1] == "demo"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-1009")
def test_ux_24_esc_puts_a_queued_line_back_and_starts_nothing(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    with shop.session([turn(SLOW, delay=0.2), turn("Never said.")], size=size) as (term, api):
        term.wait("one two three")
        term.send("also x\r")
        term.wait("↳ next step: also x")
        (row,) = [row for row in term.screen if row.startswith("↳ ")]
        assert row == "↳ next step: also x" + "↑ takes it back".rjust(size[0] - len("↳ next step: also x"))
        term.send("then y\t")
        term.wait("↳ after this run: then y")
        term.press("esc")
        calm(term, "! Stopped by you after")
        term.wait(lambda: draft(term) == "also x\nthen y")
        assert "  restored · esc clears it" in term.screen
        term.during(3)
        assert len(talk(api)) == 1
        term.press("esc")
        term.wait(lambda: draft(term).startswith("Ask for a change"))


@pytest.mark.behaviour("B-1009")
def test_s28_saying_no_and_stop_starts_nothing_that_was_queued(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    script = [turn(tool("Bash", command="npm test"), delay=0.3), turn("Never said.")]
    with shop.session(script) as (term, api):
        term.wait("Waiting for the model")
        term.send("!ls -l\t")
        term.wait("↳ after this run: !")
        asked(term)
        term.press("esc")
        calm(term, "! Stopped by you after")
        term.wait(lambda: draft(term) == "ls -l" and any(row.startswith("! ls -l") for row in term.screen))
        term.during(0.5)
        assert len(talk(api)) == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-1009")
def test_s28_a_message_is_read_at_the_next_step_and_one_for_later_after_the_run(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    shop = Shop.make(tmp_path)
    script = [turn(NAP), turn("Third."), turn("Fourth.")]
    with shop.session(script, *NAPS, size=size) as (term, api):
        term.wait("Running sleep 1")
        term.send("not that\r")
        term.wait("↳ next step: not that")
        term.press("up")
        term.wait(lambda: draft(term) == "not that" and not any(row.startswith("↳") for row in term.screen))
        term.press(*["backspace"] * len("not that"))
        term.send("also x\r")
        term.wait("↳ next step: also x")
        term.send("then y\t")
        term.wait("↳ after this run: then y")
        term.wait("Fourth.")
        calm(term)
        rows = [row for row in term.history if row.startswith(("❯ ", "✓ ", "Third", "Fourth", "Done"))]
        assert [row.split(" ·")[0] for row in rows[:7]] == [
            "❯ go",
            "✓ Bash sleep 1",
            "❯ also x",
            "Third.",
            "Done",
            "❯ then y",
            "Fourth.",
        ]
        assert "❯ also x · seen before step 2" in term.history
        assert len(talk(api)) == 3
        assert {"type": "text", "text": "also x"}.items() <= talk(api)[1]["messages"][-1]["content"][-1].items()


@pytest.mark.behaviour("B-1009")
def test_t12_a_message_that_was_queued_survives_kill_9(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    drafts = shop.place.home / ".coder" / "drafts"
    with shop.session([turn(SLOW, delay=0.3)]) as (term, _):
        term.wait("one two three")
        term.send("also x\r")
        term.wait("↳ next step: also x")
        term.send("!ls\t")
        term.wait("↳ after this run:")
        term.send("half")
        term.wait(lambda: any("half" in path.read_text() for path in drafts.glob("*.json")))
        os.kill(term.process.pid, signal.SIGKILL)
        term.end()
    with shop.session([turn("And on.")], prompt="") as (term, api):
        term.wait("restored · esc clears it")
        term.wait(lambda: draft(term) == "also x\n!ls\nhalf")
        assert talk(api) == []
        term.press("enter")
        calm(term)
        assert talk(api)[-1]["messages"][-1]["content"][-1]["text"] == "also x\n!ls\nhalf"
        term.press("ctrl+d")
        assert term.end() == 0
    assert list(drafts.glob("*.json")) == []


@pytest.mark.behaviour("B-1009")
def test_t12_a_message_that_was_queued_survives_sigterm(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    with shop.session([turn(SLOW, delay=0.3)]) as (term, _):
        term.wait("one two three")
        term.send("also x\r")
        term.wait("↳ next step: also x")
        os.kill(term.process.pid, signal.SIGTERM)
        assert term.end() == 143
    with shop.session([turn("And on.")], prompt="") as (term, _):
        term.wait("restored · esc clears it")
        term.wait(lambda: draft(term) == "also x")


@pytest.mark.behaviour("B-1009")
def test_s28_a_run_that_failed_puts_its_message_and_the_queue_back(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    script = [turn("Never.", wait=1.0, fault=fault("status", 400))]
    with shop.session(script, prompt="hello") as (term, api):
        term.wait("Waiting for the model")
        term.send("then y\t")
        term.wait("↳ after this run: then y")
        term.wait(lambda: draft(term) == "hello\nthen y")
        term.during(0.5)
        assert len(talk(api)) == 1


@pytest.mark.behaviour("B-1009")
def test_s29_a_stop_names_the_files_that_were_changed(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    script = [
        turn(tool("Write", file_path=str(shop.place.project / "new.txt"), content="new\n")),
        turn(SLOW, delay=0.2),
    ]
    with shop.session(script, "--permission-mode", "acceptEdits") as (term, _):
        term.wait("one two three")
        term.press("esc")
        calm(term, "! Stopped by you after")
        assert "  1 file changed so far: new.txt" in term.history, term.picture()
