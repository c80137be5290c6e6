from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ToolError
from coder.core.tools import ToolOutput
from coder.tools.ledger import FileLedger
from coder.tools.notebook import NotebookEdit
from coder.tools.read import Read
from tests.support.toolbox import Toolbox, text_of

CELLS: list[dict[str, Any]] = [
    {"cell_type": "markdown", "id": "aa", "metadata": {}, "source": ["# Título\n", "text"]},
    {
        "cell_type": "code",
        "execution_count": 3,
        "id": "bb",
        "metadata": {"x": 1.50},
        "outputs": [
            {"name": "stdout", "output_type": "stream", "text": ["hello\n"]},
            {"output_type": "display_data", "data": {"image/png": "iVBOR", "text/plain": ["<Figure>"]}, "metadata": {}},
            {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["\x1b[31mline 1\x1b[0m"]},
        ],
        "source": ["x = 1\n", "print(x)"],
    },
    {"cell_type": "code", "execution_count": None, "id": "cc", "metadata": {}, "outputs": [], "source": []},
]
META = {"kernelspec": {"language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def notebook(cells: list[dict[str, Any]] = CELLS, minor: int = 5) -> dict[str, Any]:
    return {"cells": cells, "metadata": META, "nbformat": 4, "nbformat_minor": minor}


def written(raw: dict[str, Any], **style: Any) -> str:
    return json.dumps(raw, **{"indent": 1, "ensure_ascii": False, **style}) + "\n"


class Desk:
    def __init__(self, folder: Path, text: str | None = None) -> None:
        self.path = folder / "a.ipynb"
        self.path.write_bytes((written(notebook()) if text is None else text).encode())
        self.box = Toolbox(folder)
        ledger = FileLedger()
        self.read_tool, self.tool = Read(ledger), NotebookEdit(ledger)

    @property
    def text(self) -> str:
        return self.path.read_bytes().decode()

    async def read(self, **more: Any) -> ToolOutput:
        return await self.box.call(self.read_tool, file_path=str(self.path), **more)

    async def edit(self, **given: Any) -> ToolOutput:
        return await self.box.call(self.tool, {"notebook_path": str(self.path), "new_source": "", **given})

    async def refusal(self, **given: Any) -> str:
        before = self.text
        with pytest.raises(ToolError) as caught:
            await self.edit(**given)
        assert self.text == before
        return str(caught.value)


@pytest.mark.behaviour("B-240")
async def test_notebook_is_read_as_cells_with_outputs(tmp_path: Path) -> None:
    output = await Desk(tmp_path).read()
    assert text_of(output) == (
        '<cell id="aa" type="markdown">\n# Título\ntext\n</cell>\n'
        '<cell id="bb" type="code">\nx = 1\nprint(x)\n'
        "<output>\nhello\n</output>\n<output>\n<Figure>\n[image/png, 5 characters]\n</output>\n"
        "<output>\nValueError: no\nline 1\n</output>\n</cell>\n"
        '<cell id="cc" type="code">\n\n</cell>'
    )
    assert output.data is not None
    assert output.data["type"] == "notebook"
    assert [cell["cell_id"] for cell in output.data["file"]["cells"]] == ["aa", "bb", "cc"]


@pytest.mark.behaviour("B-240")
async def test_long_outputs_are_cut(tmp_path: Path) -> None:
    stream = {"name": "stdout", "output_type": "stream", "text": "y" * 100_000}
    text = text_of(await Desk(tmp_path, written(notebook([{**CELLS[1], "outputs": [stream]}]))).read())
    assert len(text) < 6_000
    assert "[... 96,000 characters of output cut]" in text


async def test_long_notebook_is_paged_by_cells(tmp_path: Path) -> None:
    cells = [{**CELLS[0], "id": f"c{n}", "source": "z" * 9_000} for n in range(30)]
    desk = Desk(tmp_path, written(notebook(cells)))
    text = text_of(await desk.read())
    assert "[PARTIAL view: cells 1-8 of 30." in text
    assert '<cell id="c29"' in text_of(await desk.read(offset=30))


async def test_what_is_no_notebook_is_shown_as_text(tmp_path: Path) -> None:
    assert text_of(await Desk(tmp_path, '{"cells": 3').read()) == '     1\t{"cells": 3'


STYLES: list[tuple[str, dict[str, Any]]] = [
    ("usual", {}),
    ("four spaces", {"indent": 4}),
    ("tabs", {"indent": "\t"}),
    ("one line", {"indent": None}),
    ("compact", {"indent": None, "separators": (",", ":")}),
    ("escaped", {"ensure_ascii": True}),
    ("sorted", {"sort_keys": True}),
]


@pytest.mark.behaviour("B-241")
@pytest.mark.parametrize("style", [style for _, style in STYLES], ids=[name for name, _ in STYLES])
async def test_replacing_a_cell_keeps_the_files_style(tmp_path: Path, style: dict[str, Any]) -> None:
    desk = Desk(tmp_path, written(notebook(), **style))
    await desk.read()
    await desk.edit(cell_id="bb", new_source="y = 'ü'\nprint(y)\n")
    changed = {**CELLS[1], "execution_count": None, "outputs": [], "source": ["y = 'ü'\n", "print(y)\n"]}
    assert desk.text == written(notebook([CELLS[0], changed, CELLS[2]]), **style)


@pytest.mark.behaviour("B-241")
async def test_text_of_other_cells_stays_character_for_character(tmp_path: Path) -> None:
    odd = '{"x":1.50,  "y":\t1e3}'
    text = written(notebook()).replace('{\n    "x": 1.5\n   }', odd).rstrip("\n")
    assert odd in text
    desk = Desk(tmp_path, text)
    await desk.read()
    await desk.edit(cell_id="aa", new_source="# New")
    assert desk.text == text.replace('"# Título\\n",\n    "text"', '"# New"')


@pytest.mark.parametrize("style", [style for _, style in STYLES], ids=[name for name, _ in STYLES])
@pytest.mark.parametrize("index", [0, 1, 2])
async def test_deleting_a_cell_leaves_the_rest(tmp_path: Path, style: dict[str, Any], index: int) -> None:
    desk = Desk(tmp_path, written(notebook(), **style))
    await desk.read()
    output = await desk.edit(cell_id=CELLS[index]["id"], edit_mode="delete")
    assert desk.text == written(notebook(CELLS[:index] + CELLS[index + 1 :]), **style)
    assert output.data is not None
    assert output.data["old_source"] == "".join(CELLS[index]["source"])


@pytest.mark.parametrize("style", [style for _, style in STYLES[:-1]], ids=[name for name, _ in STYLES[:-1]])
@pytest.mark.parametrize("after", [None, "aa", "cc"])
async def test_inserting_a_cell_leaves_the_rest(tmp_path: Path, style: dict[str, Any], after: str | None) -> None:
    desk = Desk(tmp_path, written(notebook(), **style))
    await desk.read()
    output = await desk.edit(cell_id=after, cell_type="code", edit_mode="insert", new_source="z = 3")
    assert output.data is not None
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": output.data["cell_id"],
        "metadata": {},
        "outputs": [],
        "source": ["z = 3"],
    }
    at = {None: 0, "aa": 1, "cc": 3}[after]
    assert desk.text == written(notebook([*CELLS[:at], cell, *CELLS[at:]]), **style)


async def test_only_cell_can_be_deleted_and_one_inserted_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, written(notebook(CELLS[:1])))
    await desk.read()
    await desk.edit(cell_id="aa", edit_mode="delete")
    assert json.loads(desk.text)["cells"] == []
    await desk.edit(cell_type="markdown", edit_mode="insert", new_source="# One\n")
    (cell,) = json.loads(desk.text)["cells"]
    assert desk.text == written(notebook([cell]))
    assert cell["source"] == ["# One\n"]


