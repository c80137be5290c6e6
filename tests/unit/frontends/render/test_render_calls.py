"""Calls as rows: real tools run on real files, and the rows are those of the design, word for word."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.errors import ToolError
from coder.core.events import PermissionDenied, ToolFinished
from coder.core.messages import Json, Text, ToolResult, ToolUse
from coder.frontends.evidence import evidence_of
from coder.frontends.folding import size_of
from coder.frontends.render.calls import (
    call_rows,
    can_merge,
    denied_rows,
    merged_rows,
    not_run_rows,
)
from coder.frontends.render.diff import change_of, diff_rows, evidence_rows
from coder.frontends.render.theme import Theme
from coder.frontends.render.whole import whole
from coder.frontends.styled import Row, plain, width_of
from coder.tools.bash import Bash
from coder.tools.edit import Edit
from coder.tools.glob import Glob
from coder.tools.grep import Grep
from coder.tools.ledger import FileLedger
from coder.tools.notebook import NotebookEdit
from coder.tools.patch import patch
from coder.tools.read import Read
from coder.tools.search import Search
from coder.tools.shells import Shells
from coder.tools.todo import Todos, TodoWrite
from coder.tools.write import Write
from coder.workspace.local import LocalWorkspace
from tests.support.toolbox import Toolbox

HOME = Path("/home/mia")
APP = 'import os\n\n\ndef greet(name):\n    return "Hello " + name\n\n\nprint(greet("Bo"))\n'
POLITE = 'def greet(name: str) -> str:\n    """Return a friendly greeting."""\n    return f"Hello, {name}!"'


class Tools:
    """Runs a call as the engine does, and gives what it announces; it takes 2.1 seconds by this clock."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        ledger, search = FileLedger(), Search()
        made = (Read(ledger), Edit(ledger), Write(ledger), NotebookEdit(ledger), Grep(search), Glob(search))
        self._tools = {tool.name: tool for tool in (*made, Bash(Shells()), TodoWrite(Todos()))}
        self.workspace = LocalWorkspace(folder)
        self._box = Toolbox(folder, workspace=self.workspace)

    async def __call__(self, name: str, **given: Any) -> ToolFinished:
        call = ToolUse("t1", name, given)
        try:
            output = await self._box.call(self._tools[name], given)
        except ToolError as error:
            result = ToolResult("t1", (Text(str(error)),), is_error=True)
            return ToolFinished(call=call, result=result, data=error.data, summary="failed", seconds=2.1)
        content = (Text(output.content),) if isinstance(output.content, str) else output.content
        result = ToolResult("t1", content, output.is_error)
        return ToolFinished(call=call, result=result, data=output.data, summary=output.summary, seconds=2.1)

    def rows(self, finished: ToolFinished, width: int = 80, **given: Any) -> list[str]:
        return texts(call_rows(finished, width=width, folder=self.folder, home=HOME, **given))


def texts(rows: Sequence[Row]) -> list[str]:
    return [plain(each) for each in rows]


@pytest.fixture
async def tools(tmp_path: Path) -> AsyncIterator[Tools]:
    made = Tools(tmp_path / "shop")
    yield made
    await made.workspace.aclose()


def finished(
    name: str, text: str = "", *, failed: bool = False, data: Json | None = None, **given: Any
) -> ToolFinished:
    result = ToolResult("t1", (Text(text),), failed)
    return ToolFinished(call=ToolUse("t1", name, given), result=result, data=data, summary="", seconds=0.4)


def shown(*given: Any, **options: Any) -> list[str]:
    return texts(call_rows(*given, width=80, folder=Path("/shop"), home=HOME, **options))


@pytest.mark.behaviour("B-805")
@pytest.mark.parametrize("width", [80, 120])
async def test_the_first_lines_of_an_output_and_the_last_of_a_failed_one(tools: Tools, width: int) -> None:
    done = await tools("Bash", command="seq 1 30")
    assert tools.rows(done, width) == [
        "✓ Bash seq 1 30 · 2.1s",
        "  1",
        "  2",
        "  3",
        "  … 27 more lines · ctrl+o shows all",
    ]
    failed = await tools("Bash", command="seq 1 20; exit 2")
    assert tools.rows(failed, width) == [
        "✗ Bash seq 1 20; exit 2 · exit 2 · 2.1s",
        "  … 18 lines above · ctrl+o shows all",
        "  19",
        "  20",
    ]


