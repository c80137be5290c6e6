"""Pastes and pictures, on a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.prompt_pty import END, PASTE, prompting

EMPTY = "❯ Ask for a change, or type / for commands"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"


@pytest.mark.behaviour("B-836")
def test_pasted_line_ends_are_kept_and_nothing_is_sent_line_by_line(tmp_path: Path) -> None:
    with prompting(tmp_path) as prompt:
        prompt.type(f"{PASTE}one\r\ntwo\rthree\nfour\r\n{END}")
        prompt.see_only("❯ one", "  two", "  three", "  four")
        prompt.until(lambda: prompt.caret == (4, 2))
        prompt.type("\x03")
        prompt.see_only(EMPTY)
        # A terminal without bracketed paste sends keys, enter among them.
        prompt.type("rm -rf build and then something else that is long\rmake all of it\r")
        prompt.see_only("❯ rm -rf build and then something else that is long", "  make all of it")
        assert prompt.sent == []


@pytest.mark.behaviour("B-837")
def test_a_long_paste_is_one_token_that_is_sent_in_full(tmp_path: Path) -> None:
    text = "\n".join(f"line {number}" for number in range(1, 85))
    with prompting(tmp_path) as prompt:
        prompt.type(f"see {PASTE}{text}{END}")
        prompt.see_only("❯ see [Pasted 84 lines]")
        prompt.type("\x7f")
        prompt.see_only("❯ see")
        prompt.type("\x1f")
        prompt.see_only("❯ see [Pasted 84 lines]")
        prompt.type(" please\r")
        (sent,) = prompt.see_sent(1)
        assert sent["text"] == f"see {text} please"
        assert sent["display"] == "see [Pasted 84 lines] please"
        prompt.type("\x1b[A")
        prompt.see_only("❯ see [Pasted 84 lines] please")
        prompt.type("\x03" + PASTE + "y" * 1001 + END)
        prompt.see_only("❯ [Pasted 1,001 characters]")


@pytest.mark.behaviour("B-838")
def test_a_token_is_expanded_by_tab_on_it_and_by_the_same_paste_again(tmp_path: Path) -> None:
    text = "\n".join(f"line {number}" for number in range(1, 12))
    with prompting(tmp_path, lines=60) as prompt:
        prompt.type(f"{PASTE}{text}{END}\x02\t")
        rows = ["❯ line 1", *(f"  line {number}" for number in range(2, 12))]
        prompt.see_only(*rows)
        prompt.type(f"\x03{PASTE}{text}{END}")
        prompt.see_only("❯ [Pasted 11 lines]")
        prompt.type(f"{PASTE}{text}{END}")
        prompt.see_only(*rows)


@pytest.mark.behaviour("B-839")
def test_a_paste_without_an_end_does_not_keep_the_keyboard(tmp_path: Path) -> None:
    with prompting(tmp_path) as prompt:
        prompt.type(f"{PASTE}cut off")
        prompt.see_only("❯ cut off")
        prompt.type(f"{END} and on")
        prompt.see_only("❯ cut off and on")
        prompt.type("\r")
        assert prompt.see_sent(1)[0]["text"] == "cut off and on"


@pytest.mark.behaviour("B-840")
def test_the_path_of_a_picture_becomes_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "a b.png"
    path.write_bytes(PNG)
    script = tmp_path / "edit"
    script.write_text('#!/bin/sh\nprintf " now" >> "$1"\n')
    script.chmod(0o755)
    with prompting(tmp_path, env={"VISUAL": str(script)}) as prompt:
        prompt.type(f"what is {PASTE}{str(path).replace(' ', chr(92) + ' ')}{END}?")
        prompt.see_only("❯ what is [Image 1] ?")
        prompt.type(f"{PASTE}'{path}'{END}")
        prompt.see_only("❯ what is [Image 1] ?[Image 2]")
        prompt.type("\x07")  # they come back from the editor
        prompt.see("[Image 2]  now")
        prompt.type("\r")
        (sent,) = prompt.see_sent(1)
        assert sent["text"] == "what is [Image 1] ?[Image 2]  now"
        assert sent["pictures"] == [str(path), str(path)]
        prompt.type(f"{PASTE}{tmp_path}/none.png{END}")
        prompt.see("none.png")


@pytest.mark.behaviour("B-841")
def test_the_clipboard_gives_a_picture_or_says_why_not(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "clip.png").write_bytes(PNG)
    with prompting(tmp_path, env={"PATH": str(programs)}) as prompt:
        prompt.type("\x16")
        prompt.see("The clipboard cannot be read here")
    tool = programs / "wl-paste"
    tool.write_text(f"#!/bin/sh\n/bin/cat {tmp_path}/clip.png\n")
    tool.chmod(0o755)
    with prompting(tmp_path, env={"PATH": str(programs), "WAYLAND_DISPLAY": "wayland-0"}) as prompt:
        prompt.type("\x16")
        prompt.see_only("❯ [Image 1]")
        (tmp_path / "clip.png").write_bytes(b"text")
        prompt.type("\x16")
        prompt.see("There is no picture on the clipboard.")
