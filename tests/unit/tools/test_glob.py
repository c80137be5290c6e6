from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.core.errors import ToolError
from coder.core.tools import Reads
from coder.tools.glob import Glob, GlobParams
from coder.tools.search import Search
from tests.support.toolbox import Toolbox, text_of


@pytest.fixture
def glob() -> Glob:
    return Glob(Search(hidden_seconds=10))


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    (tmp_path / "work").mkdir()
    return Toolbox(tmp_path / "work")


def plant(folder: Path, *names: str) -> None:
    """Makes the files, each a second younger than the one before."""
    for age, name in enumerate(names):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        os.utime(place, (1_000_000 + age, 1_000_000 + age))


async def names_of(box: Toolbox, glob: Glob, pattern: str, path: str | None = None) -> set[str]:
    output = await box.call(glob, pattern=pattern, path=path)
    assert output.data is not None
    return {os.path.relpath(name, box.folder) for name in output.data["filenames"]}


@pytest.mark.behaviour("B-320")
async def test_files_come_as_absolute_paths_the_newest_first(box: Toolbox, glob: Glob) -> None:
    plant(box.folder, "old.py", "src/mid.py", "new.py", "other.md")
    output = await box.call(glob, pattern="**/*.py")
    expected = [str(box.folder / name) for name in ("new.py", "src/mid.py", "old.py")]
    assert text_of(output).splitlines() == expected
    assert output.data is not None
    assert output.data.pop("durationMs") >= 0
    assert output.data == {
        "numFiles": 3,
        "filenames": expected,
        "truncated": False,
        "totalMatches": 3,
        "countIsComplete": True,
    }


async def test_files_of_the_same_age_come_by_name(box: Toolbox, glob: Glob) -> None:
    plant(box.folder, "b.py", "c.py", "a.py")
    for name in ("a.py", "b.py", "c.py"):
        os.utime(box.folder / name, (5, 5))
    output = await box.call(glob, pattern="*.py")
    assert text_of(output).splitlines() == [str(box.folder / name) for name in ("a.py", "b.py", "c.py")]


@pytest.mark.behaviour("B-321")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.py", {"a.py", "src/b.py", "src/deep/c.py"}),
        ("./*.py", {"a.py"}),
        ("**/*.py", {"a.py", "src/b.py", "src/deep/c.py"}),
        ("src/*.py", {"src/b.py"}),
        ("src/**", {"src/b.py", "src/b.ts", "src/deep/c.py"}),
        ("src/", {"src/b.py", "src/b.ts", "src/deep/c.py"}),
        ("src/**/c.py", {"src/deep/c.py"}),
        ("**/deep/*", {"src/deep/c.py"}),
        ("*/b.{py,ts}", {"src/b.py", "src/b.ts"}),
        ("{src/*.py,*.md}", {"src/b.py", "read.md"}),
        ("?.py", {"a.py", "src/b.py", "src/deep/c.py"}),
        ("[!a].py", {"src/b.py", "src/deep/c.py"}),
        ("[a-b].[pt][ys]", {"a.py", "src/b.py", "src/b.ts"}),
        ("a.py", {"a.py"}),
        ("src/b.py", {"src/b.py"}),
        (".*", {".env"}),
        ("*.rs", set()),
    ],
)
async def test_patterns_match_as_a_shell_user_expects(
    box: Toolbox, glob: Glob, pattern: str, expected: set[str]
) -> None:
    plant(box.folder, "a.py", "read.md", ".env", "src/b.py", "src/b.ts", "src/deep/c.py")
    assert await names_of(box, glob, pattern) == expected


@pytest.mark.behaviour("B-322")
async def test_at_most_100_files_are_listed_and_the_rest_is_counted(box: Toolbox, glob: Glob) -> None:
    plant(box.folder, *(f"f{number}.py" for number in range(130)))
    output = await box.call(glob, pattern="*.py")
    lines = text_of(output).splitlines()
    assert lines[0].endswith("f129.py") and lines[99].endswith("f30.py")
    assert lines[100] == "(100 of 130 files, the newest first. Narrow `pattern` or `path` to see the others.)"
    assert output.data is not None
    assert output.data["truncated"] and output.data["totalMatches"] == 130 and output.data["numFiles"] == 100


@pytest.mark.behaviour("B-300")
async def test_dotfiles_are_listed_and_repositories_own_folders_are_not(box: Toolbox, glob: Glob) -> None:
    plant(box.folder, ".env", ".github/ci.yml", ".git/config", "sub/.git/HEAD", "sub/x.py")
    assert await names_of(box, glob, "**") == {".env", ".github/ci.yml", "sub/x.py"}


@pytest.mark.behaviour("B-303")
async def test_hidden_files_are_counted_and_their_places_named(box: Toolbox, glob: Glob) -> None:
    plant(box.folder, "a.py", "out/b.py", "out/c.py", "out/d.md", "e.tmp.py")
    (box.folder / ".gitignore").write_text("out/\n*.tmp.py\n", encoding="utf-8")
    output = await box.call(glob, pattern="*.py")
    assert text_of(output).splitlines() == [
        str(box.folder / "a.py"),
        "(3 more matching files are hidden by ignore files: out/ (2), e.tmp.py."
        " Give one of these as `path` to search it.)",
    ]


