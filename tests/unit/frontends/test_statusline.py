from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.config import StatusCommand
from coder.core.messages import Usage
from coder.frontends.statusline import StatusLine, cleaned
from coder.frontends.statusline_facts import StatusFacts, payload

FACTS = StatusFacts("0123", Path("/tmp"), Path("/tmp"), "claude-test", "0.1.0")


class Watched:
    """A status line, and a way to wait for its next change."""

    def __init__(
        self, command: str, timeout: float = 20.0, refresh: float | None = None, debounce: float = 0.0
    ) -> None:
        self.changed = asyncio.Event()
        given_env = {"PATH": os.environ["PATH"], "MINE": "1"}
        wanted = StatusCommand(command, padding=1, refresh=refresh)
        self.line = StatusLine(
            wanted, given_env, self.changed.set, lambda: (72, 21), debounce=debounce, timeout=timeout
        )

    async def change(self) -> tuple[str | None, str]:
        async with asyncio.timeout(30):
            await self.changed.wait()
        self.changed.clear()
        return self.line.text, self.line.problem


@asynccontextmanager
async def watched(
    command: str, timeout: float = 20.0, refresh: float | None = None, debounce: float = 0.0
) -> AsyncIterator[Watched]:
    made = Watched(command, timeout, refresh, debounce)
    try:
        yield made
    finally:
        await made.line.aclose()


@pytest.mark.behaviour("B-952")
def test_the_payload_has_the_documented_keys() -> None:
    used = Usage(10, 20, 30, 40)
    facts = StatusFacts(
        session_id="0123",
        cwd=Path("/w/sub"),
        project=Path("/w"),
        model="claude-x",
        version="0.1.0",
        transcript=Path("/h/t.jsonl"),
        name="Fix it",
        added_dirs=(Path("/more"),),
        model_shown="X",
        prompt_id="p1",
        cost=0.5,
        seconds=2.0,
        api_seconds=1.5,
        lines_added=4,
        lines_removed=1,
        total=used,
        last=used,
        used=50_000,
        effort="high",
        thinks=True,
        vim="NORMAL",
    )
    assert payload(facts) == {
        "cwd": "/w/sub",
        "session_id": "0123",
        "session_name": "Fix it",
        "prompt_id": "p1",
        "transcript_path": "/h/t.jsonl",
        "model": {"id": "claude-x", "display_name": "X"},
        "workspace": {"current_dir": "/w/sub", "project_dir": "/w", "added_dirs": ["/more"]},
        "version": "0.1.0",
        "output_style": {"name": "default"},
        "cost": {
            "total_cost_usd": 0.5,
            "total_duration_ms": 2000,
            "total_api_duration_ms": 1500,
            "total_lines_added": 4,
            "total_lines_removed": 1,
        },
        "context_window": {
            "total_input_tokens": 80,
            "total_output_tokens": 20,
            "context_window_size": 200_000,
            "used_percentage": 25,
            "remaining_percentage": 75,
            "current_usage": {
                "input_tokens": 10,
                "output_tokens": 20,
                "cache_creation_input_tokens": 30,
                "cache_read_input_tokens": 40,
            },
        },
        "exceeds_200k_tokens": False,
        "fast_mode": False,
        "effort": {"level": "high"},
        "thinking": {"enabled": True},
        "vim": {"mode": "NORMAL"},
    }


def test_what_is_not_known_is_null_or_left_out() -> None:
    made = payload(FACTS)
    assert made["context_window"]["used_percentage"] is made["context_window"]["current_usage"] is None
    assert not {"session_name", "prompt_id", "effort", "vim", "agent", "worktree"} & set(made)


@pytest.mark.behaviour("B-952")
async def test_the_command_gets_the_facts_and_the_size_and_its_lines_are_shown(tmp_path: Path) -> None:
    told = tmp_path / "told"
    async with watched(f"cat > {told}; echo $COLUMNS $LINES $MINE; printf 'two\\nthree\\nfour'") as made:
        made.line.update(FACTS)
        assert await made.change() == (" 72 21 1\n two\n three", "")
    assert json.loads(told.read_text(encoding="utf-8")) == payload(FACTS)


