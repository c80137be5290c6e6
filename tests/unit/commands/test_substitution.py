"""What was typed behind a command, put into its body."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.commands.substitution import Given, fill, first_number, split, with_arguments

FACTS = {"SESSION_ID": "s-1", "EFFORT": "", "SKILL_DIR": "/skills/x"}


def substitute(body: str, given: Given) -> str:
    """A body as it is made when nothing in it is run."""
    text, takes = fill(body, given)
    return text if takes else with_arguments(text, given)


def put(body: str, arguments: str = "", names: tuple[str, ...] = ()) -> str:
    return substitute(body, Given(arguments, names, FACTS, first_number(body)))


@pytest.mark.behaviour("B-1150")
@pytest.mark.parametrize(
    ("body", "arguments", "result"),
    [
        ("Fix $ARGUMENTS.", 'a "b c"', 'Fix a "b c".'),
        ("$0 then $1 then $2", 'a "b c"', "a then b c then $2"),
        ("$ARGUMENTS[1] of $ARGUMENTS[0], $ARGUMENTS[7]", "a b", "b of a, $ARGUMENTS[7]"),
        (r"\$ARGUMENTS and \$0 but $0", "a", "$ARGUMENTS and $0 but a"),
        (r"\$HOME stays, \$ and \${CODER_X} too; \$1.50", "", r"\$HOME stays, \$ and \${CODER_X} too; $1.50"),
        ("$ARGUMENTSX $1st $HOME", "a b", "$ARGUMENTSX $1st $HOME\n\nARGUMENTS: a b"),
        ("Nothing named here.", "a b", "Nothing named here.\n\nARGUMENTS: a b"),
        ("Nothing named here.", "  ", "Nothing named here."),
        ("${CLAUDE_SESSION_ID} ${CODER_SESSION_ID} [${CLAUDE_EFFORT}] ${CODER_OTHER} ${HOME}", "",
         "s-1 s-1 [] ${CODER_OTHER} ${HOME}"),
        ("Only ${CODER_SKILL_DIR}", "x", "Only /skills/x\n\nARGUMENTS: x"),
        ("$0", "what's this", "what's"),
        ("$0 and $999999999999999999999", "a", "a and $999999999999999999999"),
    ],
)  # fmt: skip
def test_arguments_take_their_places(body: str, arguments: str, result: str) -> None:
    assert put(body, arguments) == result


@pytest.mark.behaviour("B-1150")
def test_named_arguments_are_words_by_their_place() -> None:
    names = ("pr", "pr-number", "who")
    assert put("$pr-number $pr $who. $whoever", "7 8", names) == "8 7 . $whoever"
    assert put("$pr-title $issue", "7", ("pr",)) == "7-title $issue"


@pytest.mark.behaviour("B-1151")
@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("Review PR $1 for $2", "Review PR a for b"),  # the older convention
        ("$0 and $1", "a and b"),
        ("$1 of $ARGUMENTS[0]", "b of a"),
        ("all: $ARGUMENTS, first: $1", "all: a b, first: a"),
        (r"\$0 is escaped, $1 is not", "$0 is escaped, a is not"),
        ("only $2", "only $2\n\nARGUMENTS: a b"),  # nothing says that it counts from 1
    ],
)
def test_a_file_that_counts_from_one_is_read_as_it_was_meant(body: str, result: str) -> None:
    assert put(body, "a b") == result


TEXTS = st.text(alphabet=st.sampled_from("ab $01{}[]\\\"'`!@\n-") | st.characters(codec="utf-8"), max_size=60)
BODIES = st.lists(
    st.sampled_from(
        [
            "$ARGUMENTS",
            "$0",
            "$1",
            "$ARGUMENTS[0]",
            "$x",
            "${CODER_SESSION_ID}",
            "\\$0",
            "\\",
            "$",
            " a ",
            "\n",
            "@",
            "`",
        ]
    ),
    max_size=8,
).map("".join)


@given(body=TEXTS | BODIES, arguments=TEXTS, fact=TEXTS)
def test_any_text_goes_through(body: str, arguments: str, fact: str) -> None:
    substitute(body, Given(arguments, ("x", ""), {"SESSION_ID": fact}, first_number(body)))
    split(arguments)


@pytest.mark.behaviour("B-1152")
@given(
    typed=st.sampled_from(["$0", "$ARGUMENTS", "${CODER_SESSION_ID}", "\\$0", "$x", "!`id`", "@a"]),
    count=st.integers(1, 3),
)
def test_what_is_put_in_is_never_looked_at_again(typed: str, count: int) -> None:
    arguments = " ".join([typed] * count)
    made = substitute("<$ARGUMENTS|$x>", Given(arguments, ("x",), {"SESSION_ID": "$0"}))
    assert made == f"<{arguments}|{split(arguments)[0]}>"
