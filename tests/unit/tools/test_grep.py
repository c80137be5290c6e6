from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ToolError
from coder.core.tools import Reads
from coder.tools.grep import Grep, GrepParams
from coder.tools.ripgrep import locate
from coder.tools.schema import schema
from coder.tools.search import Search
from tests.support.toolbox import Toolbox, text_of

RG = locate(os.environ)
PROGRAMS = [pytest.param(RG, marks=pytest.mark.skipif(RG is None, reason="ripgrep is not installed"), id="ripgrep"), ""]


@pytest.fixture(params=PROGRAMS)
def grep(request: pytest.FixtureRequest) -> Grep:
    return Grep(Search(ripgrep=request.param, hidden_seconds=10))


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    (tmp_path / "work").mkdir()
    return Toolbox(tmp_path / "work")


def plant(box: Toolbox, **files: str | bytes) -> None:
    """`src__a_py="..."` makes src/a.py."""
    for name, content in files.items():
        place = box.folder / name.replace("__", "/").replace("_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)


async def ask(box: Toolbox, grep: Grep, pattern: str, **more: Any) -> str:
    return text_of(await box.call(grep, {"pattern": pattern, **more}))


@pytest.mark.behaviour("B-311")
async def test_matching_files_come_as_absolute_paths_in_the_order_of_their_names(box: Toolbox, grep: Grep) -> None:
    plant(box, b_py="foo", src__a_py="foo\nfoo", a_md="bar", a_py="x foo")
    output = await box.call(grep, pattern="foo")
    paths = [str(box.folder / name) for name in ("a.py", "b.py", "src/a.py")]
    assert text_of(output).splitlines() == paths
    assert output.data == {"mode": "files_with_matches", "numFiles": 3, "filenames": paths, "totalFiles": 3}
    assert output.summary == "4 lines in 3 files"


@pytest.mark.behaviour("B-311")
async def test_content_has_path_line_and_text_and_marks_context(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="one\ntwo foo\nthree\nfour\nfive\nsix foo\n", b_py="foo")
    output = await box.call(grep, {"pattern": "foo", "output_mode": "content", "-C": 1})
    assert text_of(output).splitlines() == [
        "a.py-1-one",
        "a.py:2:two foo",
        "a.py-3-three",
        "--",
        "a.py-5-five",
        "a.py:6:six foo",
        "--",
        "b.py:1:foo",
    ]
    assert output.data is not None
    assert output.data["numLines"] == 6
    assert output.data["content"] == text_of(output)


async def test_before_after_and_context_can_be_told_apart(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="1\n2\nfoo\n4\n5\n")
    assert "a.py-2-2\na.py:3:foo" in await ask(box, grep, "foo", output_mode="content", **{"-B": 1})
    assert await ask(box, grep, "foo", output_mode="content", **{"-A": 2}) == "a.py:3:foo\na.py-4-4\na.py-5-5"
    assert await ask(box, grep, "foo", output_mode="content", context=1, **{"-A": 0}) == "a.py-2-2\na.py:3:foo"


async def test_line_numbers_can_be_left_out_and_matches_shown_alone(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="x = foo(1) + foo(2)\n")
    assert await ask(box, grep, "foo", output_mode="content", **{"-n": False}) == "a.py:x = foo(1) + foo(2)"
    found = await ask(box, grep, r"foo\(\d\)", output_mode="content", **{"-o": True})
    assert found == "a.py:1:foo(1)\na.py:1:foo(2)"


@pytest.mark.behaviour("B-312")
async def test_count_shows_lines_for_each_file_and_a_total(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="foo foo\nfoo\n", b_py="foo")
    output = await box.call(grep, pattern="foo", output_mode="count")
    assert text_of(output) == "a.py:2\nb.py:1\n(3 matching lines in 2 files.)"
    assert output.data is not None and output.data["numMatches"] == 3


async def test_no_match_says_so(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="foo")
    output = await box.call(grep, pattern="nothing")
    assert text_of(output) == "No matches found"
    assert output.data == {"mode": "files_with_matches", "numFiles": 0, "filenames": [], "totalFiles": 0}


@pytest.mark.behaviour("B-313")
async def test_a_page_says_where_the_next_begins_and_the_pages_add_up(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="foo\n" * 5, b_py="foo\n" * 4)
    first = await ask(box, grep, "foo", output_mode="content", head_limit=4)
    assert first.endswith("(Lines 1-4 of 9; offset=4 shows more.)")
    pages = [await ask(box, grep, "foo", output_mode="content", head_limit=4, offset=at) for at in (0, 4, 8)]
    lines = [line for page in pages for line in page.splitlines() if not line.startswith("(")]
    assert lines == [f"a.py:{n}:foo" for n in range(1, 6)] + [f"b.py:{n}:foo" for n in range(1, 5)]
    assert "offset" not in pages[-1]


async def test_an_offset_past_the_end_says_so(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="foo\n")
    for mode in ("content", "files_with_matches", "count"):
        assert (await ask(box, grep, "foo", output_mode=mode, offset=7)).startswith("No entries at this offset")


@pytest.mark.behaviour("B-313")
async def test_the_default_limit_is_250_and_0_means_as_many_as_fit(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="foo\n" * 300, long_md=("foo" + "x" * 400 + "\n") * 1000)
    default = await box.call(grep, pattern="foo", output_mode="content", glob="*.py")
    assert default.data is not None and default.data["numLines"] == default.data["appliedLimit"] == 250
    every = await box.call(grep, pattern="foo", output_mode="content", glob="*.py", head_limit=0)
    assert every.data is not None and every.data["numLines"] == 300
    long = await box.call(grep, pattern="foo", output_mode="content", glob="*.md", head_limit=0)
    assert 40_000 < len(text_of(long)) < 60_000
    assert f"offset={long.data['numLines']} shows more" in text_of(long)  # type: ignore[index]  # data is there


@pytest.mark.behaviour("B-314")
async def test_a_long_line_is_cut_round_the_match(box: Toolbox, grep: Grep) -> None:
    plant(box, a_js="a" * 5_000 + "needle" + "b" * 5_000 + "\n")
    line = await ask(box, grep, "needle", output_mode="content")
    assert "aaaneedlebbb" in line
    assert len(line) < 600
    assert line.startswith("a.js:1:[... 4,900 bytes] a") and line.endswith("b [... 4,606 bytes]")


async def test_a_cut_never_splits_a_character(box: Toolbox, grep: Grep) -> None:
    for shift in range(3):
        plant(box, a_js="a" * shift + "字" * 3_000 + "x" + "字" * 3_000)
        assert "\ufffd" not in await ask(box, grep, "x", output_mode="content")


@pytest.mark.behaviour("B-315")
async def test_windows_line_ends_are_no_part_of_a_line(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="foo\r\nbar foo\r\n")
    assert await ask(box, grep, "foo$", output_mode="content") == "a.py:1:foo\na.py:2:bar foo"
    assert await ask(box, grep, "^foo$", output_mode="content", **{"-o": True}) == "a.py:1:foo"


@pytest.mark.behaviour("B-316")
async def test_binary_files_are_skipped_and_utf16_is_read(box: Toolbox, grep: Grep) -> None:
    plant(box, a_bin=b"foo\n\x00", late_bin=b"foo\n" * 100_000 + b"\x00", u_txt="größe foo\n".encode("utf-16"))
    plant(box, bom_txt=b"\xef\xbb\xbffoo first\n", latin_txt=b"gr\xf6\xdfe foo\n")
    found = await ask(box, grep, "foo", output_mode="content")
    assert found.splitlines() == ["bom.txt:1:foo first", "latin.txt:1:gr��e foo", "u.txt:1:größe foo"]
    assert await ask(box, grep, "^foo first", path="bom.txt") == str(box.folder / "bom.txt")


async def test_binary_files_are_skipped_also_across_lines_and_where_hidden(box: Toolbox, grep: Grep) -> None:
    late = b"foo\nbar\n" * 50_000 + b"\x00"
    plant(
        box,
        a_py="foo\nbar",
        late_py=late,
        _gitignore="h*",
        hidden_py=late,
        h__a_py=late,
        h__b_py="foo\nbar",
        hit_py="foo\nbar",
    )
    found = await ask(box, grep, "foo\nbar", multiline=True)
    assert found.splitlines()[0] == str(box.folder / "a.py")
    assert found.splitlines()[1].startswith("(2 more matching files are hidden by ignore files: h/ (1), hit.py.")


async def test_a_binary_file_asked_for_by_name_is_refused(box: Toolbox, grep: Grep) -> None:
    plant(box, a_bin=b"foo\n\x00")
    with pytest.raises(ToolError, match="is a binary file"):
        await ask(box, grep, "foo", path="a.bin")


async def test_one_file_can_be_searched_also_through_a_link(box: Toolbox, grep: Grep) -> None:
    plant(box, src__a_py="foo\n", src__b_py="foo\n")
    (box.folder / "link.py").symlink_to("src/a.py")
    assert await ask(box, grep, "foo", path="src/a.py", output_mode="content") == "src/a.py:1:foo"
    assert await ask(box, grep, "foo", path="link.py", output_mode="content") == "link.py:1:foo"


async def test_type_and_glob_narrow_the_files(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="foo", src__b_py="foo", src__c_ts="foo", d_md="foo")
    names = {
        ("type", "py"): ["a.py", "src/b.py"],
        ("type", "python"): ["a.py", "src/b.py"],
        ("glob", "*.{ts,md}"): ["d.md", "src/c.ts"],
        ("glob", "src/*"): ["src/b.py", "src/c.ts"],
        ("glob", "*.ts *.md"): ["d.md", "src/c.ts"],
        ("glob", "*.ts,*.md"): ["d.md", "src/c.ts"],
        ("glob", "!*.py"): ["d.md", "src/c.ts"],
        ("glob", "!src"): ["a.py", "d.md"],
        ("glob", "/a.py"): ["a.py"],
        ("glob", f"{box.folder}/src/*.py"): ["src/b.py"],
    }
    for (field, value), expected in names.items():
        found = await ask(box, grep, "foo", **{field: value})
        assert found.splitlines() == [str(box.folder / name) for name in expected], value
    both = await ask(box, grep, "foo", type="py", glob="src/**")
    assert both == str(box.folder / "src/b.py")


async def test_an_unknown_type_names_those_that_come_near(box: Toolbox, grep: Grep) -> None:
    with pytest.raises(ToolError, match=r"'typescrip'.*typescript"):
        await ask(box, grep, "foo", type="typescrip")


async def test_a_glob_that_cannot_be_read_is_refused(box: Toolbox, grep: Grep) -> None:
    with pytest.raises(ToolError, match=r"`glob` '\[a' cannot be read"):
        await ask(box, grep, "foo", glob="[a")


async def test_case_and_multiline_are_options(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="Foo\nbar\nÉcole\n")
    assert await ask(box, grep, "foo") == "No matches found"
    assert await ask(box, grep, "foo", output_mode="content", **{"-i": True}) == "a.py:1:Foo"
    assert await ask(box, grep, "éCOLE", output_mode="content", **{"-i": True}) == "a.py:3:École"
    assert await ask(box, grep, r"Foo\nbar", output_mode="content", multiline=True) == "a.py:1:Foo\na.py:2:bar"
    assert await ask(box, grep, r"Foo.*École", output_mode="count", multiline=True) == "a.py:1\n(1 match in 1 file.)"


@pytest.mark.behaviour("B-303")
async def test_hidden_matches_are_counted_and_their_places_named(box: Toolbox, grep: Grep) -> None:
    plant(box, _gitignore="node.modules/\n*.log\n", a_py="foo", c_log="foo", d_log="bar")
    plant(box, node_modules__x__a_js="foo", node_modules__b_js="foo\nfoo", node_modules__c_js="bar")
    found = (await ask(box, grep, "foo")).splitlines()
    assert found == [
        str(box.folder / "a.py"),
        "(3 more matching files are hidden by ignore files: node.modules/ (2), c.log."
        " Give one of these as `path` to search it.)",
    ]


@pytest.mark.behaviour("B-304")
async def test_a_path_below_a_hidden_folder_is_searched(box: Toolbox, grep: Grep) -> None:
    plant(box, _gitignore="build\n*.log\n", build__deep__a_py="foo", build__b_log="foo")
    assert (await ask(box, grep, "foo", path="build")).splitlines() == [
        str(box.folder / "build/b.log"),
        str(box.folder / "build/deep/a.py"),
    ]
    assert await ask(box, grep, "foo", path="build/deep") == str(box.folder / "build/deep/a.py")
    assert await ask(box, grep, "foo", path="build/b.log") == str(box.folder / "build/b.log")


@pytest.mark.behaviour("B-306")
async def test_nothing_that_is_no_ordinary_file_is_opened_or_followed(box: Toolbox, grep: Grep, tmp_path: Path) -> None:
    plant(box, a_py="foo")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.py").write_text("foo", encoding="utf-8")
    os.mkfifo(box.folder / "pipe.py")
    (box.folder / "loop").symlink_to(box.folder)
    (box.folder / "away").symlink_to(tmp_path / "outside")
    (box.folder / "file.py").symlink_to(tmp_path / "outside/secret.py")
    assert await ask(box, grep, "foo") == str(box.folder / "a.py")
    with pytest.raises(ToolError, match="is a pipe, socket or device"):
        await ask(box, grep, "foo", path="pipe.py")


@pytest.mark.behaviour("B-306")
async def test_a_folder_that_becomes_a_link_while_we_search_shows_nothing(box: Toolbox, tmp_path: Path) -> None:
    plant(box, src__a_py="foo", z_py="foo")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.py").write_text("foo secret", encoding="utf-8")
    swapping = tmp_path / "rg"
    swapping.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *--count*) mv src {tmp_path}/gone; ln -s {tmp_path}/outside src;'
        " printf './src/a.py\\0001\\n./z.py\\0001\\n';;"
        " *) printf './src/a.py\\0001:1:foo secret\\n./z.py\\0001:1:foo\\n';; esac\n",
        encoding="utf-8",
    )
    swapping.chmod(0o755)
    found = await ask(box, Grep(Search(ripgrep=swapping)), "foo", output_mode="content")
    assert (box.folder / "src").is_symlink()
    assert found == "z.py:1:foo"


