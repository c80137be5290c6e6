from __future__ import annotations

import os
import resource
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ToolError
from coder.core.tools import Reads
from coder.tools.ledger import FileLedger
from coder.tools.read import Read, ReadParams
from tests.support.toolbox import Toolbox, text_of


class Desk:
    def __init__(self, folder: Path, token_cap: int = 25_000) -> None:
        self.folder = folder
        self.box = Toolbox(folder)
        self.ledger = FileLedger()
        self.tool = Read(self.ledger, token_cap)

    def file(self, name: str, data: bytes | str) -> Path:
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    async def read(self, path: Path | str, **more: Any) -> str:
        return text_of(await self.box.call(self.tool, file_path=str(path), **more))

    async def data(self, path: Path, **more: Any) -> Any:
        return (await self.box.call(self.tool, file_path=str(path), **more)).data

    async def refusal(self, path: Path | str, **more: Any) -> str:
        with pytest.raises(ToolError) as caught:
            await self.read(path, **more)
        return str(caught.value)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "repo"
    folder.mkdir()
    return Desk(folder)


@pytest.mark.behaviour("B-202")
async def test_lines_are_numbered_and_otherwise_as_in_the_file(desk: Desk) -> None:
    path = desk.file("a.py", "def f():\n\treturn 1\n\n# end  ")
    assert await desk.read(path) == "     1\tdef f():\n     2\t\treturn 1\n     3\t\n     4\t# end  "


async def test_structured_result_has_the_contracts_fields(desk: Desk) -> None:
    path = desk.file("a.py", "a\nb\nc\n")
    file = {"filePath": str(path), "content": "b", "numLines": 1, "startLine": 2, "totalLines": 3}
    assert await desk.data(path, offset=2, limit=1) == {"type": "text", "file": file}


@pytest.mark.behaviour("B-202")
async def test_offset_and_limit_give_a_page_that_says_where_it_is(desk: Desk) -> None:
    path = desk.file("a.py", "".join(f"line {n}\n" for n in range(1, 101)))
    assert await desk.read(path, offset=40, limit=2) == "    40\tline 40\n    41\tline 41\n\n[Lines 40-41 of 100.]"


@pytest.mark.parametrize("offset", [0, 1])
async def test_offset_zero_is_the_first_line(desk: Desk, offset: int) -> None:
    path = desk.file("a.py", "a\nb\n")
    assert await desk.read(path, offset=offset) == "     1\ta\n     2\tb"


async def test_empty_file_and_offset_past_the_end_are_told(desk: Desk) -> None:
    assert await desk.read(desk.file("empty", "")) == "[The file is empty.]"
    assert await desk.read(desk.file("a", "1\n2\n"), offset=9) == "[The file has 2 lines; offset 9 is past its end.]"


@pytest.mark.behaviour("B-203")
async def test_file_over_the_cap_comes_as_a_partial_view_that_can_be_continued(tmp_path: Path) -> None:
    desk = Desk(tmp_path, token_cap=200)
    path = desk.file("long.txt", "".join(f"line {n}\n" for n in range(1, 201)))
    seen, offset = 0, 1
    while seen < 200:
        output = await desk.box.call(desk.tool, file_path=str(path), offset=offset)
        assert output.data is not None
        file = output.data["file"]
        assert len(text_of(output)) < 200 * 3 + 200
        seen += file["numLines"]
        if seen < 200:
            assert file["truncatedByTokenCap"] is True
            assert f"[PARTIAL view: lines {offset}-{seen} of 200. Go on with offset {seen + 1}" in text_of(output)
            known = desk.ledger.known(path)
            assert known is not None
            assert not known.whole
        offset = seen + 1
    known = desk.ledger.known(path)
    assert known is not None
    assert known.whole


@pytest.mark.behaviour("B-203")
async def test_limit_over_the_cap_is_refused_with_one_that_fits(tmp_path: Path) -> None:
    desk = Desk(tmp_path, token_cap=200)
    path = desk.file("long.txt", "0123456789\n" * 100)
    text = await desk.refusal(path, offset=1, limit=90)
    fitting = int(text.split("Send limit ")[1].split()[0])
    assert len((await desk.data(path, offset=1, limit=fitting))["file"]["content"].split("\n")) == fitting
    assert desk.ledger.known(path) is not None


