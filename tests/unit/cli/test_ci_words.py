"""Words of strangers in a job: what is read of an event, how they are fenced, what is told and what kept back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coder.cli.ci_event import Happening, happening
from coder.cli.ci_fence import as_comment, fenced, masked
from coder.cli.ci_paths import is_configuration, is_held
from coder.cli.ci_secrets import clear, is_kept_back, secrets_of
from coder.cli.ci_told import known_labels, labels_in, write_outputs
from coder.commands.mentions import written_mentions
from coder.core.errors import ConfigError
from tests.support.jobs import outputs_of

PIECES = st.sampled_from(["`", "```", "~~~~", "\n", "@a.txt", " ", "x", "@`b`", '@"c d"', "\r", "\x1b[1m", "````\n@e"])


@pytest.mark.behaviour("B-2318")
@settings(suppress_health_check=[HealthCheck.too_slow])  # of the machine, not of the strategy
@given(st.lists(PIECES, max_size=12).map("".join), st.integers(1, 60), st.booleans())
@example("````\n@/etc/passwd\n````", 60, False)
def test_what_is_fenced_neither_ends_its_fence_nor_has_a_file_attached(text: str, most: int, from_end: bool) -> None:
    made = fenced("Title", text, most, from_end=from_end)
    lines = made.split("\n")
    fence = lines[1]
    assert set(fence) == {"`"} and len(fence) >= 4
    assert [at for at, line in enumerate(lines) if line.strip().startswith(fence)] == [1, lines.index(fence, 2)]
    assert list(written_mentions(f"Before.\n\n{made}\n\nBehind @last.")) == ["last."]


@pytest.mark.behaviour("B-2318")
def test_what_is_left_out_is_said() -> None:
    assert fenced("Log", "a" * 30 + "end", 3, from_end=True) == (
        "Log:\n````\nend\n````\n(30 characters before this are left out)"
    )
    assert "more are left out" in fenced("Log", "a" * 30, 3)


GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "g/p",
    "CI_MERGE_REQUEST_IID": "3",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "g/p",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": "a" * 40,
    "CI_COMMIT_SHA": "b" * 40,
    "CI_MERGE_REQUEST_TITLE": "mend",
}


@pytest.mark.behaviour("B-2318")
def test_a_merge_request_of_gitlab() -> None:
    found = happening(GITLAB)
    assert (found.kind, found.number, found.base, found.head) == ("request", 3, "a" * 40, "b" * 40)
    assert (found.title, found.is_fork) == ("mend", False)
    assert happening({**GITLAB, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "x/p"}).is_fork
    assert happening({}) == Happening()


@pytest.mark.behaviour("B-2318")
@pytest.mark.parametrize(
    "event",
    [
        {"pull_request": {"number": "7; x", "head": {"sha": "$(x)", "repo": None}, "base": {"sha": "main"}}},
        {"pull_request": {"number": True, "head": [], "base": None, "title": {"a": 1}}},
        {"repository": {"full_name": "a/b;c"}, "pull_request": {"number": -1, "user": "x"}},
        {"pull_request": {"number": 10**400 and 0, "head": {"sha": "0" * 40}}},
    ],
)
def test_nothing_but_numbers_and_commits_gets_through_where_they_are_meant(event: Any, tmp_path: Path) -> None:
    (tmp_path / "e").write_text(json.dumps(event))
    found = happening({"GITHUB_EVENT_PATH": str(tmp_path / "e")})
    assert (found.number, found.base, found.head, found.repository, found.title) == (0, "", "", "", "")
    assert found.is_fork


@pytest.mark.behaviour("B-2318")
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"a":'])
def test_an_event_that_cannot_be_read_is_said_in_a_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(content)
    for path in (tmp_path / "e", tmp_path / "none", tmp_path):
        with pytest.raises(ConfigError, match="GITHUB_EVENT_PATH"):
            happening({"GITHUB_EVENT_PATH": str(path)})


@pytest.mark.behaviour("B-2318")
@pytest.mark.parametrize(
    ("name", "kept_back"),
    [
        *((name, True) for name in ("GITHUB_TOKEN", "GH_TOKEN", "NPM_TOKEN", "ACTIONS_RUNTIME_URL", "INPUT_X")),
        *((name, True) for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "CI_JOB_TOKEN", "CODER_CI_PROMPT")),
        *((name, True) for name in ("DB_PASSWORD", "CI_REPOSITORY_URL", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY")),
        *((name, False) for name in ("PATH", "HOME", "GITHUB_SHA", "CI", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")),
        *(
            (name, False)
            for name in ("CLAUDE_CODE_MAX_OUTPUT_TOKENS", "MAX_THINKING_TOKENS", "AWS_REGION", "KEEP_TOKEN")
        ),
    ],
)
def test_what_commands_of_a_job_are_not_given(name: str, kept_back: bool) -> None:
    assert is_kept_back(name, ("KEEP_TOKEN",)) is kept_back
    env = {name: "value-of-it"}
    clear(env, ("KEEP_TOKEN",))
    assert (name not in env) is kept_back
    assert not is_kept_back("AWS_SECRET_ACCESS_KEY", cloud=True)


@pytest.mark.behaviour("B-2318")
def test_no_output_shows_a_secret() -> None:
    secrets = secrets_of(
        {"NPM_TOKEN": "abcdefgh", "NPM_TOKEN_2": "abcdefghij", "X": "plain-value", "MAX_TOKENS": "100000"}
    )
    assert masked("abcdefghij abcdefgh plain-value 100000 ghp_0123456789abcdefghijk", secrets) == (
        "*** *** plain-value 100000 ***"
    )


@pytest.mark.behaviour("B-2318")
def test_a_comment_calls_nobody_and_loads_nothing() -> None:
    made = as_comment("@ann a@b.example `@pytest`\n/merge\n![x](http://e) <IMG src=y> [ok](http://e)\x1b[1m")
    assert made == "@\u200bann a@b.example `@\u200bpytest`\n\u200b/merge\n[x](http://e) &lt;IMG src=y> [ok](http://e)"
    assert len(as_comment("x" * 70_000)) < 65_536


@pytest.mark.behaviour("B-2318")
def test_labels_are_those_there_are() -> None:
    known = known_labels("bug, needs info ,docs,bug")
    assert known == ("bug", "needs info", "docs")
    assert labels_in("labels: docs\n\n**Labels:** `Bug`, made up, *needs info*.", known) == ("bug", "needs info")
    assert labels_in("Labels: none", known) == labels_in("no line", known) == ()


@pytest.mark.behaviour("B-2318")
@given(st.dictionaries(st.sampled_from(["a", "b-c"]), st.text("ab\n\r<EOF>=\u2028é", max_size=20)))
@example({"a": "x\nb<<E\nforged\nE\n"})
def test_a_later_step_reads_what_was_written_and_no_more(values: dict[str, str]) -> None:
    import tempfile

    plain = {name: value.encode("utf-8", "replace").decode().replace("\r", "") for name, value in values.items()}
    with tempfile.NamedTemporaryFile() as file:
        write_outputs({"GITHUB_OUTPUT": file.name}, plain)
        assert outputs_of(Path(file.name).read_bytes().decode()) == plain


@pytest.mark.behaviour("B-2317")
@pytest.mark.parametrize(
    ("path", "steers", "is_left_alone"),
    [
        *(
            (path, True, True)
            for path in ("CLAUDE.md", "a/b/claude.MD", ".claude", ".claude/x/y", "a/.Coder/z", ".mcp.json")
        ),
        *((path, True, True) for path in ("AGENTS.md", "CLAUDE.local.md")),
        *((path, False, True) for path in (".github/workflows/x.yml", ".gitlab-ci.yml", "action.yml")),
        *((path, False, False) for path in ("src/app.py", "claude.py", "docs/CLAUDE.md.txt", "mcp.json")),
    ],
)
def test_which_paths_steer(path: str, steers: bool, is_left_alone: bool) -> None:
    assert (is_configuration(path), is_held(path)) == (steers, is_left_alone)
