"""/memory: the notes that are read here."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.config import Guidance
from coder.frontends.slash.dispatch import run_line
from coder.frontends.styled import plain
from tests.support.desks import FakeDesk, by, desk_at
from tests.support.fakeapi import tool, turn


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def above(desk: FakeDesk) -> str:
    return " ".join(plain(each).strip() for each in desk.ui.pickers[-1].above)


@pytest.mark.behaviour("B-878")
@pytest.mark.behaviour("B-1116")
async def test_the_notes_of_this_folder_are_listed_with_whose_they_are_and_opened(tmp_path: Path) -> None:
    files = {
        "home/.coder/CLAUDE.md": "x" * 400,
        "project/AGENTS.md": "@more.md " + "x" * 3_900,
        "project/more.md": "x" * 350,
        "project/CLAUDE.local.md": "x\n" * 450,
        "project/.claude/CLAUDE.md": "x" * 100,
        "project/.claude/rules/ts.md": "---\npaths: src/**/*.ts\n---\nx",
        "project/web/CLAUDE.md": "x",
        "project/web/a.txt": "x",
    }
    write(tmp_path, files)
    (tmp_path / "project" / ".git").mkdir()
    script = [turn(tool("Read", file_path=str(tmp_path / "project" / "web" / "a.txt"))), turn("Read.")]
    async with desk_at(tmp_path, script) as desk:
        await desk.prompt("Read it.")
        desk.ui.picks = [by(".claude/CLAUDE.md")]
        await run_line(desk, "/memory")
    items = [[cell.strip() for cell in item.split("|")] for item in desk.ui.items()]
    assert [(whose, name, why) for whose, name, _, why in items] == [
        ("yours", "~/.coder/CLAUDE.md", ""),
        ("project", ".claude/CLAUDE.md", "shared with the project"),
        ("project", "AGENTS.md", "shared with the project"),
        ("project", "more.md", "imported by AGENTS.md"),
        ("project", "CLAUDE.local.md", "only you"),
        ("project", "web/CLAUDE.md", "read for web/a.txt"),
        ("project", ".claude/rules/ts.md", "waits for src/**/*.ts"),
    ]
    costs = [cost for _, _, cost, _ in items]
    assert costs[-1] == "-" and all(cost for cost in costs) and costs[2].startswith("1.")
    assert desk.ui.pickers[0].hint.startswith("about ") and desk.ui.pickers[0].hint.endswith("tokens, 5.7 KB")
    assert desk.ui.opened == [tmp_path / "project" / ".claude" / "CLAUDE.md"]
    assert desk.ui.words == ["✓ .claude/CLAUDE.md · 0.1 KB · read with your next message"]
    assert "CLAUDE.local.md is long: 450 lines." in above(desk)


@pytest.mark.behaviour("B-878")
async def test_a_note_that_is_not_there_is_made_when_something_is_written(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        desk.ui.picks = [by("yours"), by("project"), None]
        await run_line(desk, "/memory")
        assert not (tmp_path / "home" / ".coder" / "CLAUDE.md").exists() and desk.ui.words == []
        desk.ui.writes = "# Notes\n"
        await run_line(desk, "/memory")
        assert (tmp_path / "project" / "CLAUDE.md").read_text() == "# Notes\n"
        await run_line(desk, "/memory")
    assert desk.ui.items(0) == [
        "project | CLAUDE.md |  | not there yet · /init writes one",
        "yours | ~/.coder/CLAUDE.md |  | not there yet · for every folder",
    ]
    assert desk.ui.items()[0].startswith("project | CLAUDE.md | ")


@pytest.mark.behaviour("B-1116")
async def test_what_is_left_out_stands_above_the_list_and_cannot_draw(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"project/CLAUDE.md": "@~/x.md @./\x1b[2J.md " + " ".join(f"@./{n}.md" for n in range(9)), "home/x.md": "x"},
    )
    async with desk_at(tmp_path) as desk:
        await run_line(desk, "/memory")
        said = above(desk)
        assert said.startswith("! CLAUDE.md names files from outside") and "! and 6 more of the kind" in said
        assert "\x1b" not in said and "\\x1b[2J.md" in said
    write(tmp_path, {"project/CLAUDE.md": "@~/x.md"})
    async with desk_at(tmp_path) as desk:
        await run_line(desk, "/memory")
        assert "which are not read: " in above(desk) and "coder trust add" in above(desk)
    async with desk_at(tmp_path, guidance=Guidance(memory=False)) as desk:
        await run_line(desk, "/memory")
        assert above(desk) == "! The model reads none of these: memory is switched off for this session."


@pytest.mark.behaviour("B-1117")
async def test_the_context_counts_memory_by_file(tmp_path: Path) -> None:
    write(tmp_path, {"project/CLAUDE.md": "x" * 2_000, "project/web/AGENTS.md": "y" * 900, "project/web/a.txt": "x"})
    script = [turn(tool("Read", file_path=str(tmp_path / "project" / "web" / "a.txt"))), turn("Read."), turn("Hm.")]
    async with desk_at(tmp_path, script) as desk:
        await desk.prompt("Read it.")
        await desk.prompt("<memory-files> is what a person may type, too.")
        report = await desk.session.context()
    found = [(share.item.label, share.item.hint) for share in report.shares if share.item.category == "memory"]
    assert [hint for _, hint in found] == ["/memory edits it"] * 3
    assert [label.rpartition("/")[2] for label, _ in found] == ["memory", "CLAUDE.md", "AGENTS.md"]
    assert report.tokens_of("memory") > 700 and report.count_of("environment") == 1