async def test_short_outputs_are_shown_whole(tools: Tools) -> None:
    assert tools.rows(await tools("Bash", command="seq 1 4")) == ["✓ Bash seq 1 4 · 2.1s", "  1", "  2", "  3", "  4"]
    assert tools.rows(await tools("Bash", command="true")) == ["✓ Bash true · no output · 2.1s"]
    assert tools.rows(await tools("Bash", command="grep x /dev/null")) == [
        "✓ Bash grep x /dev/null · No matches found · 2.1s"
    ]
    assert tools.rows(await tools("Bash", command="sleep 9", timeout=100))[0] == (
        "✗ Bash sleep 9 · killed after 0.1s · 2.1s"
    )


async def test_without_a_pager_the_command_that_shows_all_is_named(tools: Tools) -> None:
    done = await tools("Bash", command="seq 1 30")
    assert tools.rows(done, key="", number=3)[-1] == "  … 27 more lines · /show 3 shows all"


@pytest.mark.behaviour("B-806")
async def test_a_long_command_leaves_room_for_its_outcome(tools: Tools) -> None:
    done = await tools("Bash", command="echo " + "x" * 200 + "; exit 3")
    first = tools.rows(done)[0]
    assert len(first) == 80
    assert first.endswith("… · exit 3 · 2.1s")
    assert tools.rows(await tools("Bash", command="echo a\n\necho b"))[0] == "✓ Bash echo a echo b · 2.1s"


async def test_reading_and_searching(tools: Tools) -> None:
    (tools.folder / "src").mkdir()
    (tools.folder / "src" / "auth.py").write_text("def login():\n" * 142)
    read = await tools("Read", file_path=f"{tools.folder}/src/auth.py")
    assert tools.rows(read) == ["✓ Read src/auth.py · 142 lines"]
    grep = await tools("Grep", pattern="def login", path=f"{tools.folder}/src")
    assert tools.rows(grep) == ['✓ Grep "def login" in src · 142 lines in 1 file']
    glob = await tools("Glob", pattern="**/*.py")
    assert tools.rows(glob) == ["✓ Glob **/*.py · 1 file"]
    merged = merged_rows([read, grep, glob], width=80, folder=tools.folder, home=HOME)
    assert texts(merged) == ["✓ Read 1 file, searched 2 patterns · 2.1s"]
    assert [can_merge(each) for each in (read, grep, glob)] == [True, True, True]


async def test_a_single_call_is_not_merged(tools: Tools) -> None:
    (tools.folder / "a").write_text("x\n")
    read = await tools("Read", file_path=f"{tools.folder}/a")
    assert texts(merged_rows([read], width=80, folder=tools.folder, home=HOME)) == ["✓ Read a · 1 line"]


@pytest.mark.behaviour("B-807")
async def test_what_failed_keeps_its_row_and_its_reason(tools: Tools) -> None:
    grep = await tools("Grep", pattern="def (")
    assert tools.rows(grep)[0].startswith('✗ Grep "def (" · not run: ')
    assert not can_merge(grep)
    read = await tools("Read", file_path=f"{tools.folder}/none.py")
    assert tools.rows(read)[0].startswith("✗ Read none.py · failed: none.py does not exist")
    unknown = ToolResult(
        "t1", (Text("<tool_use_error>There is no tool 'Foo'. The tools are: Read.</tool_use_error>"),), True
    )
    place: dict[str, Any] = {"width": 80, "folder": tools.folder, "home": HOME}
    assert texts(not_run_rows(ToolUse("t1", "Foo", {}), unknown, **place)) == [
        "✗ Foo · not run: There is no tool 'Foo'"
    ]
    stopped = ToolResult(
        "t1", (Text("Interrupted before it finished; what it had done until then was not undone."),), True
    )
    assert texts(not_run_rows(ToolUse("t1", "Bash", {"command": "make"}), stopped, **place)) == [
        "✗ Bash make · stopped; what it had done until then was not undone"
    ]


@pytest.mark.behaviour("B-808")
async def test_an_edit_is_a_diff_with_line_numbers(tools: Tools) -> None:
    path = tools.folder / "app.py"
    path.write_text(APP)
    await tools("Read", file_path=str(path))
    old = 'def greet(name):\n    return "Hello " + name'
    done = await tools("Edit", file_path=str(path), old_string=old, new_string=POLITE)
    assert tools.rows(done) == [
        "✓ Edit app.py · +3 -2",
        "   1  import os",
        "   2",
        "   3",
        "   4 -def greet(name):",
        '   5 -    return "Hello " + name',
        "   4 +def greet(name: str) -> str:",
        '   5 +    """Return a friendly greeting."""',
        '   6 +    return f"Hello, {name}!"',
        "   7",
        "   8",
        '   9  print(greet("Bo"))',
    ]
    assert tools.rows(done, brief=True, note="allowed once") == ["✓ Edit app.py · +3 -2 · allowed once"]
    again = await tools("Edit", file_path=str(path), old_string=old, new_string=POLITE)
    assert tools.rows(again)[0] == "✓ Edit app.py · already applied"