async def test_cap_counts_bytes_so_other_scripts_fit_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path, token_cap=300)
    path = desk.file("zh.txt", "价值计算\n" * 1_000)
    assert len((await desk.read(path)).encode()) < 300 * 3 + 200


async def test_very_long_lines_are_cut_with_a_notice(desk: Desk) -> None:
    path = desk.file("min.js", "short\n" + "x" * 50_000 + "\nend\n")
    text = await desk.read(path)
    assert "x" * 2_000 + " [... line cut: 50,000 characters]\n     3\tend" in text
    assert "[Cut lines: 2. See a part with Bash" in text
    known = desk.ledger.known(path)
    assert known is not None
    assert not known.whole


@pytest.mark.parametrize(
    ("data", "shown", "notice"),
    [
        ("\ufeffé\r\nb\r\n".encode(), "     1\té\n     2\tb", ""),
        ("é\nb\n".encode("utf-16"), "     1\té\n     2\tb", "UTF-16-LE with BOM"),
        ("# 计算总和\r\nx\r\n".encode("gbk"), "     1\t# 计算总和\n     2\tx", "GB18030"),
        ("café\n".encode("cp1252"), "     1\tcafé", "CP1252"),
        (b"a\rb\r", "     1\ta\n     2\tb", ""),
        ("ééé".encode() + b" \xff\n", "     1\tééé \ufffd", ""),
    ],
)
async def test_any_encoding_and_line_end_is_shown_as_text(desk: Desk, data: bytes, shown: str, notice: str) -> None:
    text = await desk.read(desk.file("a.txt", data))
    assert text.split("\n\n[")[0] == shown
    assert notice in text
    text.encode()


@pytest.mark.behaviour("B-217")
async def test_relative_path_is_refused_with_the_absolute_one(desk: Desk) -> None:
    path = desk.file("a.py", "x")
    assert str(path) in await desk.refusal("a.py")


async def test_home_is_absolute(desk: Desk) -> None:
    params = ReadParams("~/x.py")
    assert desk.tool.access(params, desk.box.workspace) == Reads((Path.home() / "x.py",))


@pytest.mark.parametrize("path", ["", "/a\0b", "/a\ud800"])
async def test_path_that_can_be_none_is_refused(desk: Desk, path: str) -> None:
    assert "expected an absolute path" in await desk.refusal(path)


async def test_folder_is_refused_with_what_to_use(desk: Desk) -> None:
    text = await desk.refusal(desk.folder)
    assert "is a folder" in text
    assert "Glob" in text


@pytest.mark.behaviour("B-204")
async def test_missing_file_names_similar_ones(desk: Desk) -> None:
    path = desk.file("Settings.py", "")
    assert f"Did you mean {path}?" in await desk.refusal(desk.folder / "setings.py")
    assert f"Did you mean {path}?" in await desk.refusal(desk.folder / "settings.ts")


@pytest.mark.behaviour("B-204")
async def test_missing_file_is_looked_for_below_the_current_folder(desk: Desk) -> None:
    (desk.folder / "src").mkdir()
    path = desk.file("src/app.py", "")
    assert f"Did you mean {path}" in await desk.refusal("/src/app.py")


async def test_missing_folder_is_told(desk: Desk) -> None:
    text = await desk.refusal(desk.folder / "no" / "x.py")
    assert f"Its folder {desk.folder / 'no'} does not exist either" in text


@pytest.mark.parametrize(
    ("real", "asked"),
    [
        ("Screenshot 2025-01-01 at 3.04.05\u202fPM.txt", "Screenshot 2025-01-01 at 3.04.05 PM.txt"),
        ("Don\u2019t.txt", "Don't.txt"),
        ("Cafe\u0301 a.txt", "Caf\u00e9 a.txt"),
    ],
)
async def test_e19_name_with_special_characters_is_found_by_its_plain_form(desk: Desk, real: str, asked: str) -> None:
    path = desk.file(real, "found\n")
    assert "found" in await desk.read(desk.folder / asked)
    assert desk.tool.access(ReadParams(str(desk.folder / asked)), desk.box.workspace) == Reads((path,))