@pytest.mark.behaviour("B-317")
async def test_what_is_too_large_to_search_across_lines_is_counted(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="foo\nbar")
    with (box.folder / "large.py").open("wb") as large:
        large.write(b"foo\nbar")
        large.truncate((64 << 20) + 1)
    found = await ask(box, grep, "foo\nbar", multiline=True)
    assert found.splitlines() == [
        str(box.folder / "a.py"),
        "(1 file over 64 MB left out: too large for `multiline`.)",
    ]


@pytest.mark.behaviour("B-317")
@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_files_and_folders_without_permission_are_counted(box: Toolbox, grep: Grep) -> None:
    plant(box, a_py="foo", b_py="foo", c__d_py="foo")
    (box.folder / "b.py").chmod(0)
    (box.folder / "c").chmod(0)
    found = await ask(box, grep, "foo")
    (box.folder / "c").chmod(0o755)
    assert found.splitlines() == [str(box.folder / "a.py"), "(2 files or folders could not be read.)"]


async def test_a_missing_path_is_an_error_that_names_the_working_folder(box: Toolbox, grep: Grep) -> None:
    with pytest.raises(ToolError, match=rf"nowhere does not exist. The working folder is {box.folder}"):
        await ask(box, grep, "foo", path="nowhere")


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"])
async def test_a_path_no_file_can_have_is_an_error(box: Toolbox, grep: Grep, path: str) -> None:
    with pytest.raises(ToolError, match="which no file name can"):
        await ask(box, grep, "foo", path=path)


