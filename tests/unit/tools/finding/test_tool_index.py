"""Words, stems, and what the index makes of them."""

from __future__ import annotations

import pytest

from coder.tools.finding.alike import Meanings
from coder.tools.finding.index import Findable, Index
from coder.tools.finding.words import stem, stems, words
from tests.support.findables import real_tools


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mcp__s__getPullRequest", ["mcp", "s", "get", "pull", "request"]),
        ("HTTPServer list-issues", ["http", "server", "list", "issues"]),
        ("an mp3 in S3 on k8s", ["an", "mp3", "in", "s3", "on", "k8s"]),
        ("über getIssue 日本", ["über", "get", "issue", "日本"]),
        ("", []),
    ],
)
def test_words_are_taken_apart(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "alike",
    [
        ("navigate", "navigates", "navigation", "navigated", "navigating"),
        ("create", "creation", "created"),
        ("query", "queries", "queried"),
        ("deploy", "deployment", "deployments"),
        ("branch", "branches"),
        ("run", "running", "ran"),
        ("repository", "repos"),
    ],
)
def test_forms_of_a_word_have_one_stem(alike: tuple[str, ...]) -> None:
    assert len({stem(word) for word in alike}) == 1


def test_words_that_only_look_alike_keep_apart() -> None:
    assert len({stem(word) for word in ("staging", "staged", "status", "state", "statement")}) == 5
    assert stem("thing") != stem("th")


def test_words_that_every_text_has_count_for_nothing() -> None:
    assert stems("How do I use the tool of it?") == []
    assert Index(real_tools()).search("it is of the and for me", 5) == ()


def test_equals_come_in_the_order_of_their_names() -> None:
    tools = [Findable(f"mcp__s__{name}", "s", description="parses dates") for name in ("c", "a", "b")]
    assert [hit.name for hit in Index(tools).search("parse a date", 5)] == ["mcp__s__a", "mcp__s__b", "mcp__s__c"]


def test_a_required_word_must_be_there_itself() -> None:
    tools = [Findable("mcp__a__make_ticket", "a"), Findable("mcp__b__create_issue", "b")]
    assert len(Index(tools).search("create issue", 5)) == 2
    assert [hit.name for hit in Index(tools).search("create issue", 5, ["issues"])] == ["mcp__b__create_issue"]


def test_every_field_is_searched() -> None:
    fields = Findable("mcp__zulu__alpha", "zulu", "bravo", "charlie", (("delta", "about echo"),))
    index = Index([fields, Findable("mcp__other__x", "other", description="something else")])
    for word in ("zulu", "alpha", "bravo", "charlie", "delta", "echo"):
        assert [hit.name for hit in index.search(word, 5)] == ["mcp__zulu__alpha"]


def test_a_server_whose_name_has_to_be_spelled_otherwise_is_no_part_of_the_name() -> None:
    assert Findable("mcp__my_server_x__do_it", "my server.x").short == "do_it"


def test_a_phrase_means_what_its_words_do_not() -> None:
    index = Index(
        [
            Findable("mcp__a__delete_thing", "a", description="Deletes a thing"),
            Findable("mcp__a__get_thing", "a", description="Gets a thing"),
        ]
    )
    assert index.search("get rid of a thing", 1)[0].name == "mcp__a__delete_thing"
    assert Index(index._all, Meanings((), ())).search("get rid of a thing", 1)[0].name == "mcp__a__get_thing"


def test_a_question_prefers_what_reads() -> None:
    index = Index([Findable("mcp__a__add_worklog", "a"), Findable("mcp__a__get_worklog", "a")])
    assert index.search("who has a worklog", 1)[0].name == "mcp__a__get_worklog"
    assert index.search("worklog", 1)[0].name == "mcp__a__add_worklog"  # equals, by name


def test_what_a_server_sends_without_end_is_read_to_an_end() -> None:
    long = Findable("mcp__a__x", "a", "t" * 10**6, "word " * 10**6, (("p" * 10**6, "q " * 10**6),) * 50)
    index = Index([long, Findable("mcp__a__y", "a", description="word")])
    assert {hit.name for hit in index.search("word", 5)} == {"mcp__a__x", "mcp__a__y"}
    behind = Findable("mcp__a__x", "a", description="word " * 1_000 + "needle")
    assert Index([behind]).search("needle", 5) == ()
