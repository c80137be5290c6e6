"""The question of a server: its screen, every way to answer, in lines too, and any keys at any size."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.requests import FieldAsked, ServerAnswer, ServerQuestion
from coder.frontends.field_values import Unfit, chosen_of, value_of
from coder.frontends.server_form import ServerForm
from coder.frontends.server_form_rows import above_rows, form_rows, spoken
from coder.frontends.styled import plain, width_of

NAME = FieldAsked("name", title="Your name", about="As it is printed", required=True)
SIZE = FieldAsked("size", "one", choices=(("s", "Small"), ("l", "Large")), default="l")
EXTRAS = FieldAsked("extras", "many", choices=(("a", "Salt"), ("b", "Pepper")), least=1, required=True)
SURE = FieldAsked("sure", "yes or no", required=True)
COUNT = FieldAsked("count", "integer", default=3, least=1, most=9)
WITH_TIME = "a date with a time, such as 2026-03-31T12:00:00Z"
ALL = ServerQuestion("shop", "What\nshall it be?\x1b[2J", (NAME, SIZE, EXTRAS, SURE, COUNT))
PAGE = ServerQuestion("shop", "Pay", url="https://xn--exmple-cua.org/pay?id=1")


def shown(form: ServerForm, width: int = 80, height: int = 24) -> list[str]:
    return [plain(each).rstrip() for each in form_rows(form, width, height)]


def pressed(question: ServerQuestion, *keys: str) -> ServerForm:
    form = ServerForm(question)
    for key in keys:
        form.press(key)
    return form


@pytest.mark.behaviour("B-1782")
def test_the_screens_of_a_form_say_who_asks_and_what_is_sent() -> None:
    assert shown(pressed(ALL, "A", "n", "n")) == [
        "? The MCP server shop asks: What shall it be?\\x1b[2J",
        "  Your name (1 of 5), needed",
        "  As it is printed",
        "❯ Ann▏",
        "  enter goes on · ctrl+d says no · esc leaves it",
    ]
    form = pressed(ALL, "A", "enter", "enter")
    assert shown(form)[2:5] == [
        "❯ 1 ☐ Salt",
        "  2 ☐ Pepper",
        "  enter goes on · space ticks · ← back · ctrl+d says no · esc leaves it",
    ]
    form = pressed(ALL, "A", "enter", "enter", "space", "enter", "2", "enter")
    assert shown(form) == [
        "? The MCP server shop asks: What shall it be?\\x1b[2J",
        "  Your name: A",
        "  size: Large",
        "  extras: Salt",
        "  sure: No",
        "  count: 3",
        "❯ 1 Send this to the server",
        "  2 No, send nothing",
        "  enter chooses · ← back · esc leaves it",
    ]
    form.press("enter")
    values = {"name": "A", "size": "l", "extras": ["a"], "sure": False, "count": 3}
    assert form.reply() == ServerAnswer("accept", values)
    assert plain(form.echo_row()) == (
        "✓ You told the MCP server shop: Your name → A · size → Large · extras → Salt · sure → No · count → 3"
    )


@pytest.mark.behaviour("B-1777")
def test_the_screen_of_a_page_shows_all_of_the_address_and_the_host() -> None:
    assert shown(ServerForm(PAGE)) == [
        "? The MCP server shop wants to open a page: Pay",
        "  on xn--exmple-cua.org (written in another script: look closely)",
        "  https://xn--exmple-cua.org/pay?id=1",
        "❯ 1 Yes, open this page in my browser",
        "  2 No",
        "  enter chooses · esc leaves it",
    ]
    assert pressed(PAGE, "1").reply() == ServerAnswer("accept")
    assert spoken(ServerForm(PAGE))[:3] == [
        "question: The MCP server shop wants to open a page: Pay",
        "on xn--exmple-cua.org (written in another script: look closely)",
        "https://xn--exmple-cua.org/pay?id=1",
    ]


def test_what_the_question_has_no_room_for_is_printed_before_it() -> None:
    assert not above_rows(ALL, 80) and not above_rows(PAGE, 80)
    long = ServerQuestion("shop", "word " * 300, url=f"https://example.org/?{'x' * 1_000}")
    rows = [plain(each) for each in above_rows(long, 60)]
    assert all(len(each) <= 60 for each in rows)
    text = "".join(each.strip() for each in rows)
    assert text.count("word") == 300 and "on example.org" in text and text.count("x") >= 1_000


@pytest.mark.parametrize(
    ("keys", "reply", "echo"),
    [
        (("x", "esc"), ServerAnswer("cancel"), "✗ You left the question of the MCP server shop"),
        (("x", "ctrl+c"), ServerAnswer("cancel"), "✗ You left the question of the MCP server shop"),
        (("ctrl+d",), ServerAnswer("decline"), "✗ You told the MCP server shop no"),
    ],
)
def test_a_question_may_be_left_or_declined_at_once(keys: tuple[str, ...], reply: ServerAnswer, echo: str) -> None:
    form = pressed(ALL, *keys)
    assert (form.is_over, form.reply(), plain(form.echo_row())) == (True, reply, echo)


def test_a_question_without_fields_is_a_yes_or_no_and_what_may_stay_open_can() -> None:
    assert pressed(ServerQuestion("s", "Go on?"), "enter").reply() == ServerAnswer("accept", {})
    assert pressed(ServerQuestion("s", "Go on?"), "2").reply() == ServerAnswer("decline")
    opens = ServerQuestion("s", "", (SIZE, FieldAsked("note")))
    assert pressed(opens, "3", "enter", "enter").reply() == ServerAnswer("accept", {})
    assert pressed(opens, "1", "n", "up", "2", "backspace", "enter", "1").reply() == ServerAnswer(
        "accept", {"size": "l"}
    )


@pytest.mark.parametrize(
    ("asked", "typed", "value"),
    [
        (NAME, "  Ann ", "Ann"),
        (NAME, " ", "This one is needed."),
        (FieldAsked("n"), "", None),
        (FieldAsked("n", least=2, most=3), "a", "It must have at least 2 characters."),
        (FieldAsked("n", least=2, most=3), "abcd", "It must have at most 3 characters."),
        (FieldAsked("n", form="email"), "me@here", "It must be an e-mail address, such as me@example.org."),
        (FieldAsked("n", form="email"), "me@example.org", "me@example.org"),
        (FieldAsked("n", form="uri"), "example", "It must be an address, such as https://example.org/page."),
        (FieldAsked("n", form="date"), "2026-02-30", "It must be a date, such as 2026-03-31."),
        (FieldAsked("n", form="date"), "2026-02-28", "2026-02-28"),
        (FieldAsked("n", form="date-time"), "2026-02-28T10:00", f"It must be {WITH_TIME}."),
        (FieldAsked("n", form="date-time"), "2026-02-28T10:00:00Z", "2026-02-28T10:00:00Z"),
        (COUNT, "3.5", "It must be a whole number."),
        (COUNT, "0", "It must be 1 or more."),
        (COUNT, "10", "It must be 9 or less."),
        (COUNT, "9", 9),
        (FieldAsked("n", "number"), "1e3", 1000.0),
        (FieldAsked("n", "number"), "nan", "It must be a number."),
        (FieldAsked("n", "integer"), "9" * 5_000, "It must be a whole number."),
    ],
)  # fmt: skip
def test_a_value_has_the_form_that_was_asked_for(asked: FieldAsked, typed: str, value: Any) -> None:
    try:
        assert value_of(asked, typed) == value
    except Unfit as unfit:
        assert str(unfit) == value


def test_of_several_no_fewer_and_no_more_than_asked_for_are_chosen() -> None:
    few = FieldAsked("n", "many", choices=(("a", "A"), ("b", "B"), ("c", "C")), least=2, most=2)
    assert chosen_of(few, []) is None and chosen_of(few, ["a", "b"]) == ["a", "b"]
    for chosen, why in ((["a"], "Choose at least 2."), (["a", "b", "c"], "Choose at most 2.")):
        with pytest.raises(Unfit, match=why):
            chosen_of(few, chosen)


@pytest.mark.behaviour("B-1783")
def test_a_form_in_lines() -> None:
    form = ServerForm(ALL)
    assert spoken(form) == [
        "question: The MCP server shop asks: What shall it be?\\x1b[2J",
        "Your name (1 of 5), needed: As it is printed",
        "Type your answer, decline to send nothing, or esc to leave it, and press enter:",
    ]
    assert not form.take("") and spoken(form)[0] == "problem: This one is needed."
    assert form.take("Ann") and form.take("back") and form.take("Anna")
    assert spoken(form)[1:4] == ["1. Small", "2. Large", "3. leave this out"]
    assert not form.take("7") and form.problem == "Type a number from 1 to 3."
    assert form.take("small") and form.take("1, 2") and form.take("yes")
    assert "nothing for 3" in spoken(form)[-1] and form.take("")
    assert spoken(form)[-4:] == [
        "count: 3",
        "1. Send this to the server",
        "2. No, send nothing",
        "Type 1, 2, back, or esc to leave it, and press enter:",
    ]
    assert not form.take("yes") and form.take("1")
    values = {"name": "Anna", "size": "s", "extras": ["a", "b"], "sure": True, "count": 3}
    assert form.reply() == ServerAnswer("accept", values)
    for word, action in (("decline", "decline"), ("esc", "cancel")):
        form = ServerForm(ALL)
        assert form.take(word) and form.reply().action == action


KEYS = st.sampled_from(["enter", "up", "down", "left", "space", "backspace", "1", "2", "3", "x", "ctrl+u", "home", "é"])


@given(st.lists(KEYS, max_size=40), st.integers(1, 90), st.integers(1, 30), st.sampled_from([ALL, PAGE]))
def test_any_keys_at_any_size_fit_and_send_only_what_was_asked_for(
    keys: list[str], width: int, height: int, question: ServerQuestion
) -> None:
    form = ServerForm(question)
    for key in keys:
        form.press(key)
        rows = form_rows(form, width, height)
        assert len(rows) <= height and all(width_of(each) <= width for each in rows)
        assert form.is_over or spoken(form)
    reply = form.reply()
    assert set(reply.values) <= {each.name for each in question.fields}
    if reply.action == "accept" and question is ALL:
        assert {"name", "extras", "sure"} <= set(reply.values)
