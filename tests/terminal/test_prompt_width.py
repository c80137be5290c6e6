"""The caret and narrow screens, on a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.prompt_pty import END, PASTE, prompting


@pytest.mark.behaviour("B-849")
@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("안녕하세요", 10),
        ("漢字 and kana かな", 18),
        ("cafe\u0301 e\u0301", 6),
        ("🙂 ok", 5),
        ("👩\u200d💻 ❤\ufe0f", 6),
        ("a\u202eb", 8),
        ("!ls", 2),
    ],
)
def test_the_caret_stands_where_the_next_character_goes(tmp_path: Path, text: str, cells: int) -> None:
    with prompting(tmp_path) as prompt:
        prompt.type(f"{text}|")
        prompt.until(lambda: prompt.caret == (0, 2 + cells + 1))
        prompt.type("\x1b[D")
        prompt.until(lambda: prompt.caret == (0, 2 + cells))
        prompt.type("가")
        prompt.until(lambda: prompt.caret == (0, 2 + cells + 2))
        prompt.until(lambda: prompt.screen.buffer[0][2 + cells].data == "가")
        prompt.type("\x01")
        prompt.until(lambda: prompt.caret == (0, 2))


@pytest.mark.behaviour("B-850")
@pytest.mark.parametrize("columns", [*range(1, 13), 20])
def test_any_width_works(tmp_path: Path, columns: int) -> None:
    with prompting(tmp_path, columns=columns, lines=8) as prompt:
        prompt.type(f"/com\x1b[B\t some {PASTE}{'漢字' * 600}{END} words 漢字 @x\x12q\x03\r?\x1b[A\n\n漢")
        prompt.type("\x03ok\r")
        prompt.until(lambda: any(each.get("text") == "ok" for each in prompt.sent))
