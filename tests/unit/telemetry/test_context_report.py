from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.contents import context_report
from coder.cli.context_page import page
from coder.core.errors import ModelError
from coder.core.messages import Message, Meta, Text, ToolResult, ToolUse, Usage
from coder.core.model import ModelRequest, ToolSpec
from coder.telemetry.context_report import Category, ContextReport, Item, shares

REQUEST = ModelRequest("claude-sonnet-5-5", (), ("Be good." * 50,), (ToolSpec("Read", "Reads.", {"type": "object"}),))
ITEMS = st.lists(
    st.builds(Item, st.sampled_from(get_args(Category)), st.text(max_size=3), st.integers(0, 10**7)), max_size=30
)


async def no_count(request: ModelRequest) -> int:
    raise ModelError("no key", "auth")


def user(text: str, kind: str = "prompt", ts: str = "1") -> Message:
    return Message("user", (Text(text),), Meta(kind=kind, timestamp=ts))  # type: ignore[arg-type]  # kinds by name


def wrote(*blocks: Text | ToolUse, prompt: int = 0, ts: str = "2") -> Message:
    return Message("assistant", blocks, Meta(kind="reply", usage=Usage(prompt, 10), timestamp=ts))


CALL = ToolUse("t", "Read", {"file_path": "src/app.py"})
RESULT = Message("user", (ToolResult("t", (Text("x" * 9_000),)),), Meta(kind="results"))


@pytest.mark.behaviour("B-546")
@given(ITEMS, st.integers(0, 10**7))
def test_the_parts_add_up_to_the_total_to_the_last_token(items: list[Item], total: int) -> None:
    found = shares(items, total)
    assert sum(share.tokens for share in found) == (total if items else 0)
    report = ContextReport("m", total, "counted", 200_000, None, found)
    assert sum(report.tokens_of(name) for name in get_args(Category)) == (total if items else 0)
    weights = sum(item.weight for item in items)
    assert all(abs(share.tokens * weights - share.item.weight * total) < weights for share in found if weights)
    assert sum(part["tokens"] for part in report.to_json()["parts"].values()) == (total if items else 0)


@pytest.mark.behaviour("B-546")
async def test_the_total_is_what_the_api_counted_for_the_last_request() -> None:
    messages = [
        user("hi", "context"),
        user("look"),
        wrote(CALL, prompt=2_000),
        RESULT,
        wrote(Text("done"), prompt=5_123),
    ]
    report = await context_report(REQUEST, [*messages, user("more")], 160_000, no_count)
    assert (report.total, report.source, report.count_of("replies")) == (5_123, "counted", 1)
    assert sum(share.tokens for share in report.shares) == 5_123
    assert report.largest[0].item.label == "Read src/app.py" and "offset" in report.largest[0].item.hint
    assert report.later > 0 and report.count_of("prompts") == 1


async def test_without_a_reply_the_api_is_asked_and_without_the_api_it_is_an_estimate() -> None:
    async def count(request: ModelRequest) -> int:
        assert [message.text for message in request.messages] == ["hi"]
        return 777

    counted = await context_report(REQUEST, [user("hi")], None, count)
    assert (counted.total, counted.source) == (777, "counted")
    estimated = await context_report(REQUEST, [user("hi")], None, no_count)
    assert estimated.source == "estimated" and 100 < estimated.total < 200
    assert "estimates by size" in "\n".join(page(estimated))


async def test_skills_are_a_part_and_a_command_is_called_by_what_was_typed() -> None:
    typed = Text("<command-name>/fix</command-name>\n<command-args>12</command-args>")
    prompt = Message("user", (typed, Text("Fix it.")), Meta(kind="prompt"))
    listed = user("<skills>\n- a: does things\n</skills>", "context")
    report = await context_report(REQUEST, [listed, prompt], None, no_count)
    labels = {share.item.label: share.item.category for share in report.shares}
    assert labels["the skills there are"] == "skills" and labels["prompt: /fix 12"] == "prompts"
    pasted = await context_report(REQUEST, [user("<skills> are what I need")], None, no_count)
    assert not pasted.count_of("skills")


async def test_a_count_from_before_a_summary_does_not_stand_for_what_is_there_now() -> None:
    messages = [user("summary", "summary", ts="5"), wrote(CALL, prompt=90_000, ts="3"), RESULT]
    report = await context_report(REQUEST, messages, None, no_count)
    assert report.source == "estimated" and report.total < 5_000
    report = await context_report(REQUEST, [*messages, wrote(Text("a"), prompt=4_000, ts="6")], None, no_count)
    assert (report.total, report.count_of("summaries")) == (4_000, 1)


async def test_the_page_fits_eighty_columns_whatever_stands_in_it() -> None:
    messages = [
        user("\x1b[31m\u202e" + "long " * 400),
        wrote(ToolUse("t", "Bash", {"command": "x" * 500}), prompt=10**6),
    ]
    lines = page(await context_report(REQUEST, messages, 160_000, no_count))
    assert max(map(len, lines)) <= 80 and lines[0].startswith("Context: 1.0M of 1M tokens (100%), compacts at 160k")
    assert "\x1b" not in "".join(lines) and "\u202e" not in "".join(lines)