@pytest.mark.behaviour("B-318")
@pytest.mark.parametrize("program", PROGRAMS)
async def test_what_may_not_be_read_is_neither_searched_nor_counted_as_hidden(
    box: Toolbox, program: Path | str
) -> None:
    plant(box, a_py="foo", _env="foo", src___env="foo", src__deep__key_pem="foo", secrets__x_py="foo")
    plant(box, _gitignore="out/", out___env="foo", out__b_py="foo", out__secret__c_py="foo")
    rules = (
        (box.folder, ".env"),
        (box.folder / "src", "/deep/*.pem"),
        (box.folder.parent, "/work/secrets/**"),
        (box.folder, "secret"),
    )
    grep = Grep(Search(ripgrep=program, denied=rules, hidden_seconds=10))
    assert (await ask(box, grep, "foo")).splitlines() == [
        str(box.folder / "a.py"),
        "(4 files or folders are left out, for a permission rule denies reading.)",
        "(1 more matching file is hidden by ignore files: out/ (1). Give one of these as `path` to search it.)",
    ]
    assert await ask(box, grep, "foo", path="src") == (
        "No matches found\n(2 files or folders are left out, for a permission rule denies reading.)"
    )


@pytest.mark.behaviour("B-307")
async def test_names_that_are_no_text_are_shown_as_escapes(box: Toolbox, grep: Grep) -> None:
    (box.folder / "new\nline.py").write_text("foo", encoding="utf-8")
    (box.folder / "\udcff.py").write_text("foo", encoding="utf-8")
    assert await ask(box, grep, "foo", output_mode="content") == "new\\nline.py:1:foo\n\\xff.py:1:foo"


