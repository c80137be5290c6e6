"""How an answer arrives on the screen: UX-10 to UX-12, UX-30 (f), T4, T7."""

from __future__ import annotations

import re
from string import ascii_lowercase

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, fault, turn
from tests.support.screens import Terminal, coder, scripted, started

SIZES = pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)], ids=["80x24", "120x40"])
PROMPT = "❯ Ask for a change, or type / for commands"
TAKES_PASTES = b"\x1b[?2004h"  # the prompt is there
TAKES_OVER = (b"\x1b[2J", b"\x1b[3J", b"\x1b[?1049h", b"\x1b[?47h", b"\x1bc")


def numbered(count: int, what: str = "what there is to say about it") -> list[str]:
    return [f"{number:03d}. Line number {number:03d} says {what}." for number in range(1, count + 1)]


def slowly(lines: list[str], delay: float) -> dict[str, object]:
    """The lines, one a piece."""
    return turn("\n".join(lines) + "\n", delta=len(lines[0]) + 1, delay=delay)


def answered(terminal: Terminal) -> list[str]:
    return [row for row in terminal.history if re.match(r"\d{3}\. ", row)]


def rules(terminal: Terminal) -> list[str]:
    """Those round the prompt, and what is left of old ones."""
    return [row for row in terminal.history if row.startswith("──")]


def is_done(terminal: Terminal) -> bool:
    """The run is over and the prompt stands below it."""
    rows = [row for row in terminal.screen if row]
    return any(row.startswith("Done · ") for row in rows) and not rows[-1].startswith(("Done", "❯", "──"))


@pytest.mark.behaviour("B-980")
@SIZES
def test_ux_10_an_answer_arrives_whole_while_somebody_types(place: Place, columns: int, rows: int) -> None:
    lines = numbered(200)
    with fake_api(scripted(slowly(lines, 0.001))) as api, coder(place, api, columns=columns, rows=rows) as terminal:
        started(terminal)
        before = len(terminal.raw)
        terminal.send("go\r")
        terminal.wait(lambda: answered(terminal))
        for letter in ascii_lowercase:
            terminal.send(letter)
            terminal.pump(0.01)
        terminal.wait(lambda: is_done(terminal))
        terminal.wait(f"❯ {ascii_lowercase}")
        assert answered(terminal) == lines
        assert not [code for code in TAKES_OVER if code in terminal.raw]
        assert len(terminal.raw) - before <= 10 * sum(len(line) + 1 for line in lines)


@pytest.mark.behaviour("B-980")
def test_t7_500_lines_take_less_than_six_times_their_bytes(place: Place) -> None:
    lines = numbered(500)
    with fake_api(scripted(slowly(lines, 0.002))) as api, coder(place, api) as terminal:
        started(terminal)
        before = len(terminal.raw)
        terminal.send("go\r")
        terminal.wait(lambda: is_done(terminal))
        assert answered(terminal) == lines
        assert not [code for code in TAKES_OVER if code in terminal.raw]
        assert len(terminal.raw) - before < 6 * sum(len(line) + 1 for line in lines)


@pytest.mark.behaviour("B-981")
@SIZES
def test_ux_11_the_beginning_of_a_paragraph_is_there_before_its_end(place: Place, columns: int, rows: int) -> None:
    words = [f"word{number}" for number in range(200)]
    text = " ".join(words)
    script = scripted(turn(text, delta=300, fault=fault("stall", after=4)))
    with fake_api(script) as api, coder(place, api, columns=columns, rows=rows) as terminal:
        started(terminal)
        terminal.send("go\r")
        terminal.wait(lambda: any(row.startswith("word0 word1 ") for row in terminal.screen))
        terminal.wait(lambda: any("Writing" in row for row in terminal.screen))
        shown = [row for row in terminal.screen if row.startswith("word")]
        assert len(shown) > 1 and " ".join(shown).split()[:-1] == words[: len(" ".join(shown).split()) - 1]
        prompt = next(at for at, row in enumerate(terminal.screen) if row == PROMPT)
        assert terminal.cursor == (prompt, 2) and terminal.shows_cursor
        terminal.press("esc")
        terminal.wait("Stopped by you")
        assert " ".join(row for row in terminal.history if row.startswith("word")).split()[0] == "word0"


MARKDOWN = """# A heading that says what this is about

See [a link](https://example.org/a/path/that/is/there), **bold** and `code`, emoji 👩‍👩‍👧 🎉 and 日本語の文章が\
ここにあります、とても長いので折り返されるはずです。そしてもっと続きますよ。それからまだまだ続きます。

- one item
- another item, which is so long that it cannot stand on a row of eighty columns, nor on one of a hundred and twenty
  - an item in it

```python
def greet(name):
    return f"Hello, {name}"
```

| Name | Worth | 漢字 |
|---|---:|---|
| a | 1 | 日本 |
| a long name | 20000 | x |

The end.
"""


