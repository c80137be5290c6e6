from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ToolError
from coder.core.tools import ToolOutput, Writes
from coder.tools.edit import Edit, EditParams
from coder.tools.ledger import FileLedger
from coder.tools.read import Read
from tests.support.toolbox import Toolbox, text_of


class Desk:
    """A folder, and Read and Edit sharing a ledger as in a session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.box = Toolbox(folder)
        self.ledger = FileLedger()
        self.read_tool, self.edit_tool = Read(self.ledger), Edit(self.ledger)

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    async def read(self, path: Path, **more: Any) -> str:
        return text_of(await self.box.call(self.read_tool, file_path=str(path), **more))

    async def edit(self, path: Path | str, old: str, new: str, **more: Any) -> ToolOutput:
        raw = {"file_path": str(path), "old_string": old, "new_string": new, **more}
        return await self.box.call(self.edit_tool, raw)

    async def read_and_edit(self, path: Path, old: str, new: str, **more: Any) -> ToolOutput:
        await self.read(path)
        return await self.edit(path, old, new, **more)

    async def refusal(self, path: Path | str, old: str, new: str, **more: Any) -> str:
        """The refusal's text. The file is as it was."""
        before = Path(path).read_bytes() if Path(path).is_file() else None
        with pytest.raises(ToolError) as caught:
            await self.edit(path, old, new, **more)
        assert (Path(path).read_bytes() if Path(path).is_file() else None) == before
        return str(caught.value)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "repo"
    folder.mkdir()
    return Desk(folder)