@pytest.mark.behaviour("B-308")
async def test_when_time_runs_out_what_was_found_is_shown_with_a_notice(box: Toolbox) -> None:
    plant(box, a_py="aab\n", b_py="a" * 64 + "cb\n", c_py="aab\n")
    grep = Grep(Search(ripgrep="", seconds=1))
    found = await ask(box, grep, "(a+)+b", output_mode="content")
    assert found.startswith("a.py:1:aab\n(Stopped after 1 s: results are missing.")


@pytest.mark.behaviour("B-308")
async def test_an_interrupted_search_leaves_no_process_behind(box: Toolbox, tmp_path: Path) -> None:
    plant(box, a_py="foo")
    alive, endless = tmp_path / "alive", tmp_path / "rg"
    os.mkfifo(alive)
    endless.write_text(f"#!/bin/sh\nexec 3>{alive}\necho started >&3\nsleep 1000\n", encoding="utf-8")
    endless.chmod(0o755)
    running = asyncio.create_task(ask(box, Grep(Search(ripgrep=endless, seconds=1000)), "foo"))
    with await asyncio.to_thread(open, alive, "rb", buffering=0) as pipe:
        assert await asyncio.to_thread(pipe.read, 8) == b"started\n"
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await asyncio.to_thread(pipe.read) == b"", "the pipe ends when every process that holds it has died"


