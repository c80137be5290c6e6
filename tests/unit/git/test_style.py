"""What is learned of the messages of a repository, and how it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.git.messages.style import Style, Written, learn
from coder.git.messages.style_words import example_lines, style_lines
from coder.git.messages.wording import parts_of, script_of, subject_of, widths


def written(*messages: str, email: str = "bo@example.org", name: str = "Bo") -> list[Written]:
    return [Written(name, email, message) for message in messages]


def told(style: Style, *arguments: str) -> str:
    return "\n".join(style_lines(style, *arguments))


CONVENTIONAL = (
    "feat(api): add pages\n\nLists were cut at a hundred.",
    "fix(api): count the first page too",
    "docs: say how pages are asked for",
    "chore!: drop the old lists",
    "fix(cli): print the page",
)


@pytest.mark.behaviour("B-1460")
def test_conventional_commits() -> None:
    style = learn(written(*CONVENTIONAL * 3))
    assert (style.conventional, style.area, style.stop, style.capital) == (1.0, 0.0, 0.0, 0.0)
    assert style.kinds == ("fix", "feat", "docs", "chore") and style.scopes == ("api", "cli")
    assert round(style.scoped, 2) == 0.6 and style.mood == "imperative" and round(style.body, 2) == 0.2
    text = told(style)
    assert "Conventional Commits in 100 % (fix, feat, docs, chore), a scope in 60 % of these (api, cli)." in text
    assert "begins with a small letter behind the prefix, imperative, no full stop" in text


@pytest.mark.behaviour("B-1460")
def test_areas_of_a_kernel_with_sign_offs() -> None:
    body = "\n".join(["The timer was armed twice, and the second arming lost the deadline.", "It is armed once now."])
    message = f'%s\n\n{body}\n\nFixes: 0123456789ab ("sched: arm it")\nSigned-off-by: Bo <bo@example.org>'
    subjects = ("sched/fair: Arm the timer once", "mm: Free the page", "docs: Mend a link", "net: core: Drop it")
    style = learn(
        written(*(message % subject for subject in subjects), *(message % each for each in subjects)), "bo@example.org"
    )
    assert (style.area, style.conventional, style.capital, style.body, style.own) == (1.0, 0.0, 1.0, 1.0, 8)
    assert "docs" in style.areas and dict(style.trailers) == {"Fixes": 1.0, "Signed-off-by": 1.0}
    text = told(style, "Bo <bo@example.org>")
    assert "the area before a colon in 100 %" in text and "wrapped at 67" in text
    assert "Signed-off-by in 100 % (the person's own too: `Signed-off-by: Bo <bo@example.org>`)" in text
    theirs, mine = written(*(message % subject for subject in subjects * 4)), written("mm: Count it", email="ada@x")
    assert learn([*theirs, *mine], "ada@x").signs is False and learn([*theirs, *mine], "bo@example.org").signs is True
    assert "not unless the person asks" in told(learn(written(*(message % subject for subject in subjects))))


@pytest.mark.behaviour("B-1460")
def test_pictures_numbers_and_full_stops() -> None:
    pictures = learn(written("✨ Add pages", ":bug: Count the first", "♻️ Move it", "✨ Sort pages"))
    assert pictures.emoji == 1.0 and "an emoji in 100 % (✨)" in told(pictures)
    assert "♻️ Move it" in example_lines(pictures)
    assert learn(written("feat: ✨ add pages", "fix(api): 🐛 count the first")).emoji == 1.0
    tickets = learn(written("PAY-12: Added a page.", "PAY-7: Fixed the count.", "PAY-123: Removed it."))
    assert (tickets.before, tickets.ticketed, tickets.stop, tickets.mood) == ("PAY-123:", 1.0, 1.0, "past")
    assert "`PAY-123:` first in 100 %" in told(tickets) and "past tense, full stop" in told(tickets)
    squashed = learn(written("Add pages (#17)", "Count the first (#1290)"))
    assert (squashed.after, squashed.numbered) == ("(#123)", 1.0) and "do not write it" in told(squashed)


@pytest.mark.behaviour("B-1460")
def test_one_of_the_persons_own_counts_more_than_one_of_another() -> None:
    others = written("Add a page", "Count it", "Sort it", "Move it", "Drop it")
    mine = written("fix: count it", "feat: sort it", email="Ada@Example.org")
    assert learn([*others, *mine]).conventional < 0.3
    style = learn([*others, *mine], "ada@example.org")
    assert style.conventional > 0.5 and style.own == 2 and style.examples[0] == "fix: count it"
    assert "2 of them by the person at work" in told(style)


@pytest.mark.behaviour("B-1461")
@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("dependabot[bot]", "1+dependabot[bot]@users.noreply.github.com"),
        ("Renovate Bot", "bot@renovateapp.com"),
        ("Angular Robot", "angular-robot@google.com"),
        ("GitHub", "github-actions@github.com"),
    ],
)
def test_robots_and_what_git_words_itself_do_not_count(name: str, email: str) -> None:
    made = [
        *written("build(deps): bump x from 1 to 2", name=name, email=email),
        *written('Revert "add pages"', "fixup! add pages", "Merge branch 'main'", "v1.2.3", "", " \n"),
        *written("add pages"),
    ]
    style = learn(made)
    assert (style.count, style.examples) == (1, ("add pages",))


def test_only_the_last_hundred_are_looked_at() -> None:
    style = learn([*written(*["add pages"] * 100), *written(*["fix: x"] * 900)])
    assert (style.count, style.conventional) == (100, 0.0)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("исправить ошибку в parser", "CYRILLIC"),
        ("修复分页问题", "CJK"),
        ("Fehler bei Größe behoben", ""),
        ("fix x", ""),
        ("…", ""),
    ],
)
def test_the_letters_of_the_language(text: str, script: str) -> None:
    assert script_of(text) == script


def test_a_foreign_script_is_told() -> None:
    assert "Language: mostly Cyrillic letters." in told(learn(written("исправить ошибку", "добавить страницу")))


def test_prose_and_a_url_are_no_trailers_and_are_not_wrapped() -> None:
    subject, body, trailers = parts_of("add pages\n\nSee below.\nNote: this is prose\n")
    assert (subject, body, trailers) == ("add pages", ("See below.", "Note: this is prose"), ())
    _, body, trailers = parts_of("x\n\nWhy.\nSo: because.\nSigned-off-by: Bo <b@x>\nReviewed-by: Al <a@x>")
    assert body == ("Why.", "So: because.") and [each.name for each in trailers] == ["Signed-off-by", "Reviewed-by"]
    _, body, trailers = parts_of("x\n\nFixes: #1\n  and more\nCloses: #2\n")
    assert body == () and [(each.name, each.value) for each in trailers] == [("Fixes", "#1"), ("Closes", "#2")]
    assert widths(("- https://example.org/a b", "    code that is long", "> quoted words", "plain words")) == [11]


@pytest.mark.parametrize(
    ("line", "mood"),
    [
        ("Add it", "imperative"),
        ("Added it", "past"),
        ("Adds it", "third person"),
        ("Adding it", "going on"),
        ("embed it", "imperative"),
        ("process it", "imperative"),
        ("страница", ""),
        ("#1", ""),
    ],
)
def test_the_mood_by_the_first_word(line: str, mood: str) -> None:
    assert subject_of(line).mood == mood


def test_a_name_at_the_beginning_says_nothing_of_capitals() -> None:
    assert not subject_of("README: mend a link").is_cased or subject_of("README: mend a link").area == "README"
    assert not subject_of("JSON is read").is_cased and subject_of("Json is read").is_cased


@pytest.mark.behaviour("B-1462")
def test_what_is_told_is_short_and_shows_what_cannot_be_seen() -> None:
    evil = "fix(\u202eevil\x1b[2J): " + "x" * 5_000
    lines = style_lines(learn(written(evil, evil, evil)), "A\x1b <a@b>", ["\u202eodd"])
    text = "\n".join((*lines, *example_lines(learn(written(evil)))))
    assert len(lines) <= 8 and len(text) < 2_000
    assert "\x1b" not in text and "\u202e" not in text and "\\u202e" in text


ODD = st.text(
    st.one_of(st.sampled_from("feat(): #-[]\n\n\t:Signed-off-byA1.✨é🐛\ufe0f\x00\x1b\u202e"), st.characters()),
    max_size=120,
)


@pytest.mark.behaviour("B-1462")
@given(st.lists(st.tuples(ODD, ODD), max_size=12), ODD)
def test_nothing_that_somebody_commits_is_too_much(messages: list[tuple[str, str]], own: str) -> None:
    style = learn([Written("n", email, message) for message, email in messages], own)
    lines = style_lines(style, own, [own] if own else [])
    assert len(lines) <= 8 and all("\n" not in line and len(line) < 900 for line in lines)
    assert len(example_lines(style)) <= 6 and all(len(line) <= 121 for line in example_lines(style))
    for share in (style.conventional, style.area, style.emoji, style.capital, style.body, style.stop, style.scoped):
        assert 0.0 <= share <= 1.0


@given(st.integers(1, 40), st.sampled_from(["feat: add {}", "area/sub: add {}", "Add {}", "✨ Add {}", "AB-{} add"]))
def test_a_uniform_history_is_seen_as_what_it_is(count: int, form: str) -> None:
    style = learn(written(*(form.format(number) for number in range(count))))
    shares = (style.conventional, style.area, style.emoji, style.ticketed)
    assert style.count == count and sorted(shares)[-2:] in ([0.0, 1.0], [0.0, 0.0])
    assert (max(shares) == 0.0) == form.startswith("Add")