async def test_e19_two_names_that_look_the_same_are_not_chosen_between(desk: Desk) -> None:
    desk.file("a\u202fb.txt", "1")
    desk.file("a\u00a0b.txt", "2")
    assert "does not exist" in await desk.refusal(desk.folder / "a b.txt")


@pytest.mark.behaviour("B-205")
@pytest.mark.timeout(30)
async def test_pipes_devices_and_sockets_are_never_opened(desk: Desk) -> None:
    os.mkfifo(desk.folder / "pipe")
    assert "a named pipe" in await desk.refusal(desk.folder / "pipe")
    assert "a character device" in await desk.refusal("/dev/zero")
    assert "a character device" in await desk.refusal("/dev/tty")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(desk.folder)  # socket paths are short
        try:
            server.bind("sock")
        finally:
            os.chdir(here)
        assert "a socket" in await desk.refusal(desk.folder / "sock")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
async def test_files_of_unknown_size_are_read(desk: Desk) -> None:
    assert "\tName:" in await desk.read("/proc/self/status")


async def test_binary_file_is_refused_with_its_size(desk: Desk) -> None:
    path = desk.file("a.bin", b"\x7fELF\0\1\2" * 1_000)
    text = await desk.refusal(path)
    assert "binary file (6.8 kB)" in text
    assert desk.ledger.known(path) is None


async def test_pages_are_for_pdf_only(desk: Desk) -> None:
    assert "`pages` is for PDF files" in await desk.refusal(desk.file("a.txt", "x"), pages="1-2")


@pytest.mark.behaviour("B-206")
async def test_large_file_is_paged_in_bounded_memory(desk: Desk) -> None:
    path = desk.folder / "large.log"
    with path.open("wb") as file:
        for start in range(0, 600_000, 1_000):
            file.write(b"".join(b"%09d " % n + b"x" * 90 + b"\r\n" for n in range(start, start + 1_000)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first = await desk.read(path)
    assert "     1\t000000000 xxx" in first
    assert "of a file of 58.4 MB. Go on with offset" in first
    middle = await desk.read(path, offset=500_001, limit=2)
    assert middle.startswith("500001\t000500000 x")
    assert "[Lines 500,001-500,002 of a file of 58.4 MB.]" in middle
    assert "The file has 600,000 lines" in await desk.read(path, offset=700_000)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (20 << 20 if sys.platform == "darwin" else 20 << 10)


@pytest.mark.behaviour("B-206")
async def test_one_endless_line_is_cut_in_bounded_memory(desk: Desk) -> None:
    path = desk.folder / "line.txt"
    with path.open("wb") as file:
        for _ in range(40):
            file.write(b"y" * (1 << 20))
        file.write(b"\nend\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = await desk.read(path)
    assert "y" * 2_000 + " [... line cut: far longer]\n     2\tend" in text
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (20 << 20 if sys.platform == "darwin" else 20 << 10)


async def test_large_file_with_wide_characters_keeps_its_encoding(desk: Desk) -> None:
    path = desk.file("wide.txt", ("a" * 8 + "价é\n") * 400_000)
    assert "     1\taaaaaaaa价é\n" in await desk.read(path)
    path = desk.file("wide16.txt", ("a价é\n" * 700_000).encode("utf-16"))
    assert "     1\ta价é\n" in await desk.read(path)


async def test_character_across_the_first_part_of_a_large_file_does_not_mislead(desk: Desk) -> None:
    start = (b"x" * 63 + b"\n") * 1_023 + b"x" * 63  # the next character ends after 64 kB
    path = desk.file("edge.txt", start + "é\n".encode() + b"more\n" * 1_000_000)
    assert "é" in await desk.read(path, offset=1_024, limit=1)


async def test_large_file_read_whole_page_by_page_is_known_for_edits(desk: Desk) -> None:
    path = desk.file("big.txt", "x" * 1_000 + "\n" + "short line\n" * 500_000)
    await desk.read(path)
    known = desk.ledger.known(path)
    assert known is not None
    assert not known.whole


async def test_similar_looking_large_binary_is_refused(desk: Desk) -> None:
    path = desk.file("core", b"")
    os.truncate(path, 64 << 20)
    assert "binary file (64.0 MB)" in await desk.refusal(path)
