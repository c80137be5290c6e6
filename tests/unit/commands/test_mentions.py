"""What of a text mentions a file."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.commands.asked import asked, first_name, thinks_harder
from coder.commands.mentions import MOST, Mention, mentions

SMALL = 100_000


@pytest.mark.behaviour("B-1162")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("look at @src/app.py, please", ["src/app.py"]),
        ("@a @b\n@a (@c) [@d]", ["a", "b", "c", "d"]),
        ('@"a b.txt" and @"never closed', ["a b.txt"]),
        ("me@example.org a@b @", []),
        ("`@no` and ``@no ` @no`` but @yes", ["yes"]),
        ("```\n@no\n```\n@yes\n~~~ x\n@no", ["yes"]),
        ("a ` lone tick and @yes", ["yes"]),
        ("````\n```\n@no\n````\n@yes", ["yes"]),
        ("@docs/ and @~/x and @/etc/hosts", ["docs/", "~/x", "/etc/hosts"]),
        ("@${CODER_SKILL_DIR}/x.md @$1", ["${CODER_SKILL_DIR}/x.md", "$1"]),
    ],
)
def test_mentions_are_found_outside_code(text: str, found: list[str]) -> None:
    assert [mention.path for mention in mentions(text)] == found


@pytest.mark.behaviour("B-1162")
def test_lines_and_ends_of_sentences() -> None:
    assert mentions("@a.py#L3-20 @b.py#L7 @c.md#L9-L12. @d#x @e.py.") == (
        Mention("a.py", 3, 20),
        Mention("b.py", 7, 7),
        Mention("c.md", 9, 12),
        Mention("d#x"),
        Mention("e.py."),
    )
    assert mentions("@a#L9-3 @#L1") == (Mention("a", 9, 9), Mention("#L1"))
    assert Mention("e.py.").spellings == ("e.py.", "e.py") and Mention("...").spellings == ("...",)


def test_no_more_than_are_attached_are_looked_for() -> None:
    assert len(mentions(" ".join(f"@f{number}" for number in range(100)))) == MOST


@given(st.text(alphabet="@a` \n~\"'().#L1-$"))
def test_any_text_is_read(text: str) -> None:
    assert all(mention.path for mention in mentions(text))


@pytest.mark.parametrize("piece", ["`", "``` \n", "@`", "` `` ``` ", "~~~\n", "@a`@b` "])
def test_hostile_texts_take_time_in_proportion(piece: str) -> None:
    """No bound in seconds: a text four times as long may not take more than ten times as long, in CPU time."""

    def cost(size: int) -> float:
        text = piece * (size // len(piece))
        started = time.process_time()
        mentions(text)
        return time.process_time() - started

    small = max(cost(SMALL), 0.005)
    assert cost(4 * SMALL) < 10 * small + 0.1


@pytest.mark.behaviour("B-1157")
def test_what_a_line_asks_for() -> None:
    known = {"a", "b", "git:commit", "sub/dir:x"}.__contains__

    def names(line: str) -> list[tuple[str, str]]:
        return [(each.name, each.arguments) for each in asked(line, known)]

    assert names("/a") == [("a", "")]
    assert names("  /a  two  words \n") == [("a", "two  words")]
    assert names("/a\nmore") == [("a", "more")]
    assert names("/git:commit x") == [("git:commit", "x")] and names("/sub/dir:x") == [("sub/dir:x", "")]
    assert names("/a /b /c") == [("a", ""), ("b", "/c")]
    assert names("/c /a") == [] and names("a /b") == [] and names("/") == [] and names("") == [] and names("/a/b") == []
    assert first_name("/git:commit x") == "git:commit" and first_name("no") == ""


def test_the_word_for_more_thought() -> None:
    assert thinks_harder("please UltraThink!") and not thinks_harder("ultrathinking")