@pytest.mark.behaviour("B-982")
@SIZES
def test_ux_12_markdown_is_drawn_within_the_terminal(place: Place, columns: int, rows: int) -> None:
    with fake_api(scripted(turn(MARKDOWN))) as api, coder(place, api, columns=columns, rows=rows) as terminal:
        started(terminal)
        terminal.send("go\r")
        terminal.wait(lambda: is_done(terminal))
        assert terminal.widest <= columns
        told = terminal.history
    assert "A heading that says what this is about" in told
    assert "def greet(name):" in told and '    return f"Hello, {name}"' in told
    assert any("a link (https://example.org/a/path/that/is/there)" in row for row in told)
    assert [row for row in told if row.startswith(("Name", "a  ", "a long"))] == [
        "Name          Worth   漢字",
        "a                 1   日本",
        "a long name   20000   x",
    ]
    at = told.index("- one item")
    assert (
        told[at + 1].startswith("- another item")
        and told[at + 2].startswith("  ")
        and "- an item in it" in told[at + 3]
    )
    assert "\n\n\n" not in "\n".join(told).strip()


@pytest.mark.behaviour("B-983")
def test_ux_30f_no_row_is_lost_or_doubled_when_the_terminal_becomes_narrow(place: Place) -> None:
    lines = numbered(100, "so much")
    env = {"XTERM_VERSION": "XTerm(390)"}
    with fake_api(scripted(slowly(lines, 0.01))) as api, coder(place, api, columns=120, rows=40, env=env) as terminal:
        started(terminal)
        terminal.send("go\r")
        terminal.wait(lambda: len(answered(terminal)) > 20)
        terminal.resize(60, 40)
        terminal.wait(lambda: is_done(terminal))
        assert answered(terminal) == lines
        assert rules(terminal) == ["─" * 60] * 2


@pytest.mark.behaviour("B-983")
def test_where_the_terminal_wraps_its_rows_anew_none_is_doubled_either(place: Place) -> None:
    lines = numbered(6, "so much that a row of sixty columns is not enough for it, and one of eighty is not either")
    text = "\n".join(lines) + "\n"
    script = scripted(turn(text + "gone", delta=len(text) - 3, fault=fault("stall", after=4)))
    env = {"VTE_VERSION": "7600"}
    # What is drawn while the size changes means something else to the terminal: so nothing moves here by itself.
    with (
        fake_api(script) as api,
        coder(place, api, "--no-animation", columns=120, rows=30, env=env) as terminal,
    ):
        started(terminal)
        terminal.send("go\r")
        terminal.wait(lambda: answered(terminal)[-1:] and answered(terminal)[-1].startswith("006."))
        for columns in (110, 99, 80, 61, 60):
            terminal.settle(0.2)
            terminal.resize(columns, 30, reflows=True)
            terminal.wait(lambda width=columns: rules(terminal) == ["─" * width] * 2)  # type: ignore[misc]  # bound at once
            terminal.wait("esc stops it")
        terminal.press("esc")
        terminal.wait("Stopped by you")
        told = "".join("".join(terminal.history).split())
        assert [told.count("".join(line.split())[:-3]) for line in lines] == [1] * 6
        assert "Writing" not in told


@pytest.mark.behaviour("B-983")
def test_a_storm_of_resizes_leaves_the_answer_whole_and_the_prompt_usable(place: Place) -> None:
    lines = numbered(150, "it")
    with fake_api(scripted(slowly(lines, 0.01))) as api, coder(place, api, columns=100, rows=30) as terminal:
        started(terminal)
        terminal.send("go\r")
        terminal.wait(lambda: answered(terminal))
        for number in range(200):
            terminal.process.setwinsize(20 + number % 15, 60 + number * 7 % 41)
            terminal.pump(0.001)
        terminal.resize(100, 30)
        terminal.wait(lambda: is_done(terminal), deadline=40)
        terminal.send("still here")
        terminal.wait("❯ still here")
        told = answered(terminal)
        assert sorted(set(told)) == lines
        assert terminal.process.isalive()


@pytest.mark.behaviour("B-984")
@pytest.mark.parametrize("columns", [1, 2, 7, 19, 39])
def test_t4_wide_characters_at_the_margin_of_a_narrow_terminal(place: Place, columns: int) -> None:
    text = "日本語の文章 👩‍👩‍👧🎉 and a bit, `code` too\n\n| a | b |\n|---|---|\n| 漢字 | x |\n\n```\n漢字漢字\n```\n"
    with fake_api(scripted(turn(text))) as api, coder(place, api, columns=columns, rows=12) as terminal:
        terminal.wait(lambda: TAKES_PASTES in terminal.raw)
        terminal.send("日本語\r")
        api.wait_until(lambda api: any(exchange.state != "open" for exchange in api.exchanges))
        terminal.wait(lambda: "Done" in "".join(row.strip() for row in terminal.history))
        assert terminal.widest <= columns
        terminal.press("ctrl+d")
        assert terminal.end() == 0
        assert "Traceback" not in "".join(terminal.history)