@pytest.mark.behaviour("B-301")
async def test_a_ripgrep_that_cannot_be_used_is_done_without(box: Toolbox, tmp_path: Path) -> None:
    plant(box, a_py="foo")
    broken = tmp_path / "rg"
    for script in ("#!/bin/sh\necho 'no such flag' >&2\nexit 2\n", "#!/bin/sh\nkill -9 $$\n", "no program"):
        broken.write_text(script, encoding="utf-8")
        broken.chmod(0o755)
        assert await ask(box, Grep(Search(ripgrep=broken)), "foo", output_mode="content") == "a.py:1:foo"
    assert await ask(box, Grep(Search(ripgrep=tmp_path / "absent")), "foo") == str(box.folder / "a.py")


async def test_a_worker_that_fails_is_an_error_for_the_model(box: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", ["/nowhere"])
    with pytest.raises(ToolError, match=r"The search could not be done: .*Use Bash"):
        await ask(box, Grep(Search(ripgrep="")), "foo")


@pytest.mark.behaviour("B-323")
def test_a_call_reads_its_path_and_nothing_else(box: Toolbox) -> None:
    grep = Grep(Search())
    assert grep.access(GrepParams("foo"), box.workspace) == Reads((box.folder,))
    assert grep.access(GrepParams("foo", path="../other"), box.workspace) == Reads((box.folder.parent / "other",))


def test_the_schema_has_the_names_of_the_contract() -> None:
    names = "pattern path glob type output_mode -i -n -o -A -B -C context head_limit offset multiline"
    assert list(schema(GrepParams)["properties"]) == names.split()
    assert schema(GrepParams)["required"] == ["pattern"]


def test_ripgrep_is_found_by_setting_then_path_then_beside_python(tmp_path: Path) -> None:
    for name in ("set", "path/rg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    path = str(tmp_path / "path")
    assert locate({"CODER_RG": str(tmp_path / "set"), "PATH": path}) == tmp_path / "set"
    assert locate({"CODER_RG": str(tmp_path / "absent"), "PATH": path}) == tmp_path / "path/rg"
    assert locate({"PATH": path}) == tmp_path / "path/rg"
    assert locate({"PATH": str(tmp_path)}) in (None, Path(sys.prefix, "bin", "rg"))
