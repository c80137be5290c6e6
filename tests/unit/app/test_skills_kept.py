"""Which skills a shortened conversation goes on with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coder.app.commanding.kept import MOST_TOGETHER, MOST_TOKENS, with_skills
from coder.core import prompts
from coder.core.messages import Kind, Message, Meta, Text

HEADING = prompts.load("reminders/skills_kept")


def skill(name: str, body: str = "Do it.") -> str:
    return prompts.load("reminders/skill", folder=f"/skills/{name}", body=body)


def told(kind: Kind, *texts: str) -> Message:
    return Message("user", tuple(map(Text, texts)), Meta(kind=kind))


def typed(*texts: str) -> Message:
    return told("prompt", "<command-name>/x</command-name>\n<command-args></command-args>", *texts)


CONTEXT = told("context", "<environment>", "<skills>\n- a: about a\n</skills>")


def kept(*gone: Message, contexts: tuple[Message, ...] = (CONTEXT,)) -> list[str]:
    """The texts that stand behind the heading."""
    made = with_skills(contexts, (*contexts, *gone))
    texts = [block.text for message in made for block in message.content if isinstance(block, Text)]
    assert texts.count(HEADING) <= 1 and all(message.meta.kind == "context" for message in made)
    assert (
        texts[: 2 if contexts else 0]
        == [block.text for block in CONTEXT.content if isinstance(block, Text)][: 2 if contexts else 0]
    )
    return texts[texts.index(HEADING) + 1 :] if HEADING in texts else []


def test_without_skills_nothing_is_added() -> None:
    assert with_skills([CONTEXT], [CONTEXT, told("prompt", "Go."), told("reminder", "<hook>\n")]) == [CONTEXT]
    assert with_skills([], []) == []


def test_the_newest_come_first_and_each_once_in_its_latest_words() -> None:
    gone = (typed(skill("a"), skill("b")), told("reminder", skill("c")), typed(skill("a", "Otherwise.")))
    assert kept(*gone) == [skill("a", "Otherwise."), skill("c"), skill("b")]


def test_they_stay_through_another_compaction_and_give_way_to_newer_ones() -> None:
    first = with_skills([CONTEXT], [CONTEXT, typed(skill("a"), skill("b"))])
    assert kept(contexts=tuple(first)) == [skill("b"), skill("a")]
    assert kept(told("reminder", skill("a")), contexts=tuple(first)) == [skill("a"), skill("b")]
    assert kept(told("reminder", skill("a")), contexts=()) == [skill("a")]


def test_what_a_person_or_a_file_says_is_no_skill() -> None:
    assert kept(told("prompt", skill("a")), told("steer", skill("a")), told("shell", skill("a"))) == []
    assert kept(typed(f"<attached-file>\n{skill('a')}"), told("reminder", f"<memory>\n{skill('a')}")) == []
    assert kept(told("prompt", "Go.", skill("a")), told("results", skill("a"))) == []


def test_a_long_one_is_cut_once_and_says_so() -> None:
    long = skill("a", "x" * 30_000)
    (cut,) = kept(typed(long))
    assert cut.startswith(long[: 4 * MOST_TOKENS]) and cut.endswith(
        f"[{len(long) - 4 * MOST_TOKENS:,} more characters are left out here: "
        "read the SKILL.md in its folder for them.]"
    )
    assert kept(contexts=tuple(with_skills([CONTEXT], [typed(long)]))) == [cut]
    assert len(kept(typed(*(skill(str(number), "x" * 30_000) for number in range(9))))) == 5


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60_000)), max_size=12), st.integers(0, 3))
def test_whatever_was_used_is_bounded_and_settles(used: list[tuple[int, int]], again: int) -> None:
    gone = [told("reminder", skill(str(number), "y" * size)) for number, size in used]
    made = with_skills([CONTEXT], [CONTEXT, *gone])
    texts = [block.text for block in made[-1].content if isinstance(block, Text)][3:]
    assert sum(map(len, texts)) <= MOST_TOGETHER * 4 + 200 * len(texts)
    for _ in range(again):
        assert with_skills(made, made) == made