@pytest.mark.behaviour("B-304")
@pytest.mark.parametrize(("pattern", "path"), [("*.py", "out"), ("out/*.py", None), ("**/*.py", "out/deep")])
async def test_a_hidden_folder_that_is_named_is_listed(
    box: Toolbox, glob: Glob, pattern: str, path: str | None
) -> None:
    plant(box.folder, "out/a.py", "out/deep/b.py")
    (box.folder / ".gitignore").write_text("out/\n", encoding="utf-8")
    assert await names_of(box, glob, pattern, path)


@pytest.mark.behaviour("B-304")
async def test_a_cache_that_hides_itself_is_listed_when_named(box: Toolbox, glob: Glob) -> None:
    plant(box.folder, "cache/a.py")
    (box.folder / "cache/.gitignore").write_text("# made by a tool\n*\n", encoding="utf-8")
    assert await names_of(box, glob, "*.py") == set()
    assert await names_of(box, glob, "*.py", "cache") == {"cache/a.py"}


@pytest.mark.behaviour("B-305")
async def test_our_own_state_is_left_out_unless_asked_for(box: Toolbox, tmp_path: Path) -> None:
    plant(box.folder, "a.py", "state/b.py", ".coder/projects/x/c.py", ".coder/settings.py", "projects/d.py")
    glob = Glob(Search(reserved=(box.folder / "state",)))
    assert await names_of(box, glob, "*.py") == {"a.py", ".coder/settings.py", "projects/d.py"}
    assert await names_of(box, glob, "*.py", "state") == {"state/b.py"}
    assert await names_of(box, glob, "*.py", ".coder/projects") == {".coder/projects/x/c.py"}


@pytest.mark.behaviour("B-306")
async def test_links_pipes_and_loops_are_neither_listed_nor_followed(box: Toolbox, glob: Glob, tmp_path: Path) -> None:
    plant(box.folder, "a.py")
    plant(tmp_path / "outside", "b.py")
    os.mkfifo(box.folder / "pipe.py")
    (box.folder / "loop").symlink_to(box.folder)
    (box.folder / "away").symlink_to(tmp_path / "outside")
    (box.folder / "file.py").symlink_to(tmp_path / "outside/b.py")
    (box.folder / "dangling.py").symlink_to("nothing")
    assert await names_of(box, glob, "*.py") == {"a.py"}


@pytest.mark.behaviour("B-720")
async def test_a_tree_too_deep_for_a_path_is_listed_like_any_other(box: Toolbox, glob: Glob) -> None:
    plant(box.folder, "a.py")
    inside = os.open(box.folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=inside)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=inside)
        os.close(inside)
        inside = deeper
    os.close(os.open("z.py", os.O_CREAT | os.O_WRONLY, dir_fd=inside))
    os.close(inside)
    output = await box.call(glob, pattern="*.py")
    deep = "/".join([str(box.folder), *["d" * 250] * 20, "z.py"])
    assert sorted(text_of(output).splitlines()) == [str(box.folder / "a.py"), deep]


async def test_a_pattern_without_files_says_where_it_looked(box: Toolbox, glob: Glob) -> None:
    plant(box.folder, "a.py")
    nothing = await box.call(glob, pattern="*.rs")
    assert text_of(nothing) == f"No files match *.rs: {box.folder} has none."
    nowhere = await box.call(glob, pattern="lib/**/*.rs")
    assert text_of(nowhere) == f"No files match lib/**/*.rs: {box.folder}/lib does not exist."


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"pattern": ""}, "`pattern` is empty"),
        ({"pattern": "[a"}, r"a `\[` is never closed"),
        ({"pattern": "{a"}, r"a `\{` is never closed"),
        ({"pattern": "*/../../*"}, "goes up with"),
        ({"pattern": "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"}, "more than 256 patterns"),
        ({"pattern": "a\0b"}, "which no file name can"),
        ({"pattern": "*", "path": "nowhere"}, "nowhere does not exist"),
        ({"pattern": "*", "path": "a.py"}, "a.py is a file"),
    ],
)
async def test_a_call_that_cannot_work_is_refused_with_the_reason(
    box: Toolbox, glob: Glob, call: dict[str, str], expected: str
) -> None:
    plant(box.folder, "a.py")
    with pytest.raises(ToolError, match=expected):
        await box.call(glob, call)


@pytest.mark.behaviour("B-323")
@pytest.mark.parametrize(
    ("pattern", "path", "root"),
    [
        ("**/*.py", None, "."),
        ("src/lib/*.py", None, "src/lib"),
        ("*.py", "src", "src"),
        ("lib/**", "src", "src/lib"),
        ("../other/*.py", None, "../other"),
        ("/etc/*.conf", None, "/etc"),
        ("/etc/*.conf", "src", "/etc"),
        ("/*", None, "/"),
        ("src/main.py", None, "src"),
    ],
)
def test_a_call_reads_only_below_the_fixed_part_of_its_pattern(
    box: Toolbox, pattern: str, path: str | None, root: str
) -> None:
    expected = Path(os.path.normpath(box.folder / root))
    assert Glob(Search()).access(GlobParams(pattern, path), box.workspace) == Reads((expected,))
