"""The screens that are looked at: what they say, and that they fit at any size."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.messages import Usage
from coder.frontends.desk import Desk
from coder.frontends.folding import fold_rows
from coder.frontends.slash import context, cost, help, model, status
from coder.frontends.slash.pages import look
from coder.frontends.styled import plain, row, width_of
from coder.telemetry.context_report import ContextReport, Item, shares
from coder.telemetry.spending import Sum
from tests.support.desks import FakeUi, desk_at
from tests.support.fakeapi import KEY, fault, tool, turn

SIZES = [(40, 20), (60, 24), (80, 24), (120, 40)]
SCREENS = {"help": help.run, "context": context.run, "cost": cost.run, "status": status.run}
Run = Callable[[Desk, str], Awaitable[None]]


def counted(value: str) -> float:
    units = {"k": 1_000.0, "M": 1_000_000.0}
    return float(value[:-1]) * units[value[-1]] if value[-1] in units else float(value)


def parts_of(words: list[str]) -> list[float]:
    """The tokens of each part of a context page, without those that are parts of a part."""
    rows = [line for line in words if line.startswith("  ") and not line.startswith("    ") and "%" in line]
    return [counted(line.rpartition("%")[0].split()[-2]) for line in rows]


@pytest.mark.behaviour("B-862")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
async def test_every_page_fits_and_leaves_nothing_behind(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    ui = FakeUi(*size, reads_on=True)
    async with desk_at(tmp_path, [turn("Hello.")], ui=ui) as desk:
        await desk.prompt("Hi. " + "x" * 200)
        await SCREENS[name](desk, "")
    assert ui.pages[0].rows and ui.said == []
    for page in ui.pages:
        assert len(page.rows) <= size[1] - 4
        assert all(width_of(each) <= size[0] for each in page.rows)


@pytest.mark.behaviour("B-863")
async def test_context_works_before_the_first_prompt_and_its_parts_are_the_whole(tmp_path: Path) -> None:
    async with desk_at(tmp_path, [turn("Hello.")]) as desk:
        await context.run(desk, "")
        before = desk.ui.page_words
        await desk.prompt("Hi.")
        desk.ui.pages.clear()
        await context.run(desk, "")
    for words in (before, desk.ui.page_words):
        assert words[0].startswith("Context: ") and " of 200k tokens (" in words[0] and "compacts at" in words[0]
        assert words[1].startswith("[") and words[1].endswith(".]")
        total = counted(words[0].split()[1])
        assert abs(sum(parts_of(words)) - total) <= total * 0.01 + 100  # they are shown in tenths of a thousand
        assert any("system prompt" in line for line in words) and any("  free" in line for line in words)
    assert any("messages, 1" in line and line.endswith("/compact summarises") for line in words)


@pytest.mark.behaviour("B-863")
async def test_context_works_after_a_conversation_that_no_longer_fits(tmp_path: Path) -> None:
    too_long = turn("x", fault=fault("status", 400, message="prompt is too long: 214000 tokens > 200000 maximum"))
    async with desk_at(tmp_path, [too_long], auto_compact=False) as desk:
        await desk.prompt("Hi.")
        await context.run(desk, "")
    assert desk.ui.page_words[0].startswith("Context: ")


ITEMS = st.builds(
    Item,
    st.sampled_from(["system prompt", "tools", "memory", "environment", "prompts", "replies", "tool results"]),
    st.text(st.sampled_from("ab /日🙂\x1b\u202e"), max_size=12).map(lambda text: text * 6),
    st.integers(0, 10**6),
    st.sampled_from(["", "compaction summarises"]),
)


@given(st.lists(ITEMS, max_size=30), st.integers(0, 999_000), st.integers(1, 130), st.integers(4, 50))
def test_a_context_page_fits_whatever_is_in_it(items: list[Item], total: int, width: int, height: int) -> None:
    report = ContextReport("m", total, "counted", 200_000, 160_000, shares(items, total))
    rows = context.context_rows(report, width, height)
    assert "\x1b" not in "".join(map(plain, rows)) and "\n" not in "".join(map(plain, rows))
    over = [plain(each) for each in rows if width_of(each) > max(width, 80)]
    assert not over
    if total and items and sum(item.weight for item in items):
        assert abs(sum(parts_of([plain(each) for each in rows])) - total) <= total * 0.01 + 500


@pytest.mark.behaviour("B-864")
async def test_cost_says_what_is_known_by_model_and_how_to_set_a_limit(tmp_path: Path) -> None:
    usage = {"input_tokens": 1_000, "cache_read_input_tokens": 9_000, "output_tokens": 500}
    async with desk_at(tmp_path, [turn("Hello.", usage=usage)]) as desk:
        await cost.run(desk, "")
        assert desk.ui.page_words == [
            "This session: $0.00",
            "  The model was not asked for anything yet.",
            "  Limit: none · set one with --max-budget-usd 5",
        ]
        desk.ui.pages.clear()
        await desk.prompt("Hi.")
        await cost.run(desk, "")
        words = desk.ui.page_words
        assert words[0].startswith("This session: $0.0")
        assert "claude-sonnet-4-5" in words[1] and re.search(r"k in \(5\d% from cache\), 500 out", words[1])


@pytest.mark.behaviour("B-864")
@pytest.mark.parametrize("persist", [True, False])
async def test_a_price_that_is_not_known_is_not_zero(tmp_path: Path, persist: bool) -> None:
    async with desk_at(tmp_path, [turn("Hello.")], model="some-model", persist=persist) as desk:
        await desk.prompt("Hi.")
        await cost.run(desk, "")
    assert desk.ui.page_words[0].startswith("This session: cost unknown")
    assert not any("$0.00" in line for line in desk.ui.page_words)
    assert any("some-model" in line and line.endswith("unknown") for line in desk.ui.page_words)


@pytest.mark.behaviour("B-864")
async def test_cost_says_what_was_changed_meanwhile(tmp_path: Path) -> None:
    writes = tool("Write", file_path=str(tmp_path / "project" / "new.py"), content="one\ntwo\n")
    async with desk_at(tmp_path, [turn(writes), turn("Done.")]) as desk:
        await desk.prompt("Write it.")
        await cost.run(desk, "")
    assert desk.ui.page_words[0].endswith(" · +2 -0 lines")


async def test_cost_knows_the_whole_session_when_it_was_opened_again(tmp_path: Path) -> None:
    async with desk_at(tmp_path, [turn("Hello."), turn("Again.")], max_budget_usd=5.0) as desk:
        await desk.prompt("Hi.")
        await desk.reopen(model_name="claude-haiku-4-5")
        await desk.prompt("Hi again.")
        await cost.run(desk, "")
    words = desk.ui.page_words
    assert any("claude-sonnet-4-5" in line for line in words) and any("claude-haiku-4-5" in line for line in words)
    assert any("of $5.00 used" in line for line in words)


NAMES = st.text(st.sampled_from("ab-/日🙂é\x1b\u202e"), min_size=1, max_size=60)
COUNTS = st.integers(0, 10**9)
SUMS = st.builds(
    Sum,
    requests=st.integers(0, 10**6),
    usage=st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS),
    dollars=st.floats(0, 9_999),
    unpriced=st.integers(0, 3),
    unsure=st.integers(0, 3),
    estimated=st.integers(0, 3),
    estimated_dollars=st.floats(0, 10**3),
    seconds=st.floats(0, 10**6),
)


@given(st.dictionaries(NAMES, SUMS, max_size=5), SUMS, st.sampled_from([20, 40, 60, 80, 100]))
def test_a_cost_page_fits_whatever_is_in_it(sums: dict[str, Sum], every: Sum, width: int) -> None:
    rows = cost.cost_rows(sums, every, (2, every), "Limit: none · set one with --max-budget-usd 5", width)
    text = "".join(map(plain, rows))
    assert "\x1b" not in text and "\u202e" not in text
    assert all(width_of(each) <= width for each in fold_rows(rows, width))  # as the page does


@pytest.mark.behaviour("B-865")
async def test_status_tells_what_counts_without_a_request_and_without_the_key(tmp_path: Path) -> None:
    (tmp_path / "home" / ".coder").mkdir(parents=True)
    (tmp_path / "home" / ".coder" / "settings.json").write_text('{"model": "sonnet", "effortLevel": "high"}')
    async with desk_at(tmp_path, [turn("Hello.")], model="claude-sonnet-5-5", effort="high") as desk:
        await status.run(desk, "")
        words = desk.ui.page_words
        text = "\n".join(words)
        assert words[0].startswith("coder ") and desk.session.facts.session_id[:8] in words[0]
        assert "Model      claude-sonnet-5-5 (from ~/.coder/settings.json) · effort high" in words
        assert f"Key        ANTHROPIC_API_KEY, ends in …{KEY[-4:]}" in words and KEY not in text
        assert "Settings   ~/.coder/settings.json" in words and "Mode       bypasses permissions" in words
        await desk.prompt("Find the bug in the parser")
        desk.ui.pages.clear()
        await status.run(desk, "")
        assert '"Find the bug in the parser"' in desk.ui.page_words[0]


@pytest.mark.behaviour("B-865")
async def test_status_shows_no_end_of_a_short_key_and_what_is_wrong_with_settings(tmp_path: Path) -> None:
    (tmp_path / "home" / ".coder").mkdir(parents=True)
    (tmp_path / "home" / ".coder" / "settings.json").write_text('{"effortLevel": "huge"}')
    ui = FakeUi(width=120, height=40)
    async with desk_at(tmp_path, ui=ui, api_key="short-secret", base_url="http://me:pw1234@localhost:1/v1") as desk:
        await status.run(desk, "")
    text = "\n".join(desk.ui.page_words)
    assert "secret" not in text and "cret" not in text and "pw1234" not in text
    said = " ".join(text.split())
    assert "! " in said and "effortLevel must be one of" in said


async def test_help_tells_of_one_command_too(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        await help.run(desk, "/exit")
        await help.run(desk, "contxt")
    quits, unknown = desk.ui.words
    assert quits == "/quit  leave; the session is kept · also /exit"
    assert unknown == "✗ There is no /contxt. Did you mean /context?"


@given(st.lists(st.text(st.sampled_from("ab 日"), max_size=200), max_size=60), st.integers(1, 120), st.integers(5, 40))
async def test_pages_hold_every_row_and_none_too_many(texts: list[str], width: int, height: int) -> None:
    ui = FakeUi(width, height, reads_on=True)
    await look(ui, [row(text) for text in texts])
    assert all(len(page.rows) <= max(4, height - 4) for page in ui.pages)
    shown = "".join(plain(each) for page in ui.pages for each in page.rows[: -1 if len(ui.pages) > 1 else None])
    if width > 1:
        assert shown.replace(" ", "") == "".join(texts).replace(" ", "")


async def test_the_models_that_can_be_chosen_fit_a_row(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        made = model.model_picker(desk)
    widths = [max(len(item.cells[at]) for item in made.items) for at in range(4)]
    assert sum(widths) + 3 * 3 + 2 <= 80
