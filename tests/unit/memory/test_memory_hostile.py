"""Trees that mean harm, or that nobody thought of."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.memory.files import MOST_BYTES, MOST_FILES
from coder.memory.places import folders_to, markdown_below
from coder.memory.reading import discover, nested
from coder.memory.store import Store
from tests.support.grounds import Land


@pytest.fixture
def land(tmp_path: Path) -> Land:
    return Land(tmp_path)


@pytest.mark.behaviour("B-1105")
@pytest.mark.timeout(20)
def test_what_is_no_ordinary_text_file_is_named_and_holds_nothing_up(land: Land) -> None:
    land.write({"CLAUDE.local.md": "@pipe.md @zero.md @loop.md @wide.md @good.md", "good.md": b"g\xff\xfeood"})
    os.mkfifo(land.shop / "CLAUDE.md")
    os.mkfifo(land.shop / "pipe.md")
    (land.shop / "AGENTS.md").mkdir()
    (land.shop / "zero.md").symlink_to("/dev/zero")
    (land.shop / "loop.md").symlink_to("loop.md")
    (land.shop / "wide.md").write_text("wide", encoding="utf-16")
    memory = land.read(is_trusted=lambda: True)
    assert [file.text for file in memory.files][1:] == ["g\ufffd\ufffdood"]
    told = "\n".join(memory.warnings)
    for name, why in {
        "CLAUDE.md": "no ordinary file",
        "pipe.md": "no ordinary file",
        "wide.md": "no UTF-8 text",
    }.items():
        assert f"{name} is not read: it is {why}. Replace or remove it." in told
    assert "/dev/zero" in told or "zero.md is not read" in told
    assert "AGENTS.md" not in told


@pytest.mark.behaviour("B-1105")
def test_a_huge_file_is_left_out_and_so_is_what_is_too_much_together(land: Land) -> None:
    land.write({"CLAUDE.md": b"x" * (MOST_BYTES + 1), "AGENTS.md": b"y" * 700_000, "CLAUDE.local.md": b"z" * 700_000})
    land.write({".claude/rules/r.md": "small"})
    memory = land.read()
    assert [file.size for file in memory.files] == [700_000, 5]
    assert memory.warnings[0] == "CLAUDE.md is not read: it is larger than 4 MiB. Replace or remove it."
    assert "not read: CLAUDE.local.md. Together they may be 1 MiB" in memory.warnings[1]


@pytest.mark.behaviour("B-1105")
@pytest.mark.timeout(60)
def test_ten_thousand_rules_are_bounded(land: Land) -> None:
    rules = land.shop / ".claude" / "rules"
    for folder in range(10):
        (rules / str(folder)).mkdir(parents=True)
        for number in range(1_000):
            (rules / str(folder) / f"{number}.md").write_text(f"rule {folder} {number}\n")
    land.write({".claude/CLAUDE.md": "shop"})
    before = time.process_time()
    memory = land.read()
    assert len(memory.files) == MOST_FILES and memory.files[0].text == "shop"
    assert "do not fit any more" in memory.warnings[0]
    assert time.process_time() - before < 30


@pytest.mark.behaviour("B-1105")
def test_folders_without_end_end(land: Land) -> None:
    rules = land.shop / ".claude" / "rules"
    (rules / "a").mkdir(parents=True)
    (rules / "a" / "up").symlink_to("..")
    (rules / "a" / "r.md").write_text("r")
    assert markdown_below(rules) == [rules / "a" / "r.md"]
    (rules / "a" / "root").symlink_to("/")
    deep = rules
    for _ in range(40):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "deep.md").write_text("too deep")
    assert [file.text for file in land.read(may_read=lambda path: path.is_relative_to(land.shop)).files] == ["r"]


@pytest.mark.behaviour("B-1111")
def test_other_repositories_and_installed_packages_have_no_say(land: Land) -> None:
    for place in ("vendor/lib", "node_modules/p", ".venv/lib/site-packages/q", "web"):
        land.write({f"{place}/CLAUDE.md": place, f"{place}/deep/AGENTS.md": place})
    (land.shop / "vendor" / "lib" / ".git").mkdir()
    ground = land.ground()

    def found(path: str) -> list[str]:
        return [str(folder.relative_to(land.shop)) for folder in folders_to(land.shop / path, ground)]

    assert found("vendor/lib/deep/x.py") == ["vendor"]
    assert found("node_modules/p/deep/x.py") == [] == found(".venv/lib/site-packages/q/x.py")
    assert found("web/deep/x.py") == ["web", "web/deep"] == found("web/deep")
    assert found("../other/x.py") == [] == found("x.py") and list(folders_to(Path("/etc/passwd"), ground)) == []


def test_a_folder_beside_the_one_we_work_in_belongs_to_the_repository_too(land: Land) -> None:
    land.write({"web/x.py": "", "api/y.py": "", "api/v1/y.py": ""})
    ground = land.ground(cwd=land.shop / "web")
    assert list(folders_to(land.shop / "api" / "v1" / "y.py", ground)) == [land.shop / "api", land.shop / "api" / "v1"]
    assert list(folders_to(land.shop / "web" / "x.py", ground)) == []


NAMES = st.sampled_from(
    ["CLAUDE.md", "AGENTS.md", "CLAUDE.local.md", ".claude/CLAUDE.md", ".claude/rules/a.md", ".claude/rules/b/c.md",
     ".coder/rules/d.md", "docs/e.md", "web/CLAUDE.md", "web/.claude/rules/f.md", "x.md"]
)  # fmt: skip
WORDS = st.sampled_from(
    [b"@docs/e.md", b"@../CLAUDE.md", b"@x.md", b"@/dev/zero", b"@~", b"@", b"---\n", b"paths: '**'\n", b"paths: [\n",
     b"<!--", b"-->", b"```\n", b"\xff", b"\0", b" ", b"\n", b"words", b"<memory path=", b"</memory>", b"\xef\xbb\xbf",
     b"\r\n"]
)  # fmt: skip
FILES = st.dictionaries(NAMES, st.lists(WORDS, max_size=12).map(b"".join), max_size=8)
LINKS = st.lists(st.tuples(NAMES, st.sampled_from(["CLAUDE.md", "..", "/dev/null", "x.md", "docs"])), max_size=3)


@pytest.mark.behaviour("B-1105")
@settings(max_examples=60, deadline=None)
@given(FILES, LINKS)
def test_any_tree_is_read_and_read_the_same_again(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], links: list[tuple[str, str]]
) -> None:
    land = Land(tmp_path_factory.mktemp("land"))
    land.write(files)
    for name, target in links:
        path = land.shop / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(path):
            path.symlink_to(target)
    first, again = land.read(is_trusted=lambda: True), land.read(is_trusted=lambda: True)
    assert first == again
    assert len({file.real for file in first.files}) == len(first.files)
    nested(land.ground(), Store(), first, land.shop / "web")
    store = Store()
    assert discover(land.ground(), store) == discover(land.ground(), store) == land.read()