@pytest.mark.behaviour("B-953")
@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("echo gone wrong >&2; exit 3", "the command ended with exit code 3: gone wrong."),
        ("nowhere-to-be-found", "the command ended with exit code 127: "),
        ("true", "the command printed nothing."),
        ("sleep 60", "the command took longer than 0.2 s and was ended."),
    ],
)
async def test_a_command_that_fails_leaves_the_built_in_line_and_says_why(command: str, problem: str) -> None:
    async with watched(command, timeout=0.2 if command.startswith("sleep") else 20.0) as made:
        made.line.update(FACTS)
        text, said = await made.change()
        assert text is None
        assert said.startswith(f"statusLine: {problem}")


@pytest.mark.behaviour("B-953")
async def test_what_is_under_way_is_ended_with_all_it_started_when_something_changes(tmp_path: Path) -> None:
    pid, gone = tmp_path / "pid", tmp_path / "gate"
    os.mkfifo(gone)
    script = f"grep -q first && {{ sleep 60 & echo $! > {pid}.new; mv {pid}.new {pid}; cat {gone}; }}; echo new"
    async with watched(script) as made:
        made.line.update(StatusFacts("first", Path("/"), Path("/"), "m", "1"))
        async with asyncio.timeout(30):
            while not pid.exists():
                await asyncio.sleep(0.01)
        made.line.update(FACTS)
        assert await made.change() == (" new", "")
        async with asyncio.timeout(30):
            while _runs(int(pid.read_text(encoding="utf-8"))):
                await asyncio.sleep(0.01)


async def test_several_changes_at_once_run_it_once(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    async with watched(f"echo x >> {runs}; echo done", debounce=0.1) as made:
        for _ in range(5):
            made.line.update(FACTS)
            await asyncio.sleep(0)
        assert await made.change() == (" done", "")
    assert runs.read_text(encoding="utf-8") == "x\n"


async def test_it_is_run_again_after_the_interval(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    async with watched(f"echo x >> {runs}; wc -l < {runs}", refresh=0.01) as made:
        made.line.update(FACTS)
        seen = [(await made.change())[0] for _ in range(3)]
    assert seen == [" 1", " 2", " 3"]


async def test_nothing_runs_after_the_end(tmp_path: Path) -> None:
    made = Watched(f"touch {tmp_path / 'made'}", debounce=0.0)
    made.line.update(FACTS)
    await made.line.aclose()
    made.line.update(FACTS)
    async with watched("sleep 0.1; echo other") as other:  # as long as it would have taken
        other.line.update(FACTS)
        await other.change()
    assert not (tmp_path / "made").exists()


@pytest.mark.behaviour("B-954")
@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("\x1b[1;32mok\x1b[0m", "\x1b[1;32mok\x1b[0m\x1b[0m"),
        ("\x1b[2J\x1b[Hhome", "home"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
        ("\x1bcreset\x1b7", "reset"),
        ("a\x1b[", "a"),
        ("a\rb\x07\u202ec", "abc"),
        ("\ue0b0 \U0001f469\u200d\U0001f4bb", "\ue0b0 \U0001f469\u200d\U0001f4bb"),
    ],
)
def test_only_colours_of_its_output_are_kept(printed: str, kept: str) -> None:
    assert cleaned(printed) == kept
    assert "\x1b" not in cleaned(printed, colours=False)


@given(st.text(alphabet="\x1b[]0;31mHJa\x07\\P\x9b?h", max_size=40))
def test_no_output_gets_anything_but_colours_through(text: str) -> None:
    rest = cleaned(text)
    for piece in rest.split("\x1b")[1:]:
        assert piece[0] == "["
        digits = piece[1:].lstrip("0123456789;:")
        assert digits[:1] == "m"


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
