from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ToolError
from coder.core.tools import ToolOutput, Writes
from coder.tools.edit import Edit
from coder.tools.ledger import FileLedger
from coder.tools.read import Read
from coder.tools.write import Write, WriteParams
from tests.support.toolbox import Toolbox, text_of


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.box = Toolbox(folder)
        ledger = FileLedger()
        self.read_tool, self.edit_tool, self.tool = Read(ledger), Edit(ledger), Write(ledger)

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    async def read(self, path: Path, **more: Any) -> None:
        await self.box.call(self.read_tool, file_path=str(path), **more)

    async def write(self, path: Path | str, content: str) -> ToolOutput:
        return await self.box.call(self.tool, file_path=str(path), content=content)

    async def refusal(self, path: Path, content: str) -> str:
        before = path.read_bytes()
        with pytest.raises(ToolError) as caught:
            await self.write(path, content)
        assert path.read_bytes() == before
        return str(caught.value)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "repo"
    folder.mkdir()
    return Desk(folder)


@pytest.mark.behaviour("B-220")
async def test_new_file_has_exactly_the_content_and_its_folders_are_made(desk: Desk) -> None:
    path = desk.folder / "new" / "a.txt"
    output = await desk.write(path, "é\r\nb\n  ")
    assert path.read_bytes() == "é\r\nb\n  ".encode()
    assert text_of(output) == f"Created {path} (3 lines)."
    assert output.data == {
        "type": "create",
        "filePath": str(path),
        "content": "é\r\nb\n  ",
        "originalFile": None,
        "structuredPatch": [
            {
                "oldStart": 0,
                "oldLines": 0,
                "newStart": 1,
                "newLines": 3,
                "lines": ["+é", "+b", "+  ", "\\ No newline at end of file"],
            }
        ],
    }


async def test_e17_new_file_has_mode_0644_and_an_old_one_keeps_its_own(desk: Desk) -> None:
    umask = os.umask(0o022)
    try:
        await desk.write(desk.folder / "new.py", "x")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((desk.folder / "new.py").stat().st_mode) == 0o644
    script = desk.file("run.sh", b"echo 1\n")
    script.chmod(0o755)
    await desk.read(script)
    await desk.write(script, "echo 2\n")
    assert stat.S_IMODE(script.stat().st_mode) == 0o755


@pytest.mark.behaviour("B-221")
async def test_existing_file_that_was_not_read_is_not_replaced(desk: Desk) -> None:
    path = desk.file("a.py", b"precious\n")
    assert "has not been read in this session" in await desk.refusal(path, "x")


@pytest.mark.behaviour("B-221")
async def test_file_read_in_part_is_not_replaced(desk: Desk) -> None:
    path = desk.file("a.py", b"a\nb\nc\n")
    await desk.read(path, offset=1, limit=2)
    assert "Only a part" in await desk.refusal(path, "x")
    await desk.read(path, offset=3)
    await desk.write(path, "x\n")
    assert path.read_bytes() == b"x\n"


@pytest.mark.behaviour("B-221")
async def test_file_changed_since_read_is_not_replaced_and_the_difference_is_shown(desk: Desk) -> None:
    path = desk.file("a.py", b"a\nb\n")
    await desk.read(path)
    path.write_bytes(b"a\nB\n")
    text = await desk.refusal(path, "x")
    assert "-b\n+B" in text


@pytest.mark.behaviour("B-221")
async def test_e10_touched_file_is_replaced(desk: Desk) -> None:
    path = desk.file("a.py", b"a\n")
    await desk.read(path)
    os.utime(path, (1, 1))
    output = await desk.write(path, "b\n")
    assert path.read_bytes() == b"b\n"
    assert output.data is not None
    assert (output.data["type"], output.data["originalFile"], output.summary) == ("update", "a\n", "+1 -1")


