"""The workflows that come with coder from end to end: the real program, a scripted model, a small repository."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from coder.core.messages import Json
from tests.support.cli import Done, Place
from tests.support.fakeapi import fake_api, fault, rule, tool
from tests.support.repositories import MENDED, Repository

AGREED = ("--output-format", "json", "--permission-mode", "bypassPermissions")


def told(words: str, *blocks: Json | str, **options: Any) -> Json:
    """What an agent says whose prompt holds these words."""
    return rule({"last_user_contains": words}, *blocks, **options)


def after(output: str, *blocks: Json | str) -> Json:
    """What an agent says once a command of it has printed this."""
    return rule({"last_tool": "Bash", "last_tool_result_contains": output}, *blocks)


def written(text: str, file: str) -> Json:
    """Prints the name of the file it wrote."""
    return tool("Bash", command=f"printf %s {shlex.quote(text)} > {file} && echo wrote {file}")


def run(place: Place, rules: list[Json], *args: str) -> Done:
    with fake_api({"rules": rules}) as api:
        return place.coder("workflow", "run", *args[:2], *AGREED, *args[2:], url=api.url)


ANGLES = [{"title": each, "find": each, "where": "shop"} for each in ("the sum", "the tests")]
TRUE = 'The first price is left out,\n`shop/cart.py:2`: "return sum(prices[1:])"'
FALSE = 'The first price is left out, `shop/cart.py:2`: "return sum(prices[2:])"'


def research(place: Place, second: str, *flags: str) -> Done:
    """The first report quotes what stands nowhere; `second` is what comes of each further try."""
    Repository.shop(place)
    rules = [
        told("This was tried before", second),
        told("Write the report", FALSE),
        told("You are one of several", TRUE),
        told("Plan how", tool("Submit", angles=ANGLES)),
    ]
    return run(place, rules, "research", "Why is the total wrong?", *flags)


@pytest.mark.behaviour("B-2073")
@pytest.mark.behaviour("B-2082")
def test_a_quotation_that_is_nowhere_is_caught(place: Place) -> None:
    done = research(place, TRUE)
    about = done.result["workflow"]
    assert (done.code, about["state"], done.result["result"], about["agents"]) == (0, "done", TRUE, 5), done
    (kept,) = place.home.glob(".coder/projects/*/*/workflows/research-1.md")
    assert kept.read_text() == f"{TRUE}\n" and kept.stat().st_mode & 0o777 == 0o600
    assert f"kept in {kept}." in place.transcripts()[0].read_text()


@pytest.mark.behaviour("B-2074")
@pytest.mark.behaviour("B-2124")
def test_a_report_that_cites_what_is_nowhere_to_the_end_is_shown_as_a_failure(place: Place) -> None:
    report = "It is in shop/till.py:7, as https://docs.example.org/never says."
    done = research(place, report, "--output-format", "text")
    assert (done.code, done.stdout) == (1, f"{report}\n"), done
    assert (
        "shop/till.py:7" in done.stderr
        and "https://docs.example.org/never (no page of this address was read)" in done.stderr
        and "no such file" in done.stderr
        and "quoted" not in done.stderr.splitlines()[-1]
    )


@pytest.mark.behaviour("B-2075")
def test_an_issue_ends_with_a_fix_and_a_test(place: Place) -> None:
    Repository.shop(place)
    triage: dict[str, Any] = {
        "kind": "bug",
        "why": "shop/cart.py:2",
        "files": ["shop/cart.py"],
        "test": "python3 -m unittest",
    }
    reproduced: dict[str, Any] = {"file": "tests/one.py", "command": "python3 -m tests.one"}
    rules = [
        after("wrote tests/one.py", tool("Submit", **reproduced)),
        after("wrote shop/cart.py", "The first price was left out (`shop/cart.py:2`)."),
        told("Find out what this issue is", tool("Submit", **triage)),
        told("Write the smallest test", written("from shop.cart import total\nassert total([5]) == 5", "tests/one.py")),
        told("Settle an issue", written(MENDED, "shop/cart.py")),
        told("Review what is not committed", tool("Submit", verdict="pass", findings=[])),
        told("Answer the person", "The first price counts now."),
    ]
    done = run(place, rules, "fix-issue", "The total is wrong")
    about = done.result["workflow"]
    assert (done.code, about["state"], done.result["result"]) == (0, "done", "The first price counts now."), done
    assert (about["agents"], (place.project / "shop/cart.py").read_text()) == (5, MENDED)


@pytest.mark.soak
@pytest.mark.behaviour("B-2077")
def test_a_reviewer_that_dies_is_told_in_the_review(place: Place) -> None:
    Repository.shop(place)
    found = {"severity": "high", "place": "shop/cart.py:2", "quote": "return sum(prices[1:])", "what": "one is lost"}
    verdict: dict[str, Any] = {"place": "shop/cart.py:2", "verdict": "real", "why": "the slice begins at 1"}
    scope: dict[str, Any] = {"base": "v1.0", "what": "a rate", "files": ["shop/tax.py"], "left_out": []}
    review = '**high** `shop/cart.py:2` "return sum(prices[1:])": one is lost. Nobody looked for holes.'
    dead = fault("status", 400, error="invalid_request_error", message="no such reviewer", times=9)
    rules = [
        told("one thing alone: security", "never said", fault=dead),
        told("one thing alone: correctness", tool("Submit", findings=[found], unread=[])),
        told("one thing alone: tests", tool("Submit", findings=[], unread=["README.md"])),
        told("Find out what is to be reviewed", tool("Submit", **scope)),
        told("Try to refute", tool("Submit", **verdict)),
        told("no such reviewer", review),  # it knows of it
    ]
    done = run(place, rules, "review-deep", "v1.0")
    about = done.result["workflow"]
    assert (done.code, about["state"], done.result["result"]) == (0, "done", review), done
    assert [step["state"] for step in about["steps"]] == ["done", "failed", "done", "done"]


@pytest.mark.soak
@pytest.mark.behaviour("B-2078")
def test_files_are_changed_side_by_side_and_a_conflict_is_reported(place: Place) -> None:
    repository = Repository.shop(place)
    for name in ("a.txt", "b.txt", "shared.txt"):
        repository.write(name, "old\n")
    repository.commit("files")
    files = ["a.txt", "b.txt"]
    rules = [
        told("Find the files", tool("Submit", files=files, check="grep -q new a.txt", left_out=[])),
        *(after(f"{file} is done", tool("Submit", file=file, state="done", why="replaced")) for file in files),
        *(
            told(
                f"Make a change in {file}",
                tool("Bash", command=f"echo new > {file}; echo {file} > shared.txt; echo {file} is done"),
            )
            for file in files
        ),
        *(
            told(f"Is a change made in {file}", tool("Submit", file=file, holds=file == "a.txt", why=""))
            for file in files
        ),
        told("Run the check of the whole", "a.txt is done, b.txt is not"),
    ]
    done = run(place, rules, "migrate", "old becomes new")
    about = done.result["workflow"]
    assert (done.code, about["state"]) == (0, "done"), done
    assert "a.txt is done, b.txt is not" in done.result["result"]
    assert (place.project / "a.txt").read_text() == "new\n" and (place.project / "b.txt").read_text() == "old\n"
    (branch,) = about["unmerged"]
    assert branch in done.result["result"] and repository.git("show", f"{branch}:b.txt") == "new"
    assert "shared.txt" in about["steps"][1]["why"]
