"""What an edit shows of itself before it is made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coder.frontends.dialog_lines import evidence_lines
from tests.support.questions import asked, edit


def shown(tool: str, name: str, files: dict[str, str] | None = None, **given: Any) -> list[str]:
    return evidence_lines(asked(edit(tool, name, **given), files), 80)


def notebook(*sources: str) -> str:
    cells = [{"cell_type": "code", "id": f"c{i}", "source": text.splitlines(True)} for i, text in enumerate(sources)]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


@pytest.mark.behaviour("B-664")
def test_every_place_of_a_replace_all_is_shown_with_its_number() -> None:
    text = "".join("old\n" if number in (2, 20) else f"{number}\n" for number in range(1, 25))
    made = shown("Edit", "f", {"f": text}, old_string="old", new_string="new", replace_all=True)
    assert made[0] == "Edit f · +2 -2"
    assert [row for row in made if row[5:6] in "+-" and row[5:6]] == [
        "   2 -old",
        "   2 +new",
        "  20 -old",
        "  20 +new",
    ]
    assert "   …" in made


@pytest.mark.behaviour("B-664")
@pytest.mark.parametrize(
    ("files", "note"),
    [
        ({"f": "x\n"}, "  The text to replace is not in the file, so this edit may fail."),
        ({}, "  The text to replace is not in the file, so this edit may fail."),
        ({"f": "old old\n"}, "  The text to replace is in the file 2 times, so this edit may fail."),
    ],
    ids=["not there", "no file", "twice"],
)
def test_an_edit_whose_place_is_not_known_has_no_numbers(files: dict[str, str], note: str) -> None:
    made = shown("Edit", "f", files, old_string="old", new_string="new")
    assert made[1] == note
    assert made[2] == "     -old"


@pytest.mark.behaviour("B-664")
def test_line_ends_make_no_difference_of_their_own() -> None:
    made = shown("Edit", "f", {"f": "a\r\nb\r\nc\r\n"}, old_string="a\nb", new_string="a\nB")
    assert made == ["Edit f · +1 -1", "   1  a", "   2 -b", "   2 +B", "   3  c"]


@pytest.mark.behaviour("B-660")
def test_what_a_diff_hides_is_seen_and_its_indentation_stays() -> None:
    made = shown("Write", "f", content="\tif x:\n" + " " * 12 + "y = '\u202e'\t# z\n")
    assert made[1:3] == ["   1 +→   if x:", "   2 +" + " " * 12 + r"y = '\u202e'\t# z"]


@pytest.mark.behaviour("B-664")
def test_cells_of_a_notebook() -> None:
    files = {"n.ipynb": notebook("a\nb\n", "c\n")}
    made = shown("NotebookEdit", "n.ipynb", files, cell_id="c0", new_source="a\nB\n")
    assert made == ["NotebookEdit n.ipynb · +1 -1", "  The cell c0.", "   1  a", "   2 -b", "   2 +B"]
    made = shown("NotebookEdit", "n.ipynb", files, cell_id="c1", new_source="", edit_mode="delete")
    assert made == ["NotebookEdit n.ipynb · +0 -1", "  Deletes the cell c1.", "   1 -c"]
    made = shown("NotebookEdit", "n.ipynb", files, new_source="d", edit_mode="insert", cell_type="code")
    assert made[1] == "  A new cell at the top."
    assert shown("NotebookEdit", "n.ipynb", {}, cell_id="c9", new_source="d")[1] == "  There is no such cell."


@pytest.mark.behaviour("B-664")
def test_numbers_are_those_of_the_file_before_and_after() -> None:
    made = shown("Write", "f", {"f": "a\nb\nc\nd\n"}, content="a\nX\nb\nd\n")
    assert made[1:] == ["   1  a", "   2 +X", "   3  b", "   3 -c", "   4  d"]


@pytest.mark.behaviour("B-664")
def test_a_file_made_by_an_edit_is_new() -> None:
    dialog = asked(edit("Edit", "f", old_string="", new_string="a\n"))
    assert dialog.title == "Create f? (new, 1 line, shown above)"