async def test_type_can_change_and_code_parts_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.read()
    await desk.edit(cell_id="bb", cell_type="markdown", new_source="now text")
    cell = json.loads(desk.text)["cells"][1]
    assert cell == {"cell_type": "markdown", "id": "bb", "metadata": {"x": 1.5}, "source": ["now text"]}


async def test_source_that_was_one_text_stays_one_text(tmp_path: Path) -> None:
    desk = Desk(tmp_path, written(notebook([{**CELLS[0], "source": "a\nb"}])))
    await desk.read()
    await desk.edit(cell_id="aa", new_source="c\nd")
    assert json.loads(desk.text)["cells"][0]["source"] == "c\nd"


async def test_cells_without_ids_are_counted(tmp_path: Path) -> None:
    cells = [{key: value for key, value in cell.items() if key != "id"} for cell in CELLS]
    desk = Desk(tmp_path, written(notebook(cells, minor=2)))
    assert '<cell id="cell-1" type="code">' in text_of(await desk.read())
    await desk.edit(cell_id="cell-1", new_source="x = 2")
    await desk.edit(cell_id="cell-1", cell_type="code", edit_mode="insert", new_source="new")
    made = json.loads(desk.text)["cells"]
    assert ["".join(cell["source"]) for cell in made] == ["# Título\ntext", "x = 2", "new", ""]
    assert not any("id" in cell for cell in made)


async def test_crlf_and_bom_stay(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.path.write_bytes(b"\xef\xbb\xbf" + written(notebook()).replace("\n", "\r\n").encode())
    await desk.read()
    await desk.edit(cell_id="cc", new_source="a\nb")
    changed = {**CELLS[2], "source": ["a\n", "b"]}
    expected = b"\xef\xbb\xbf" + written(notebook([*CELLS[:2], changed])).replace("\n", "\r\n").encode()
    assert desk.path.read_bytes() == expected


async def test_structured_result_has_the_contracts_fields(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.read()
    before = desk.text
    output = await desk.edit(cell_id="cc", new_source="new")
    assert text_of(output) == f"Replaced code cell cc of {desk.path}. Its outputs were cleared."
    assert output.data == {
        "new_source": "new",
        "old_source": "",
        "cell_id": "cc",
        "cell_type": "code",
        "language": "python",
        "edit_mode": "replace",
        "notebook_path": str(desk.path),
        "original_file": before,
        "updated_file": desk.text,
    }


@pytest.mark.behaviour("B-242")
async def test_unread_or_changed_notebook_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert "has not been read" in await desk.refusal(cell_id="aa", new_source="x")
    await desk.read()
    desk.path.write_bytes(desk.path.read_bytes() + b"\n")
    assert "is not what you read" in await desk.refusal(cell_id="aa", new_source="x")


@pytest.mark.behaviour("B-242")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cell_id": "zz"}, "`cell_id` is 'zz'; expected one of: aa, bb, cc."),
        ({}, "`cell_id` is None"),
        ({"edit_mode": "insert"}, "`cell_type` is required for insert"),
        ({"cell_id": "aa", "new_source": "\ud800"}, "half of a surrogate pair"),
    ],
)
async def test_call_that_cannot_be_is_told_and_changes_nothing(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    desk = Desk(tmp_path)
    await desk.read()
    assert said in await desk.refusal(**given)


async def test_other_files_and_broken_notebooks_are_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "{}")
    await desk.read()
    assert "no valid notebook" in await desk.refusal(cell_id="aa")
    with pytest.raises(ToolError, match=r"expected an \.ipynb file"):
        await desk.edit(notebook_path=str(tmp_path / "a.py"))