SPLICES = [
    ("E1 CRLF with tabs", b"def f():\r\n\tif x:\r\n\t\treturn 1\r\n", "\tif x:\n\t\treturn 1",
     "\tif y:\n\t\treturn 2\n\t\tpass", b"def f():\r\n\tif y:\r\n\t\treturn 2\r\n\t\tpass\r\n"),
    ("E3 LF stays LF", b"a\nb\nc\n", "b\n", "x\ny\n", b"a\nx\ny\nc\n"),
    ("E3 new text with CRLF in an LF file", b"a\nb\nc\n", "b", "x\r\ny", b"a\nx\ny\nc\n"),
    ("E4 old text with CRLF", b"a\r\nb\r\nc\r\n", "a\r\nb\r\n", "a\r\nB\r\n", b"a\r\nB\r\nc\r\n"),
    ("E4 old text with CRLF, LF file", b"a\nb\nc\n", "a\r\nb", "a\r\nB", b"a\nB\nc\n"),
    ("E5 mixed endings, LF region", b"a\r\nb\nc\nd\r\ne", "b\nc", "b\nx\nc", b"a\r\nb\nx\nc\nd\r\ne"),
    ("E5 mixed endings, CRLF region", b"a\nb\r\nc\r\nd\ne", "b\nc", "b\nx\nc", b"a\nb\r\nx\r\nc\r\nd\ne"),
    ("E5 mixed endings inside the span", b"a\nb\r\nc\nd\r\n", "a\nb\nc\nd", "a\nb\nc\nD", b"a\nb\r\nc\nD\r\n"),
    ("E6 BOM and CRLF", b"\xef\xbb\xbfone\r\ntwo\r\n", "one\ntwo", "ONE\ntwo\n3", b"\xef\xbb\xbfONE\r\ntwo\r\n3\r\n"),
    ("E7 GBK with CRLF", "# 计算总和\r\nx = 1\r\n".encode("gbk"), "# 计算总和\nx = 1", "# 计算平均值\nx = 2",
     "# 计算平均值\r\nx = 2\r\n".encode("gbk")),
    ("E7 Shift-JIS", "// 合計を計算する\r\nint x;\r\n".encode("cp932"), "int x;", "int y; // 新しい",
     "// 合計を計算する\r\nint y; // 新しい\r\n".encode("cp932")),
    ("E7 Latin-1", "# Größe\nx = 'é'\n".encode("cp1252"), "x = 'é'", "x = 'è'", "# Größe\nx = 'è'\n".encode("cp1252")),
    ("UTF-16", "\ufeffa\r\nb\r\n".encode("utf-16-le"), "b\n", "ü\nc\n", "\ufeffa\r\nü\r\nc\r\n".encode("utf-16-le")),
    ("UTF-8 with stray bytes", "é naïve\n".encode() + b"\xff\xfe raw\nend\n", "end", "END",
     "é naïve\n".encode() + b"\xff\xfe raw\nEND\n"),
    ("E8 curly quotes elsewhere", "say “hi”\nx = 1\n".encode(), "x = 1", "x = 2", "say “hi”\nx = 2\n".encode()),
    ("E9 hard break kept", b"one\ntwo\n", "one", "one  ", b"one  \ntwo\n"),
    ("E15 fences and conflict marks", b"```\n<<<<<<< HEAD\na\n```\n", "<<<<<<< HEAD\na", "=======\nb\n```",
     b"```\n=======\nb\n```\n```\n"),
    ("no final line end", b"a\nb", "b", "c", b"a\nc"),
    ("final line end removed", b"a\nb\n", "b\n", "b", b"a\nb"),
    ("trailing spaces around stay", b"a  \nb\t\nc \n", "b", "B", b"a  \nB\t\nc \n"),
    ("old Mac line ends", b"a\rb\rc\r", "a\nb", "a\nx\nb", b"a\rx\rb\rc\r"),
    ("a lone CR is a character", b"a\rb\nc\n", "c", "d", b"a\rb\nd\n"),
    ("regular expression marks are plain", b"a.b*(c)\\1 $x\n", "a.b*(c)\\1", "\\g<0>\\n", b"\\g<0>\\n $x\n"),
    ("deletion", b"a\nb\nc\n", "b\n", "", b"a\nc\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "old", "new", "after"), [case[1:] for case in SPLICES], ids=[c[0] for c in SPLICES])
@pytest.mark.behaviour("B-210")
async def test_edit_changes_only_what_was_named(desk: Desk, before: bytes, old: str, new: str, after: bytes) -> None:
    path = desk.file("a.txt", before)
    output = await desk.read_and_edit(path, old, new)
    assert path.read_bytes() == after
    assert output.data is not None
    assert (output.data["oldString"], output.data["newString"]) == (old, new)


@pytest.mark.behaviour("B-210")
async def test_e2_one_line_of_500_crlf_lines_is_one_line_of_difference(desk: Desk) -> None:
    path = desk.file("big.cs", b"".join(b"line %d;\r\n" % i for i in range(500)))
    output = await desk.read_and_edit(path, "line 250;", "line two fifty;")
    assert output.summary == "+1 -1"
    assert output.data is not None
    (hunk,) = output.data["structuredPatch"]
    assert hunk == {
        "oldStart": 248,
        "oldLines": 7,
        "newStart": 248,
        "newLines": 7,
        "lines": [
            *(f" line {i};" for i in (247, 248, 249)),
            "-line 250;",
            "+line two fifty;",
            *(f" line {i};" for i in (251, 252, 253)),
        ],
    }


async def test_structured_result_has_the_contracts_fields(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    output = await desk.read_and_edit(path, "1", "2")
    assert output.data == {
        "filePath": str(path),
        "oldString": "1",
        "newString": "2",
        "originalFile": "x = 1\n",
        "structuredPatch": [
            {"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": ["-x = 1", "+x = 2"]}
        ],
        "userModified": False,
        "replaceAll": False,
    }
    assert text_of(output) == f"Edited {path} at line 1: +1 -1 lines."


@pytest.mark.behaviour("B-211")
async def test_mode_and_symlink_survive(desk: Desk) -> None:
    script = desk.file("run.sh", b"echo 1\n")
    script.chmod(0o755)
    link = desk.folder / "link.sh"
    link.symlink_to("run.sh")
    await desk.read_and_edit(link, "1", "2")
    assert link.is_symlink()
    assert script.read_bytes() == b"echo 2\n"
    assert script.stat().st_mode & 0o777 == 0o755


@pytest.mark.behaviour("B-212")
async def test_several_matches_change_nothing_and_are_listed(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\ny = 2\nx = 1\n")
    await desk.read(path)
    text = await desk.refusal(path, "x = 1", "x = 3")
    assert "more than once: 2 places (lines 1, 3)" in text
    assert "replace_all" in text


@pytest.mark.behaviour("B-212")
async def test_overlapping_matches_are_several(desk: Desk) -> None:
    path = desk.file("a.txt", b"aaa\n")
    await desk.read(path)
    assert "2 places" in await desk.refusal(path, "aa", "b")


async def test_replace_all_changes_every_place(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\r\ny = x\nprint(x)\n")
    output = await desk.read_and_edit(path, "x", "total", replace_all=True)
    assert path.read_bytes() == b"total = 1\r\ny = total\nprint(total)\n"
    assert "3 places (lines 1, 2, 3)" in text_of(output)


@pytest.mark.behaviour("B-213")
@pytest.mark.parametrize(
    ("content", "old", "said"),
    [
        ("def f():\n\treturn 1\n", "def f():\n    return 1", "the file is indented by 1 tab, old_string by 4 spaces"),
        ("say “hi” now\n", 'say "hi" now', "the file has “ ” where the other has plain quotes"),
        ("Total = 1\n", "total = 1", "upper and lower case differ (the file has 'Total = 1')"),
        ("x=1+2\n", "x = 1 + 2", "the spacing differs"),
        ("a = 1  \nb = 2\n", "a = 1\nb = 2", "the file ends it with 2 spaces, old_string with nothing"),
        ("f(a,\n  b)\n", "f(a, b)", "the line breaks fall elsewhere"),
        ("last", "last\n", "after it the file has its end, old_string 1 line end"),
        ("x\n  y\n", "    y", "before it the file has 1 line end + 2 spaces, old_string 4 spaces"),
        ("one\ntwo\n", "     1\tone\n     2\ttwo", "carries the line numbers of Read"),
        ("def total(items):\n    return sum(items)\n", "def total(item):\n    return sum(item)", "+def total(items):"),
        ("compute_the_total(5)\n", "compute_teh_total(5)", "+compute_the_total(5)"),
    ],
)  # fmt: skip
async def test_no_match_shows_the_nearest_place_and_the_difference(
    desk: Desk, content: str, old: str, said: str
) -> None:
    path = desk.file("a.txt", content.encode())
    await desk.read(path)
    text = await desk.refusal(path, old, "NEW")
    assert "was not found" in text
    assert "unchanged" in text
    assert said in text


@pytest.mark.behaviour("B-213")
async def test_no_match_numbers_the_nearest_place(desk: Desk) -> None:
    path = desk.file("a.py", b"".join(b"line %d\n" % i for i in range(40)) + b"\tprint( 'here' )\n")
    await desk.read(path)
    text = await desk.refusal(path, "print('here')", "x")
    assert "line 41:\n    41\t\tprint( 'here' )" in text


@pytest.mark.behaviour("B-213")
async def test_e8_straight_quotes_for_curly_ones_are_a_suggestion_only(desk: Desk) -> None:
    path = desk.file("a.md", "He said ‘no’ and “yes”.\n".encode())
    await desk.read(path)
    text = await desk.refusal(path, "He said 'no' and \"yes\".", "He left.")
    assert "line 1: the file has ‘ ’ “ ”" in text


@pytest.mark.behaviour("B-213")
async def test_e13_near_matches_in_two_places_are_both_shown(desk: Desk) -> None:
    path = desk.file("a.py", b"if a:\n    return  1\nelse:\n    pass\nif b:\n        return 1\n")
    await desk.read(path)
    text = await desk.refusal(path, "\n  return 1", "x")
    assert "line 2:" in text
    assert "line 6:" in text


async def test_no_match_and_nothing_alike_says_so(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    await desk.read(path)
    assert "Nothing in the file is like it" in await desk.refusal(path, "@@##!!~~ zzz qqq vvv", "x")


@pytest.mark.behaviour("B-214")
async def test_unread_file_is_not_edited(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    text = await desk.refusal(path, "1", "2")
    assert "has not been read in this session" in text
    assert f'Read {{"file_path": "{path}"}}' in text


@pytest.mark.behaviour("B-214")
async def test_a_part_that_was_read_can_be_edited(desk: Desk) -> None:
    path = desk.file("a.py", b"a\nb\nc\n")
    await desk.read(path, offset=2, limit=1)
    await desk.edit(path, "b", "B")
    assert path.read_bytes() == b"a\nB\nc\n"


async def test_reading_through_a_symlink_counts_for_the_target(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    link = desk.folder / "link.py"
    link.symlink_to(path)
    await desk.read(link)
    await desk.edit(path, "1", "2")
    assert path.read_bytes() == b"x = 2\n"


@pytest.mark.behaviour("B-215")
async def test_e10_touch_between_read_and_edit_is_no_change(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    await desk.read(path)
    os.utime(path, (1, 1))
    output = await desk.edit(path, "1", "2")
    assert "Something else changed" not in text_of(output)


@pytest.mark.behaviour("B-215")
async def test_e11_other_change_since_read_is_applied_over_and_reported(desk: Desk) -> None:
    path = desk.file("a.py", b"import os\nx=1\ny = 2\n")
    await desk.read(path)
    path.write_bytes(b"import os\nx = 1\ny = 2\n")
    output = await desk.edit(path, "y = 2", "y = 3")
    assert path.read_bytes() == b"import os\nx = 1\ny = 3\n"
    assert "Something else changed the file since you read it:" in text_of(output)
    assert "-x=1\n+x = 1" in text_of(output)


@pytest.mark.behaviour("B-215")
async def test_changed_file_without_a_match_fails_with_the_difference(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    await desk.read(path)
    path.write_bytes(b"z = 9\n")
    text = await desk.refusal(path, "x = 1", "x = 2")
    assert "-x = 1\n+z = 9" in text


@pytest.mark.behaviour("B-215")
async def test_changed_file_with_several_matches_fails_even_with_replace_all(desk: Desk) -> None:
    path = desk.file("a.py", b"x\n")
    await desk.read(path)
    path.write_bytes(b"x\nx\n")
    assert "Read it again" in await desk.refusal(path, "x", "y", replace_all=True)


@pytest.mark.behaviour("B-216")
async def test_e12_new_text_already_there_is_no_error(desk: Desk) -> None:
    path = desk.file("a.py", b"total = compute()\n")
    await desk.read(path)
    output = await desk.edit(path, "total = calc()", "total = compute()")
    assert text_of(output).startswith(f"Already applied: {path} has new_string at line 1")
    assert path.read_bytes() == b"total = compute()\n"


@pytest.mark.behaviour("B-216")
async def test_e14_edits_sent_again_after_one_of_seven_failed_do_nothing(desk: Desk) -> None:
    path = desk.file("a.py", b"".join(b"v%d = %d\n" % (i, i) for i in range(6)))
    await desk.read(path)
    edits = [(f"v{i} = {i}\n", f"v{i} = {i}\nw{i} = {i}\n") for i in range(6)]
    for old, new in edits:
        await desk.edit(path, old, new)
    await desk.refusal(path, "v9 = 9", "v9 = 10")
    done = path.read_bytes()
    for old, new in edits:
        assert "Already applied" in text_of(await desk.edit(path, old, new))
    assert path.read_bytes() == done


async def test_an_edit_taken_back_can_be_made_again(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    await desk.read(path)
    for old, new in (("1", "2"), ("2", "1"), ("1", "2")):
        await desk.edit(path, old, new)
    assert path.read_bytes() == b"x = 2\n"


async def test_an_edit_made_before_is_made_again_where_its_old_text_is_back(desk: Desk) -> None:
    path = desk.file("a.py", b"one\ntwo\n")
    await desk.read(path)
    for old, new in (("one", "two"), ("two\ntwo", "one\ntwo"), ("one", "two")):
        await desk.edit(path, old, new)
    assert path.read_bytes() == b"two\ntwo\n"


@pytest.mark.soak
async def test_e16_file_of_2_gib_is_refused_by_its_size(desk: Desk) -> None:
    await refuse_sparse(desk, 2 << 30, "2.0 GB")


async def test_e16_file_too_large_is_refused_without_loading_it(desk: Desk) -> None:
    await refuse_sparse(desk, 33 << 20, "33.0 MB")


async def refuse_sparse(desk: Desk, size: int, shown: str) -> None:
    path = desk.file("huge.txt", b"text\n")
    os.truncate(path, size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ToolError, match=shown):
        await desk.edit(path, "text", "TEXT")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (20 << 20 if sys.platform == "darwin" else 20 << 10)


async def test_e18_backslashes_of_a_path_stay(desk: Desk) -> None:
    path = desk.file("C:\\Users\\unicorn\\a.py", b"x = 1\n")
    await desk.read_and_edit(path, "1", "2")
    assert path.read_bytes() == b"x = 2\n"
    assert "C:\\\\Users\\\\unicorn\\\\a.py" in await desk.refusal("C:\\Users\\unicorn\\a.py", "1", "2")


async def test_e19_special_space_in_a_name_is_found_by_its_plain_form(desk: Desk) -> None:
    path = desk.file("Notes 3.04\u202fPM.md", b"x = 1\n")
    plain = desk.folder / "Notes 3.04 PM.md"
    params = EditParams(str(plain), "1", "2")
    assert desk.edit_tool.access(params, desk.box.workspace) == Writes((path,))
    await desk.read_and_edit(plain, "1", "2")
    assert path.read_bytes() == b"x = 2\n"
    assert not plain.exists()


async def test_e20_access_names_the_path_as_given_so_the_gate_can_resolve_it(desk: Desk) -> None:
    params = EditParams(str(desk.folder / "out/../link/a.py"), "1", "2")
    assert desk.edit_tool.access(params, desk.box.workspace) == Writes((desk.folder / "link/a.py",))


@pytest.mark.behaviour("B-217")
async def test_relative_path_is_refused_with_the_absolute_one(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    await desk.read(path)
    with pytest.raises(ToolError) as caught:
        await desk.edit("a.py", "1", "2")
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"x = 1\n"


async def test_same_old_and_new_is_refused(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    await desk.read(path)
    assert "are the same" in await desk.refusal(path, "x", "x")


@pytest.mark.behaviour("B-218")
async def test_empty_old_text_makes_a_missing_file_with_its_folders(desk: Desk) -> None:
    path = desk.folder / "new" / "deep" / "a.py"
    await desk.edit(path, "", "x = 1\r\n")
    assert path.read_bytes() == b"x = 1\r\n"
    await desk.edit(path, "1", "2")
    assert path.read_bytes() == b"x = 2\r\n"


@pytest.mark.behaviour("B-218")
async def test_empty_old_text_never_replaces_content(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    await desk.read(path)
    assert "`old_string` is empty" in await desk.refusal(path, "", "y")


async def test_empty_file_is_filled_by_empty_old_text(desk: Desk) -> None:
    path = desk.file("a.py", b"")
    await desk.read_and_edit(path, "", "x = 1\n")
    assert path.read_bytes() == b"x = 1\n"


async def test_missing_file_names_similar_ones(desk: Desk) -> None:
    path = desk.file("settings.py", b"")
    assert f"Did you mean {path}?" in await desk.refusal(desk.folder / "setings.py", "a", "b")


@pytest.mark.behaviour("B-219")
@pytest.mark.parametrize(
    ("content", "new", "said"),
    [
        ("é\n".encode("cp1252"), "价", "'价' (U+4EF7), which the file's encoding, CP1252, cannot hold"),
        (b"x\n", "\ud83d", "U+D83D at character 1: half of a surrogate pair"),
    ],
)
async def test_text_the_file_cannot_hold_is_refused(desk: Desk, content: bytes, new: str, said: str) -> None:
    path = desk.file("a.txt", content)
    await desk.read(path)
    old = content.decode("cp1252").strip()
    assert said in await desk.refusal(path, old, new)


async def test_binary_file_is_not_edited(desk: Desk) -> None:
    path = desk.file("a.bin", b"\x7fELF\0\0\0x = 1")
    assert "binary file" in await desk.refusal(path, "x = 1", "x = 2")


async def test_notebook_is_left_to_its_own_tool(desk: Desk) -> None:
    path = desk.file("a.ipynb", b"{}")
    assert "NotebookEdit" in await desk.refusal(path, "{}", "[]")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
async def test_write_protected_file_is_left_alone(desk: Desk) -> None:
    path = desk.file("a.py", b"x = 1\n")
    path.chmod(0o444)
    await desk.read(path)
    assert "cannot be written" in await desk.refusal(path, "1", "2")


async def test_result_has_nothing_a_request_cannot_carry(desk: Desk) -> None:
    path = desk.file("a.txt", "ééé\n".encode() + b"\xff raw\nx = 1\n")
    output = await desk.read_and_edit(path, "x = 1", "x = 2")
    assert output.data is not None
    str(output.data).encode()
    assert "\ufffd raw" in output.data["originalFile"]


async def test_ten_thousand_places_are_replaced_in_bounded_output(desk: Desk) -> None:
    path = desk.file("a.txt", b"x\n" * 10_000)
    output = await desk.read_and_edit(path, "x", "yy", replace_all=True)
    assert path.read_bytes() == b"yy\n" * 10_000
    assert len(text_of(output)) < 1_000


async def test_git_sees_one_changed_line_after_an_edit_of_a_crlf_file(desk: Desk) -> None:
    path = desk.file("a.cs", b"".join(b"\tline %d;\r\n" % i for i in range(500)))
    git = ["git", "-C", str(desk.folder), "-c", "core.autocrlf=false", "-c", "user.name=t", "-c", "user.email=t@t"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    await desk.read_and_edit(path, "\tline 7;", "\tline seven;")
    shown = subprocess.run([*git, "diff", "--numstat"], check=True, capture_output=True, text=True).stdout
    assert shown == "1\t1\ta.cs\n"
