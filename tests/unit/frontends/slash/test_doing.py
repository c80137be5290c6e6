"""Commands that do something with the conversation: compact, export, diff, quit."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.errors import SessionError
from coder.frontends.slash import diff, export, quit
from coder.frontends.slash.dispatch import run_line
from tests.support.desks import by, desk_at
from tests.support.fakeapi import KEY, rule, tool, turn

SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}


@pytest.mark.behaviour("B-871")
async def test_compact_says_what_it_did_and_uncompact_takes_it_back(tmp_path: Path) -> None:
    script = {"rules": [rule(SUMMARISES, "All was told.")], "turns": [turn("words " * 3_000), turn("Hello.")]}
    async with desk_at(tmp_path, script) as desk:
        await run_line(desk, "/compact")
        assert desk.ui.words[-1].startswith("! Nothing was changed: ")
        await desk.prompt("Tell me a lot.")
        await desk.prompt("Hi.")
        await run_line(desk, "/compact the words")
        assert desk.ui.words[-1].startswith("✓ Compacted: about ") and "/uncompact takes it back." in desk.ui.words[-1]
        await run_line(desk, "/uncompact")
        assert desk.ui.words[-1] == "✓ The compaction is taken back; what was said since follows."
        await run_line(desk, "/uncompact")
        assert desk.ui.words[-1] == "! Nothing was changed: this conversation was not compacted."


@pytest.mark.behaviour("B-872")
@pytest.mark.parametrize(("name", "start"), [("out.md", "# "), ("out.html", "<!doctype html>"), ("out.json", "{")])
async def test_an_export_is_what_its_name_says_and_holds_no_key(tmp_path: Path, name: str, start: str) -> None:
    async with desk_at(tmp_path, [turn(f"Your key is {KEY}.")], env={"MY_TOKEN": "hunter2hunter2"}) as desk:
        with pytest.raises(SessionError, match="nothing was said yet"):
            await export.run(desk, name)
        await desk.prompt("Tell me hunter2hunter2")
        await export.run(desk, name)
    text = (tmp_path / "project" / name).read_text()
    assert text.startswith(start) and "Your key is" in text and KEY not in text and "hunter2" not in text
    assert (tmp_path / "project" / name).stat().st_mode & 0o777 == 0o600
    assert desk.ui.words[-1].startswith(f"✓ Written to {name}. ")


@pytest.mark.behaviour("B-872")
async def test_an_export_replaces_a_file_only_when_told_to(tmp_path: Path) -> None:
    async with desk_at(tmp_path, [turn("Hello.")]) as desk:
        await desk.prompt("Hi.")
        file = tmp_path / "project" / f"session-{desk.session.facts.session_id[:8]}.md"
        file.write_text("mine")
        await export.run(desk, "")
        assert (file.read_text(), desk.ui.words) == ("mine", [])
        desk.ui.picks, desk.ui.lines = [by("another name"), by("another name")], [file.name, "other.md"]
        await export.run(desk, "")
        assert file.read_text() == "mine" and (file.parent / "other.md").exists()
        desk.ui.picks = [by("Replace it")]
        await export.run(desk, str(file))
        assert file.read_text().startswith("# ") and [each.name for each in file.parent.glob(".*")] == []
        await run_line(desk, "/export nowhere/x.md")
        assert desk.ui.words[-1] == "✗ nowhere/x.md cannot be written: No such file or directory."


def writes(desk_root: Path, **files: str) -> list[object]:
    return [tool("Write", file_path=str(desk_root / "project" / name), content=text) for name, text in files.items()]


@pytest.mark.behaviour("B-873")
async def test_diff_shows_every_change_that_stands_with_a_line_for_each_file(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    app, new = tmp_path / "project" / "app.py", tmp_path / "project" / "new.py"
    app.write_text("one\ntwo\nthree\n")
    script = [
        turn(tool("Read", file_path=str(app))),
        turn(
            tool("Edit", file_path=str(app), old_string="two", new_string="2\x1b[2J"),
            tool("Write", file_path=str(new), content="fresh\n"),
        ),
        turn(tool("Bash", command="printf 'a\\0b' > raw.bin; rm -f gone; ln -s app.py link")),
        turn("Done."),
    ]
    async with desk_at(tmp_path, script) as desk:
        await diff.run(desk, "")
        assert desk.ui.words == ["✓ No file is different from how it was when this session began."]
        await desk.prompt("Change it.")
        desk.settings["theme"] = "none"
        await diff.run(desk, "")
    (text,) = desk.ui.paged
    lines = text.splitlines()
    assert lines[0] == "4 files changed in this session, +2 -1 lines"
    assert "  app.py    +1 -1" in lines and "  new.py    +1 -0 · new" in lines
    assert any(line.startswith("  raw.bin   not a text") for line in lines)
    assert any(line.startswith("  link      a link") for line in lines)
    assert "-two" in lines and "+2\\x1b[2J" in lines and "+fresh" in lines and "\x1b" not in text


@pytest.mark.behaviour("B-873")
async def test_diff_is_coloured_as_the_theme_is_and_silent_about_what_went_back(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    path = str(tmp_path / "project" / "new.py")
    async with desk_at(tmp_path, [turn(tool("Write", file_path=path, content="x\n")), turn("Done.")]) as desk:
        await desk.prompt("Write it.")
        await diff.run(desk, "")
        desk.settings["theme"] = "colour-blind"
        await diff.run(desk, "")
        assert "\x1b[32m+x\x1b[0m" in desk.ui.paged[0] and "\x1b[34m+x\x1b[0m" in desk.ui.paged[1]
        checkpoints = desk.session.checkpoints
        assert checkpoints is not None
        (point,) = await checkpoints.points()
        await checkpoints.rewind(point.id, "files")
        await diff.run(desk, "")
        assert desk.ui.words[-1].startswith("✓ No file is different") and not Path(path).exists()
    async with desk_at(tmp_path, checkpoints=False) as desk:
        await diff.run(desk, "")
    assert desk.ui.words == ["! Checkpoints are off, so coder does not know what it changed. In a repository: git diff"]


async def test_quit_leaves(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        await quit.run(desk, "")
    assert desk.left
