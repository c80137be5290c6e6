from __future__ import annotations

import pytest

from coder.core.errors import ToolError
from coder.tools.encoding import UTF8, bom_of, detect, is_binary
from coder.tools.nearest import suggestions
from coder.tools.patch import patch
from coder.tools.textfile import Splice, TextFile, encode, printable

TEXTS = {
    "gb18030": ["# 计算总和\r\nx = 1\r\n", "中文", "int a; // 返回用户的名称，如果没有则为空\n", "错误"],
    "big5": ["// 計算總和並傳回結果，如果沒有則為空\nint x;"],
    "cp932": ["// 合計を計算する\nint x;", "こんにちは世界"],
    "euc_jp": ["// 合計を計算してください\nint x;", "こんにちは世界"],
    "cp949": ["// 합계를 계산하고 결과를 반환합니다. 없으면 비어 있음\nint x;"],
    "cp1251": ["# Вычислить сумму и вернуть результат\nx=1", "Привет, мир"],
    "cp1252": [
        "café au lait déjà vu naïve — “quote”",
        "créée",
        "Größe über Straße ÄÖÜ",
        "año niño",
        "résumé",
        "blåbær",
    ],
    "utf-8": ["", "plain", "é", "中文", "😀"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts])
@pytest.mark.behaviour("B-207")
def test_encoding_of_ordinary_text_is_recognised(name: str, text: str) -> None:
    data = text.encode(name)
    assert detect(data).decode(data) == text


@pytest.mark.parametrize("name", ["utf-8-sig", "utf-16", "utf-32"])
def test_bom_names_the_encoding(name: str) -> None:
    data = "é\n".encode(name)
    found = bom_of(data)
    assert found is not None
    assert found.decode(data) == "é\n"
    assert found.bom + found.encode("é\n") == data
    assert not is_binary(data)


def test_encoding_that_would_not_give_the_same_bytes_back_is_not_chosen() -> None:
    data = "こんにちは世界".encode("cp932") + b"\x87\x90"  # one of two codes for the same sign
    assert data.decode("cp932").encode("cp932") != data
    assert TextFile.of(data).splice([]) == data
    found = detect(data)
    assert found.encode(found.decode(data)) == data


def test_utf16_of_odd_length_still_round_trips() -> None:
    data = b"\xff\xfea\0b"
    assert TextFile.of(data).splice([]) == data


@pytest.mark.parametrize("data", [b"a\0b", b"text " * 100 + b"\0", b"\x01\x02\x03" * 10 + b"text" * 4])
def test_control_characters_make_a_file_binary(data: bytes) -> None:
    assert is_binary(data)


def test_escape_sequences_do_not_make_a_file_binary() -> None:
    assert not is_binary(b"\x1b[31mred\x1b[0m\f\b\n" * 10)


def test_newline_near_is_the_lines_own_then_the_one_before_then_lf() -> None:
    file = TextFile.of(b"a\r\nb\nc\r\nd")
    assert [file.newline_near(at) for at in (0, 2, 4, 6)] == ["\r\n", "\n", "\r\n", "\r\n"]
    assert TextFile.of(b"one line").newline_near(3) == "\n"


def test_several_splices_in_wide_text_fall_where_they_should() -> None:
    file = TextFile.of("é1\r\n价2\n😀3".encode("utf-16"))
    data = file.splice([Splice(1, 2, "x"), Splice(4, 5, "y\n"), Splice(7, 8, "")])
    assert data == "éx\r\n价y\n\n😀".encode("utf-16")


def test_encode_names_the_character_that_does_not_fit() -> None:
    with pytest.raises(ToolError, match=r"U\+D800 at character 2"):
        encode("a\ud800", UTF8)


def test_printable_text_can_always_be_sent() -> None:
    assert printable("a\udcff\0b") == "a\ufffd\ufffdb"


def test_patch_tells_a_lost_final_line_end() -> None:
    (hunk,) = patch("a\nb\n", "a\nb").hunks
    assert hunk["lines"] == [" a", "-b", "+b", "\\ No newline at end of file"]


def test_equal_texts_have_no_hunks() -> None:
    assert patch("a\n", "a\n").hunks == ()


def test_far_apart_changes_are_two_hunks() -> None:
    old = "".join(f"{n}\n" for n in range(100))
    made = patch(old, old.replace("\n5\n", "\nfive\n").replace("\n90\n", "\nninety\n"))
    assert [hunk["oldStart"] for hunk in made.hunks] == [3, 88]
    assert made.counts == "+2 -2"


def test_patch_text_is_cut_where_it_grows_long() -> None:
    made = patch("", "x\n" * 500)
    text = made.text(most_lines=10)
    assert text.count("\n") == 10
    assert text.endswith("[... 491 more lines of difference]")
    assert not made.is_shown_whole(most_lines=10)
    assert patch("a", "b").is_shown_whole()


@pytest.mark.timeout(30)
def test_difference_of_large_unlike_texts_is_found_in_bounded_time() -> None:
    old = "".join(f"{n % 7}\n" for n in range(60_000))
    new = "".join(f"{n % 11}\n" for n in range(60_000))
    made = patch(old, new)
    assert made.removed > 50_000


@pytest.mark.timeout(30)
@pytest.mark.parametrize("old", ["x = 1\n" * 3_000 + "y", "a b " * 5_000, "(" * 3_000 + "!", "nowhere to be found"])
def test_suggestions_come_in_bounded_time_and_size(old: str) -> None:
    view = "x = 1\nsome(other, line)\na b a b a b\n" * 30_000
    text = suggestions(view, old)
    assert len(text) < 20_000
