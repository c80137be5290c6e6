"""Hooks of settings files: what counts, what does not, and how it is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.config import HookSource
from coder.hooks.config import MOST, HookSet
from coder.hooks.points import POINTS
from tests.support.hooking import command, hook_set, on


def read(events: Any) -> tuple[HookSet, tuple[str, ...]]:
    return HookSet.of([HookSource("settings.json", "user", events)])


@pytest.mark.behaviour("B-1170")
def test_a_mistake_takes_nothing_else_with_it() -> None:
    made, warnings = read({
        "PreToolUse": [
            {"matcher": "Bash", "hooks": [command("one"), {"type": "magic"}, 7, {"type": "command"}, command("two")]},
            {"matcher": "(a+)+", "hooks": [command("never")]},
            {"matcher": 3, "hooks": [command("never")]},
            "text",
            {"hooks": {}},
        ],
        "PreTooluse": [],
        "Stop": {},
        "Unheard": [],
    })  # fmt: skip
    assert [handler.what for handler in made.all] == ["one", "two"]
    places = [
        "PreToolUse[0].hooks[1]",
        "PreToolUse[0].hooks[2]",
        "PreToolUse[0].hooks[3]",
        "PreToolUse[1].matcher",
        "PreToolUse[2].matcher",
        "PreToolUse[3]",
        "PreToolUse[4].hooks",
        "PreTooluse",
        "Stop",
        "Unheard",
    ]
    assert len(warnings) == len(places)
    for place, warning in zip(places, warnings, strict=True):
        assert warning.startswith(f"settings.json: hooks.{place} ")
    assert "Did you mean PreToolUse?" in warnings[7]


@pytest.mark.parametrize(
    ("event", "handler", "word"),
    [
        ("Stop", command("x", **{"if": "Bash(ls)"}), "`if`"),
        ("SessionStart", {"type": "prompt", "prompt": "x"}, "prompt"),
        ("SessionStart", {"type": "http", "url": "http://localhost"}, "http"),
        ("Notification", {"type": "agent", "prompt": "x"}, "agent"),
        ("Stop", command("x", timeout=0), "timeout"),
        ("Stop", command("x", timeout="5"), "timeout"),
        ("Stop", command("x", args="a b"), "args"),
        ("Stop", command("x\0"), "NUL"),
        ("Stop", command("x", shell="fish"), "fish"),
        ("Stop", {"type": "http", "url": "http://x", "headers": {"a": 1}}, "headers"),
        ("Stop", {"type": "mcp_tool", "tool": "x"}, "server"),
        ("Stop", {"type": "http", "url": "ftp://x/"}, "url"),
        ("Stop", {"type": "http", "url": "https://x\t.example.com/"}, "url"),
        ("Stop", {"type": "http", "url": "file:///etc/passwd"}, "url"),
    ],
)
def test_what_a_point_or_a_key_does_not_take(event: str, handler: Any, word: str) -> None:
    made, (warning,) = read(on(event, handler))
    assert not made.all
    assert word in warning


def test_every_key_is_read() -> None:
    made, warnings = read({
        "PostToolUse": [{"matcher": "Edit", "hooks": [
            command("a", args=["b"], timeout=7, statusMessage="busy", asyncRewake=True, **{"if": "Edit(*.py)"}),
            {"type": "http", "url": "http://localhost/x?key=1", "headers": {"A": "$B"}, "allowedEnvVars": ["B"]},
            {"type": "prompt", "prompt": "p", "model": "m", "continueOnBlock": True},
            {"type": "mcp_tool", "server": "s", "tool": "t", "input": {"a": 1}},
        ]}],
    })  # fmt: skip
    assert not warnings
    first, http, prompt, tool = made.all
    assert (first.args, first.timeout, first.status, first.rule) == (("b",), 7, "busy", "Edit(*.py)")
    assert first.background and first.wakes
    assert (http.headers, http.env_names, http.shown) == ({"A": "$B"}, ("B",), "http://localhost/x")
    assert (prompt.model, prompt.goes_on, tool.what) == ("m", True, "s/t")


@pytest.mark.behaviour("B-1172")
def test_the_same_hook_of_two_files_runs_once() -> None:
    made = hook_set(
        on("Stop", command("a"), command("b")),
        on("Stop", command("b"), command("a", timeout=5), command("b", args=[])),
    )
    assert [(handler.what, handler.origin, handler.args) for handler in made.matching("Stop")] == [
        ("a", "file0", None),
        ("b", "file0", None),
        ("b", "file1", ()),
    ]


def test_matchers_count_where_there_is_something_to_match() -> None:
    made = hook_set(on("PreToolUse", command("a"), matcher="Bash"), on("Stop", command("b"), matcher="Nothing"))
    assert made.wants("PreToolUse", "Bash")
    assert not made.wants("PreToolUse", "Read")
    assert made.wants("Stop")
    assert not made.wants("Unheard")
    assert hook_set(on("FileChanged", command("a"), matcher="envrc|env")).wants("FileChanged", "/a/env")


def test_hooks_of_a_skill_or_an_agent_join_and_leave() -> None:
    before = hook_set(on("Stop", command("a")))
    more, warnings = before.with_more(
        on("Stop", command("b", once=True)) | {"Sotp": []}, "SKILL.md", root="/skill", agent=True
    )
    assert [handler.what for handler in before.all] == ["a"]
    (fresh,) = more.matching("SubagentStop", "explorer")
    assert (fresh.once, fresh.root, fresh.origin) == (True, "/skill", "SKILL.md")
    assert len(warnings) == 1
    assert not more.without([fresh]).wants("SubagentStop")
    assert not hook_set(on("Stop", command("b", once=True))).all[0].once  # in settings it means nothing


def test_ten_thousand_hooks_are_bounded() -> None:
    made, (warning,) = read(on("Stop", *(command(str(number)) for number in range(10_000))))
    assert len(made.all) == MOST
    assert "2,000" in warning


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["command", "prompt", "http", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "command", "hooks", "matcher", "timeout", "args", "if", "url"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(list(POINTS)) | st.text(max_size=20), values, max_size=4))
def test_total(events: Any) -> None:
    made, warnings = read(events)
    assert all("\n" not in warning for warning in warnings)
    for handler in made.all:
        assert handler.shown
