"""Which memory files count at the start, and in which order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.app.memory import ground_of
from coder.core.config import Guidance
from coder.memory.reading import discover
from coder.memory.store import Store
from tests.support.grounds import Land


@pytest.fixture
def land(tmp_path: Path) -> Land:
    return Land(tmp_path)


@pytest.mark.behaviour("B-1100")
def test_the_widest_comes_first_and_the_nearest_last(land: Land) -> None:
    land.write({"CLAUDE.md": "rule of the house"}, land.etc)
    land.write(
        {
            ".claude/CLAUDE.md": "1",
            ".claude/rules/b/deep.md": "2",
            ".coder/CLAUDE.md": "3",
            ".coder/AGENTS.md": "4",
            ".coder/rules/a.md": "5",
            "src/CLAUDE.md": "6",
        },
        land.home,
    )
    land.write(
        {
            "CLAUDE.local.md": "b",
            ".claude/rules/z.md": "a",
            ".claude/rules/a/b.md": "9",
            ".coder/rules/c.md": "a2",
            "AGENTS.md": "8",
            ".coder/CLAUDE.md": "7c",
            ".claude/CLAUDE.md": "7b",
            "CLAUDE.md": "7a",
            "web/AGENTS.md": "c",
            "web/CLAUDE.local.md": "d",
            "web/app/CLAUDE.md": "not at the start",
        }
    )
    land.write({"CLAUDE.md": "nobody's"}, land.root / "home")
    memory = land.read(cwd=land.shop / "web")
    assert [file.text for file in memory.files] == [
        "rule of the house", *"123456", "7a", "7b", "7c", "8", "9", "a", "a2", "b", "c", "d",
    ]  # fmt: skip
    assert [file.whose for file in memory.files] == [
        "managed", *["yours"] * 5, *["project"] * 8, "only you", "project", "only you",
    ]  # fmt: skip
    assert memory.warnings == () == memory.remarks


@pytest.mark.behaviour("B-1101")
def test_a_file_counts_once_whatever_leads_to_it(land: Land) -> None:
    land.write({"CLAUDE.md": "see @AGENTS.md and @docs/./more.md", "AGENTS.md": "agents", "docs/more.md": "more"})
    (land.shop / "docs" / "link.md").symlink_to("more.md")
    land.write({".claude/rules/one.md": "@../../docs/link.md one"})
    (land.shop / ".claude" / "rules" / "again").symlink_to(".")
    (land.shop / ".claude" / "rules" / "two.md").symlink_to("one.md")
    assert [file.text for file in land.read().files] == ["see @AGENTS.md and @docs/./more.md", "agents", "more",
        "@../../docs/link.md one"]  # fmt: skip


@pytest.mark.behaviour("B-1101")
@pytest.mark.parametrize("how", ["link", "other way round", "copy"])
def test_one_text_under_two_names_in_a_folder_counts_once(land: Land, how: str) -> None:
    names = ("AGENTS.md", "CLAUDE.md") if how == "other way round" else ("CLAUDE.md", "AGENTS.md")
    land.write({names[0]: "the same"})
    if how == "copy":
        land.write({names[1]: "the same"})
    else:
        (land.shop / names[1]).symlink_to(names[0])
    land.write({"web/CLAUDE.md": "the same"})
    assert [file.text for file in land.read().files] == ["the same"]
    assert len(land.read(cwd=land.shop / "web").files) == 2  # another folder says it for itself


@pytest.mark.behaviour("B-1102")
def test_what_is_imported_follows_its_importer(land: Land) -> None:
    land.write({".coder/notes/mine.md": "mine"}, land.home)
    land.write(
        {
            "CLAUDE.md": "top @docs/a.md @~/src/shop/b.md, end\n`@c.md` @scope/pkg me@d.md @docs @./e.md",
            "docs/a.md": "a @a2.md",
            "docs/a2.md": "a2 @a.md @../CLAUDE.md @" + str(land.shop / "f.txt"),
            "b.md": "b",
            "c.md": "c",
            "d.md": "d",
            "f.txt": "f",
            "g.md": "g",
        }
    )
    land.write({".coder/CLAUDE.md": "@notes/mine.md"}, land.home)
    memory = land.read()
    assert [file.text.split()[0] for file in memory.files] == ["@notes/mine.md", "mine", "top", "a", "a2", "f", "b"]
    assert [str(file.parent and file.parent.name) for file in memory.files][3:] == [
        "CLAUDE.md", "a.md", "a2.md", "CLAUDE.md",
    ]  # fmt: skip
    [warning] = memory.warnings
    assert warning == "CLAUDE.md, line 2, imports ./e.md, which is not there. Correct the path."


@pytest.mark.behaviour("B-1102")
def test_imports_end_after_four(land: Land) -> None:
    land.write({f"{number}.md": f"@{number + 1}.md" for number in range(8)})
    land.write({"CLAUDE.md": "@0.md"})
    memory = land.read()
    assert land.names(memory)[-1].endswith("3.md") and len(memory.files) == 5
    assert memory.warnings == ("3.md, line 1, imports 4.md, more than 4 imports deep. It is not read.",)


@pytest.mark.behaviour("B-1102")
def test_a_linked_file_imports_from_where_it_stands_or_lies(land: Land) -> None:
    land.write({"docs/AGENTS.md": "@here.md @there.md", "docs/here.md": "here", "there.md": "there"})
    (land.shop / "CLAUDE.md").symlink_to("docs/AGENTS.md")
    assert [file.text for file in land.read().files] == ["@here.md @there.md", "here", "there"]


@pytest.mark.behaviour("B-1103")
def test_a_repository_names_files_outside_itself_only_when_it_is_trusted(land: Land) -> None:
    land.write({"secret.md": "secret", "src/other.md": "other"}, land.home)
    land.write({"CLAUDE.md": "shop @~/secret.md @../other.md @docs/in.md", "docs/in.md": "in"})
    (land.shop / "CLAUDE.local.md").symlink_to(land.home / "secret.md")
    memory = land.read()
    assert [file.text.split()[0] for file in memory.files] == ["shop", "in"]
    assert memory.warnings == (
        "CLAUDE.md names files from outside the repository, which are not read: ~/secret.md,"
        " ~/src/other.md. If you know what is in them: coder trust add",
    )
    trusted = land.read(is_trusted=lambda: True)
    assert [file.text.split()[0] for file in trusted.files] == ["shop", "secret", "other", "in"]
    assert trusted.warnings == ()


@pytest.mark.behaviour("B-1103")
def test_a_link_out_of_the_repository_is_no_memory(land: Land) -> None:
    land.write({".aws/credentials": "key"}, land.home)
    for name in ("CLAUDE.md", ".claude/rules/r.md"):
        land.write({name: "x"})
        (land.shop / name).unlink()
        (land.shop / name).symlink_to(land.home / ".aws" / "credentials")
    memory = land.read()
    assert memory.files == () and "outside the repository" in memory.warnings[0]


@pytest.mark.behaviour("B-1103")
def test_from_outside_not_even_a_trusted_repository_has_what_is_no_text_for_people(land: Land) -> None:
    land.write({".ssh/id_rsa": "key", ".aws/credentials": "key", "team.MD": "team"}, land.home)
    land.write({"CLAUDE.md": "shop @~/.ssh/id_rsa @~/.aws/credentials @~/team.MD"})
    (land.shop / "CLAUDE.local.md").symlink_to(land.home / ".aws" / "credentials")
    memory = land.read(is_trusted=lambda: True)
    assert [file.text.split()[0] for file in memory.files] == ["shop", "team"]
    assert all("only texts such as .md and .txt are" in warning for warning in memory.warnings)
    assert len(memory.warnings) == 2


def test_what_the_person_wrote_imports_what_they_like(land: Land) -> None:
    land.write({"anywhere.md": "x"}, land.root)
    land.write({".coder/CLAUDE.md": f"@{land.root}/anywhere.md"}, land.home)
    assert len(land.read().files) == 2


@pytest.mark.behaviour("B-1104")
@pytest.mark.parametrize("denied", ["link.md", "private.md"])
def test_what_may_not_be_read_is_no_memory(land: Land, denied: str) -> None:
    land.write({"CLAUDE.md": "@link.md", "private.md": "x", "AGENTS.md": "y"})
    (land.shop / "link.md").symlink_to("private.md")
    assert [file.text for file in land.read().files] == ["@link.md", "x", "y"]
    memory = land.read(may_read=lambda path: path.name != denied)
    assert [file.text for file in memory.files] == ["@link.md", "y"]
    assert memory.warnings == ("link.md is not read: a rule denies it. See coder permissions list",)


@pytest.mark.behaviour("B-1107")
def test_a_long_file_is_remarked_on_with_its_length(land: Land) -> None:
    land.write({"CLAUDE.md": "x\n" * 200, "AGENTS.md": "y\n" * 201, "CLAUDE.local.md": "z" * 40_001})
    memory = land.read()
    assert len(memory.files) == 3 and memory.warnings == ()
    assert [remark.partition(":")[0] for remark in memory.remarks] == [
        "AGENTS.md is long", "CLAUDE.local.md is long",
    ]  # fmt: skip
    assert "201 lines" in memory.remarks[0] and "40 KB" in memory.remarks[1]


@pytest.mark.behaviour("B-1108")
def test_sources_say_whose_files_count(land: Land) -> None:
    land.write(
        {".claude/CLAUDE.md": "u1", ".coder/rules/r.md": "u2", "CLAUDE.md": "h", "src/AGENTS.md": "s"}, land.home
    )
    land.write({"CLAUDE.md": "p", "CLAUDE.local.md": "l", ".claude/rules/r.md": "r"})
    land.write({"CLAUDE.md": "m"}, land.etc)

    def texts(*sources: str) -> str:
        return " ".join(file.text for file in land.read(sources=sources).files)

    assert texts("user", "project", "local") == "m u1 u2 h s p r l"
    assert texts("user") == "m u1 u2" and texts("local") == "m l" and texts() == "m"
    assert texts("project") == "m h s p r"  # not the person's own files by way of the home folder


@pytest.mark.behaviour("B-1108")
def test_excluded_files_are_left_out_but_for_the_administrators(land: Land) -> None:
    land.write({"CLAUDE.md": "p @docs/x.md", "docs/x.md": "x", ".claude/rules/r.md": "r", "AGENTS.md": "a"})
    land.write({"CLAUDE.md": "m"}, land.etc)
    excludes = ("**/docs/*.md", "~/src/shop/.claude/rules/**", f"{land.root}/etc/**")
    assert [file.text[0] for file in land.read(excludes=excludes).files] == ["m", "p", "a"]
    assert [file.text[0] for file in land.read(excludes=("**/CLAUDE.md",)).files] == ["m", "a", "r"]


@pytest.mark.behaviour("B-1108")
def test_a_home_in_the_repository_is_the_repositorys(land: Land) -> None:
    own = land.shop / ".home"
    land.write({".home/CLAUDE.md": "brought @~/x.md"})
    land.write({"x.md": "x"}, land.home)
    ground = ground_of(land.config(home=own), {"HOME": str(land.home)}, land.etc)
    assert (ground.own, ground.brought) == ((), (own,))
    memory = discover(ground, Store())
    assert [(file.text, file.whose) for file in memory.files] == [("brought @~/x.md", "project")]
    assert "outside the repository" in memory.warnings[0]
    only = ground_of(land.config(home=own, guidance=Guidance(sources=("user",))), {"HOME": str(land.home)}, land.etc)
    assert discover(only, Store()).files == ()


@pytest.mark.behaviour("B-1108")
def test_both_homes_of_the_person_count_only_when_no_other_is_chosen(land: Land) -> None:
    land.write({".claude/CLAUDE.md": "theirs", ".coder/CLAUDE.md": "ours", "conf/CLAUDE.md": "chosen"}, land.home)

    def texts(home: str) -> list[str]:
        ground = ground_of(land.config(home=land.home / home), {"HOME": str(land.home)}, land.etc)
        return [file.text for file in discover(ground, Store()).files]

    assert texts(".coder") == ["theirs", "ours"] and texts("conf") == ["chosen"]


@pytest.mark.behaviour("B-1118")
def test_what_others_may_write_above_the_repository_is_not_read(land: Land) -> None:
    land.write({"src/CLAUDE.md": "planted", ".coder/CLAUDE.md": "mine"}, land.home)
    land.write({"CLAUDE.md": "shop"})
    for path in (land.home / "src" / "CLAUDE.md", land.shop / "CLAUDE.md"):
        path.chmod(0o666)
    memory = land.read()
    assert [file.text for file in memory.files] == ["mine", "shop"]
    assert memory.warnings == ("~/src/CLAUDE.md is not read: anybody may write to it.",)
    if os.geteuid() == 0:
        (land.home / ".coder" / "CLAUDE.md").chmod(0o600)
        os.chown(land.home / ".coder" / "CLAUDE.md", 12345, 12345)
        assert "belongs to somebody else" in land.read().warnings[0]


def test_a_warning_names_the_line_of_the_file(land: Land) -> None:
    land.write({".claude/rules/r.md": "---\n# a head\nglobs: x\n---\n<!-- two\nlines -->\n@./gone.md"})
    assert land.read().warnings == (
        ".claude/rules/r.md, line 7, imports ./gone.md, which is not there. Correct the path.",
    )