async def test_own_file_can_be_written_and_edited_again_without_reading(desk: Desk) -> None:
    path = desk.folder / "a.py"
    await desk.write(path, "x = 1\n")
    await desk.write(path, "x = 2\n")
    await desk.box.call(desk.edit_tool, file_path=str(path), old_string="2", new_string="3")
    await desk.write(path, "x = 4\n")
    assert path.read_bytes() == b"x = 4\n"


async def test_edit_over_another_change_does_not_make_unseen_text_known(desk: Desk) -> None:
    path = desk.file("a.py", b"start\n")
    await desk.read(path)
    path.write_bytes(b"start\n" + b"".join(b"new %d\n" % n for n in range(500)))
    await desk.box.call(desk.edit_tool, file_path=str(path), old_string="start", new_string="begin")
    assert "Only a part" in await desk.refusal(path, "x")


@pytest.mark.behaviour("B-222")
@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        (b"\xef\xbb\xbfa\r\nb\r\n", "x\ny\n", b"\xef\xbb\xbfx\r\ny\r\n"),
        (b"\xef\xbb\xbfa\n", "\ufeffx\n", b"\xef\xbb\xbfx\n"),
        ("# 计算总和\r\n".encode("gbk"), "# 平均值\n", "# 平均值\r\n".encode("gbk")),
        ("\ufeffa\n".encode("utf-16-be"), "é\n", "\ufeffé\n".encode("utf-16-be")),
        (b"a\r\nb\n", "x\ny\n", b"x\ny\n"),
        (b"a\nb\n", "x\r\ny\r\n", b"x\r\ny\r\n"),
        (b"a\r\n", "x\r\ny\n", b"x\r\ny\n"),
    ],
)
async def test_replaced_file_keeps_bom_encoding_and_whole_crlf(
    desk: Desk, before: bytes, content: str, after: bytes
) -> None:
    path = desk.file("a.txt", before)
    await desk.read(path)
    await desk.write(path, content)
    assert path.read_bytes() == after


@pytest.mark.behaviour("B-219")
async def test_content_the_encoding_cannot_hold_is_refused(desk: Desk) -> None:
    path = desk.file("a.txt", "café\n".encode("cp1252"))
    await desk.read(path)
    assert "CP1252, cannot hold" in await desk.refusal(path, "价")


async def test_lone_surrogate_makes_no_file(desk: Desk) -> None:
    with pytest.raises(ToolError, match="half of a surrogate pair"):
        await desk.write(desk.folder / "a.txt", "x\udc00")
    assert not (desk.folder / "a.txt").exists()


@pytest.mark.behaviour("B-211")
async def test_symlink_stays_and_its_target_is_written(desk: Desk) -> None:
    path = desk.file("a.py", b"a\n")
    link = desk.folder / "link.py"
    link.symlink_to("a.py")
    await desk.read(link)
    await desk.write(link, "b\n")
    assert link.is_symlink()
    assert path.read_bytes() == b"b\n"


@pytest.mark.behaviour("B-217")
async def test_relative_path_is_refused_with_the_absolute_one(desk: Desk) -> None:
    with pytest.raises(ToolError, match=str(desk.folder / "a.py")):
        await desk.write("a.py", "x")
    assert not (desk.folder / "a.py").exists()


async def test_folder_is_refused(desk: Desk) -> None:
    with pytest.raises(ToolError, match="is a folder"):
        await desk.write(desk.folder, "x")


async def test_file_in_the_place_of_a_folder_is_told(desk: Desk) -> None:
    path = desk.file("a", b"")
    with pytest.raises(ToolError, match="cannot be written"):
        await desk.write(path / "b.txt", "x")


async def test_unread_binary_file_is_not_replaced(desk: Desk) -> None:
    path = desk.file("logo.png", b"\x89PNG\r\n\x1a\n\0\0\0")
    assert "binary file" in await desk.refusal(path, "x")


async def test_access_is_the_one_path(desk: Desk) -> None:
    assert desk.tool.access(WriteParams("/a/../b", ""), desk.box.workspace) == Writes((Path("/b"),))