async def test_a_new_file_shows_its_first_lines(tools: Tools) -> None:
    done = await tools("Write", file_path=f"{tools.folder}/notes.md", content="line\n" * 32)
    rows = tools.rows(done)
    assert rows[0] == "✓ Write notes.md · new, 32 lines"
    assert rows[10:] == ["  10 +line", "  … 22 more lines · ctrl+o shows all"]


async def test_a_long_diff_shows_its_first_30_lines(tools: Tools) -> None:
    path = tools.folder / "long.txt"
    path.write_text("".join(f"{number}\n" for number in range(100)))
    await tools("Read", file_path=str(path))
    text = "".join(f"{number}{'!' if number % 20 < 8 else ''}\n" for number in range(100))
    rows = tools.rows(await tools("Write", file_path=str(path), content=text))
    assert rows[0] == "✓ Write long.txt · +40 -40"
    assert rows[-1] == "  … 78 more lines in 4 places · ctrl+o shows all"
    assert "   …" in rows


async def test_a_cell_and_a_todo_list(tools: Tools) -> None:
    assert tools.rows(await tools("TodoWrite", todos=[{"content": "a", "status": "pending", "activeForm": "a"}])) == []
    done = finished(
        "NotebookEdit", notebook_path="/shop/a.ipynb",
        data={"edit_mode": "replace", "old_source": "a = 1", "new_source": "a = 2", "cell_id": "x"},
    )  # fmt: skip
    assert shown(done) == ["✓ NotebookEdit a.ipynb · +1 -1", "   1 -a = 1", "   1 +a = 2"]


@pytest.mark.behaviour("B-1867")
@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"message": "Hi\x1b[2J there"}, "Hi\\x1b[2J there"),
        ({"a": 2, "b": [3, None]}, "a: 2, b: [3, null]"),
        ({"url": "https://x/", "body": "one\ntwo"}, "url: https://x/, body: one two"),
        ({"a": "x" * 9_000, "b": 1}, f"a: {'x' * 63}…"),
    ],
)
def test_what_a_tool_of_a_server_was_called_with(given: Json, seen: str) -> None:
    assert shown(finished("mcp__s__do", "x", **given)) == [f"✓ mcp__s__do {seen}"]


@pytest.mark.behaviour("B-1867")
def test_what_was_wrong_with_the_input_of_a_call() -> None:
    text = "Read was not run: its input has 2 problems.\n- file_path is needed.\n- limit must be a number."
    done = finished("Read", f"<tool_use_error>{text}</tool_use_error>", failed=True)
    assert shown(done) == ["✗ Read · failed: file_path is needed"]


def test_tools_that_are_not_known_and_old_data() -> None:
    assert shown(finished("mcp__git__log", "x", query="last")) == ["✓ mcp__git__log last"]
    assert shown(
        finished("Edit", data={"structuredPatch": ["odd", {"lines": 3}, {"lines": ["+a"]}]}, file_path="/x")
    ) == [
        "✓ Edit /x · +1 -0",
        "   1 +a",
    ]
    asked = {"questions": [], "answers": {"Which database?": "SQLite", "Which extras?": "Tests, Docs"}}
    assert shown(finished("AskUserQuestion", data=asked)) == [
        "✓ You chose: Which database? → SQLite · Which extras? → Tests, Docs"
    ]
    background = finished("Bash", data={"stdout": "", "backgroundTaskId": "b1"}, command="npm run dev")
    assert shown(background) == ["✓ Bash npm run dev · runs in the background as b1"]


def test_what_was_not_allowed() -> None:
    call = ToolUse("t1", "Edit", {"file_path": "/home/mia/app.py"})

    def said(message: str, *, by_you: bool) -> list[str]:
        denied = PermissionDenied(call=call, summary="", reasons=(), message=message)
        return texts(denied_rows(denied, by_you=by_you, width=80, folder=Path("/shop"), home=HOME))

    assert said("use hello", by_you=True) == ["✗ Edit ~/app.py · you said no: use hello"]
    assert said("the person said no", by_you=True) == ["✗ Edit ~/app.py · you said no"]
    assert said("a rule denies it", by_you=False) == ["✗ Edit ~/app.py · not allowed: a rule denies it"]


