"""Whatever a project says and takes back between and in runs: each request begins with the whole one before it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.app.starting import NEW, Start
from tests.support.crowd import put
from tests.support.fakeapi import rule, running_api, tool
from tests.support.prefixes import edits
from tests.support.talks import Talk

SKILL = "---\ndescription: {}\n---\nDo {} with $ARGUMENTS.\n"
FILES = ("CLAUDE.md", "CLAUDE.local.md", "web/CLAUDE.md", ".claude/rules/a.md", "docs/a.md")
TEXTS = ("", "One.\n", "Two. @docs/a.md\n", "---\npaths: web/**\n---\nThree.\n")
PROMPTS = ("hello", "see @docs/a.md", "read", "both", "use one", "use two", "/one a", "/hard", "/big", "/compact")

writes = st.tuples(st.just("write"), st.sampled_from(FILES), st.sampled_from(TEXTS))
removes = st.tuples(st.just("remove"), st.sampled_from(FILES), st.just(""))
installs = st.tuples(st.just("install"), st.sampled_from(["one", "two", "three"]), st.sampled_from(["x", "y"]))
says = st.tuples(st.just("say"), st.sampled_from(PROMPTS), st.sampled_from(["default", "plan", "acceptEdits"]))
events = st.lists(st.one_of(writes, removes, installs, says, says), min_size=4, max_size=14)


def change(talk: Talk, what: str, name: str, text: str) -> None:
    match what:
        case "write":
            put(talk.project / name, text)
        case "remove":
            (talk.project / name).unlink(missing_ok=True)
        case "install":
            put(talk.project / ".claude" / "skills" / name / "SKILL.md", SKILL.format(text, name))


async def one_life(root: Path, steps: Sequence[tuple[str, str, str]]) -> None:
    reads = tool("Read", file_path=str(root / "project" / "web" / "page.txt"))
    script = {
        "rules": [
            rule({"last_user_contains": "summary of this conversation"}, "The summary."),
            rule({"user_regex": r"(?m)^read$"}, reads),
            rule({"user_regex": r"(?m)^both$"}, reads, tool("Bash", command="ls")),
            rule({"user_regex": r"(?m)^use (?P<skill>\w+)$"}, tool("Skill", skill="{{skill}}", args="a")),
        ],
        "otherwise": "Fine.",
    }
    async with running_api(script) as api:
        talk = Talk.at(root, api.url)
        put(talk.project / "web" / "page.txt", "a page\n")
        put(talk.project / "docs" / "a.md", "Words.\n")
        put(talk.state / "commands" / "hard.md", "---\neffort: high\n---\nHard.\n")
        put(talk.state / "commands" / "big.md", "---\nmodel: claude-opus-5-5\n---\nBig.\n")
        change(talk, "install", "one", "x")
        begun = False
        for what, name, more in (("say", "hello", "default"), *steps, ("say", "hello", "default")):
            if what != "say":
                change(talk, what, name, more)
                continue
            session = await talk.open(Start(continue_latest=True) if begun else NEW, permission_mode=more)
            try:
                await (session.compact() if name == "/compact" else session.prompt(name))
            finally:
                await session.aclose()
            begun = True
        allowed = {"another model", "another effort", "compaction"}
        assert {each.why for each in edits(api)} <= allowed


def check(steps: Sequence[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(one_life(Path(folder), steps))


@pytest.mark.behaviour("B-1326")
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(events)
def test_the_prefix_holds_whatever_happens(steps: Sequence[tuple[str, str, str]]) -> None:
    check(steps)


@pytest.mark.soak
@settings(max_examples=1_500, deadline=None, suppress_health_check=list(HealthCheck))
@given(events)
def test_the_prefix_holds_whatever_happens_for_long(steps: Sequence[tuple[str, str, str]]) -> None:
    check(steps)
