"""What keys do in the prompt, on a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.prompt_pty import prompting

EMPTY = "❯ Ask for a change, or type / for commands"


@pytest.mark.behaviour("B-830")
def test_enter_sends_and_four_ways_make_a_new_line(tmp_path: Path) -> None:
    with prompting(tmp_path) as prompt:
        prompt.see_only(EMPTY)
        assert prompt.caret == (0, 2)
        prompt.type("a\\\rb\nc\x1b\rd\x1b[13;2ue\x1b[27;2;13~f")
        prompt.see_only("❯ a", "  b", "  c", "  d", "  e", "  f")
        assert prompt.caret == (5, 3)
        prompt.type("\r")
        assert prompt.see_sent(1) == [
            {"kind": "prompt", "text": "a\nb\nc\nd\ne\nf", "how": "now", "display": "a\nb\nc\nd\ne\nf", "pictures": []}
        ]
        prompt.see_only(EMPTY)
        prompt.type("\r \r\x15!\r")  # nothing to send
        prompt.type("ls -l\r")
        assert prompt.see_sent(2)[1:][0]["kind"] == "shell"
        assert prompt.sent[1]["text"] == "ls -l"


@pytest.mark.behaviour("B-831")
def test_esc_closes_the_menu_then_stops_the_run_then_clears_then_goes_back(tmp_path: Path) -> None:
    with prompting(tmp_path, running=True) as prompt:
        prompt.type("/com")
        prompt.see("2 of ")
        prompt.type("\x1b")
        prompt.see_only("❯ /com")
        assert prompt.sent == []
        prompt.type("\x1b")
        assert prompt.see_sent(1) == [{"did": "stop"}]
        prompt.see_only("❯ /com")
        prompt.type("\x1b\x1b")
        prompt.see_only(EMPTY)
        prompt.type("\x1f")  # undo
        prompt.see("❯ /com")
        prompt.type("\x15")
        prompt.see_only(EMPTY)
        prompt.type("\x1b\x1b")
        assert prompt.see_sent(2)[1] == {"did": "rewind"}


@pytest.mark.behaviour("B-832")
def test_tab_keeps_a_draft_for_after_the_run_and_up_takes_a_queued_one_back(tmp_path: Path) -> None:
    with prompting(tmp_path, running=True, queued=["look again"]) as prompt:
        prompt.type("\x1b[A")
        prompt.see_only("❯ look again")
        prompt.type(" now\t")
        assert [(each["text"], each["how"]) for each in prompt.see_sent(1)] == [("look again now", "after")]
        prompt.see_only(EMPTY)
        prompt.type("also\r")
        assert [(each["text"], each["how"]) for each in prompt.see_sent(2)[1:]] == [("also", "now")]


@pytest.mark.behaviour("B-833")
def test_the_table_of_keys_is_closed_by_any_key_which_is_then_typed(tmp_path: Path) -> None:
    with prompting(tmp_path, running=True) as prompt:
        prompt.type("?")
        prompt.see("coder help keys: all keys")
        assert len(prompt.rows()) <= 9
        prompt.type("x")
        prompt.see_only("❯ x")
        prompt.type("?")
        prompt.see_only("❯ x?")
        prompt.type("\x15?")
        prompt.see("coder help keys: all keys")
        prompt.type("\x1b")
        prompt.see_only(EMPTY)
        assert prompt.sent == []  # it only closed the table
        prompt.type("?")
        prompt.see("coder help keys: all keys")
        prompt.type("?")
        prompt.see_only("❯ ?")


@pytest.mark.behaviour("B-834")
def test_a_draft_is_put_aside_and_taken_back(tmp_path: Path) -> None:
    with prompting(tmp_path) as prompt:
        prompt.type("half a thought\x13")
        prompt.see_only(EMPTY, "  draft put aside · ctrl+s takes it back")
        prompt.type("first this")
        prompt.see_only("❯ first this")
        prompt.type("\r\x13")
        prompt.see_only("❯ half a thought")


def test_lines_wrap_and_the_prompt_grows_to_a_third_of_the_screen(tmp_path: Path) -> None:
    with prompting(tmp_path, columns=40, lines=24) as prompt:
        prompt.type("x" * 60)
        prompt.see_only("❯ " + "x" * 38, "  " + "x" * 22)
        prompt.type("\x15" + "\n".join("abcdefghijklmnop"))
        prompt.see("  p")
        assert len(prompt.rows()) == 8
        prompt.type("\x1b[A" * 15)
        prompt.see("❯ a")


def test_editing_keys_and_walking_within_lines(tmp_path: Path) -> None:
    with prompting(tmp_path) as prompt:
        prompt.type("one two\nthree\x1b[A\x01X")
        prompt.see_only("❯ Xone two", "  three")
        prompt.type("\x05\x17YYY\x1bb\x1bd")
        prompt.see_only("❯ Xone", "  three")
        prompt.type("\x04\x04")  # deletes, never leaves
        prompt.see_only("❯ Xone hree")
        prompt.type("\x01\x0b")
        prompt.see_only(EMPTY)
        prompt.type("\x19")
        prompt.see_only("❯ Xone hree")


@pytest.mark.behaviour("B-835")
def test_vim_keys(tmp_path: Path) -> None:
    with prompting(tmp_path, vim=True) as prompt:
        prompt.type("hello world")
        prompt.see_only("❯ hello world")
        prompt.type("\x1b")
        prompt.until(lambda: prompt.caret == (0, 12))
        prompt.type("\x1b")  # in normal mode: nothing to close or stop, and nothing is cleared
        prompt.type("\x1b")
        prompt.type("0dwx")
        prompt.see_only("❯ orld")
        prompt.type("ccnew\x1b")
        prompt.until(lambda: prompt.caret == (0, 4))
        prompt.type("\r")  # from normal mode
        assert [each["text"] for each in prompt.see_sent(1)] == ["new"]
        prompt.type("typed at once")
        prompt.see_only("❯ typed at once")
        prompt.type("\x1bk")
        prompt.see_only("❯ new")
        prompt.type("j")
        prompt.see_only("❯ typed at once")