@pytest.mark.behaviour("B-809")
def test_all_of_a_call_can_be_read() -> None:
    long = finished("Bash", data={"stdout": "x" * 50 + "\n" + "\n".join(map(str, range(40)))}, command="make\nlint")
    rows = whole(long, Theme("none", "none"), 40, folder=Path("/shop"), home=HOME).split("\n")
    assert rows[:6] == ["✓ Bash · 0.4s", "make", "lint", "", "x" * 40, "x" * 10]
    assert rows[6:] == [*map(str, range(40)), ""]
    hunks = list(patch("", "".join(f"{number}\n" for number in range(60))).hunks)
    edit = finished("Write", data={"structuredPatch": hunks, "type": "create"}, file_path="/shop/a.py")
    assert len(whole(edit, Theme(), 80, folder=Path("/shop"), home=HOME).split("\n")) == 62
    page = {"type": "text", "file": {"content": "a\nb", "startLine": 7}}
    read = whole(finished("Read", "     7\ta", data=page), Theme("none", "none"), 80, folder=Path("/"), home=HOME)
    assert read == "✓ Read · 0.4s\n     7 a\n     8 b\n"
    assert "no match" in whole(finished("Grep", "no matches", pattern="x"), Theme(), 80, folder=Path("/"), home=HOME)


def test_a_diff_has_syntax_colours_on_a_background() -> None:
    lines = change_of(list(patch("x = 1\n", "def f(): pass\n").hunks)).rows
    theme = Theme("dark", "true", "dark")
    painted = [theme.paint(each) for each in diff_rows(lines, 80, language="python")]
    assert painted[0] == "\x1b[2m   1 \x1b[0m\x1b[48;2;64;20;24m-x = \x1b[0m\x1b[35;48;2;64;20;24m1\x1b[0m"
    assert "\x1b[36;48;2;16;48;24mdef\x1b[0m" in painted[1]
    assert Theme().paint(diff_rows(lines, 80)[0]) == "\x1b[2m   1 \x1b[0m\x1b[31m-x = 1\x1b[0m"


ODD = ["漢字", "👩‍💻", "\u202e", "\x1b[2J", "\x1b]133;A\x07", "[red]", "\t", "\n", "e\u0301", "x" * 90, "\ud800"]


def test_the_change_a_question_is_about() -> None:
    call = ToolUse("t1", "Edit", {"file_path": "/a", "old_string": "x", "new_string": "y"})
    change = evidence_of(call, Path("/a"), lambda _: "x\nx\n")
    assert texts(evidence_rows("Edit a", change, 80, "ctrl+o shows all")) == [
        "Edit a · +1 -1",
        "  ! The text to replace is in the file 2 times, so this edit may fail.",
        "     -x",
        "      \\ No newline at end of file",
        "     +y",
        "      \\ No newline at end of file",
    ]
    new = evidence_of(ToolUse("t1", "Write", {"content": "a\n" * 300}), Path("/a"), lambda _: None)
    assert texts(evidence_rows("Write a", new, 80, "ctrl+o shows all"))[-1] == "  … 270 more lines · ctrl+o shows all"


NASTY = st.one_of(st.sampled_from(ODD), st.text(max_size=5))
TEXTS = st.lists(NASTY, max_size=12).map("".join)


@pytest.mark.behaviour("B-810")
@given(TEXTS, TEXTS, st.integers(1, 120), st.booleans())
def test_no_row_of_a_call_is_wider_than_the_terminal(one: str, other: str, width: int, failed: bool) -> None:
    place: dict[str, Any] = {"width": width, "folder": Path("/shop"), "home": HOME}
    edit = {"structuredPatch": list(patch(one, other).hunks)}
    denied = PermissionDenied(call=ToolUse("t", one, {"command": other}), summary=one, reasons=(), message=other)
    calls = [
        finished("Bash", data={"stdout": other}, failed=failed, command=one),
        finished("Edit", data=edit, file_path=one),
        finished(one, other, failed=failed, query=other),
        finished("AskUserQuestion", data={"answers": {one: other}}),
    ]
    rows = [each for call in calls for each in call_rows(call, **place)]
    rows += denied_rows(denied, by_you=failed, **place)
    rows += [*not_run_rows(ToolUse("t", one, {"command": other}), ToolResult("t", (Text(other),), True), **place)]
    assert all(width_of(each) <= width for each in rows)
    assert all(plain(each).replace("\u200d", "").isprintable() for each in rows)
    text = whole(calls[0], Theme("none", "none"), width, folder=Path("/shop"), home=HOME)
    assert all(size_of(line) <= width for line in text.split("\n"))
