"""Whether tools are found by what one wants done: 200 labelled queries over the tools of real servers."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import Any

import pytest

from coder.tools.finding.alike import Meanings
from coder.tools.finding.index import Index
from tests.support.findables import DATA, full_name, read, real_tools

Pair = dict[str, Any]


def pairs(part: str) -> list[Pair]:
    everything = sorted(read("pairs.json"), key=lambda pair: hashlib.sha256(pair["query"].encode()).hexdigest())
    return {"all": everything, "tuned": everything[:100], "held out": everything[100:]}[part]


@cache
def whole_index() -> Index:
    return Index(real_tools())


def recall(index: Index, among: list[Pair], most: int = 5) -> float:
    return sum(is_found(index, pair, most) for pair in among) / len(among)


def is_found(index: Index, pair: Pair, most: int) -> bool:
    right = {full_name(each) for each in pair["tools"]}
    return any(hit.name in right for hit in index.search(pair["query"], most))


def plain_words(text: str) -> set[str]:
    """Lower case, camelCase and snake_case taken apart, a plain plural's s cut: nothing of the search is used here."""
    found = re.findall(r"[a-z0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower())
    return {word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in found}


def test_the_set_is_what_it_says_it_is() -> None:
    tools = {f"{each['server']}/{each['name']}" for each in read("tools.json")}
    assert len(tools) >= 300
    servers = {each.split("/")[0] for each in tools}
    assert len(servers) >= 12
    sources = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    assert all(f"| {server} |" in sources for server in servers)
    assert {right for pair in [*pairs("all"), *read("more.json")] for right in pair["tools"]} <= tools
    assert len({pair["query"] for pair in [*pairs("all"), *read("more.json")]}) == 200 + len(read("more.json"))


def test_half_of_the_queries_share_no_word_with_the_name_of_a_tool() -> None:
    shares = [any(plain_words(pair["query"]) & plain_words(right) for right in pair["tools"]) for pair in pairs("all")]
    assert shares == [pair["shares_a_word"] for pair in pairs("all")]
    assert len(shares) == 200 and shares.count(False) >= 100


@pytest.mark.behaviour("B-1650")
@pytest.mark.parametrize("part", ["all", "held out"])
def test_nine_of_ten_tools_are_among_the_first_five(part: str) -> None:
    assert recall(whole_index(), pairs(part)) >= 0.9


def test_words_of_the_trade_are_what_makes_it_so() -> None:
    plain = Index(real_tools(), Meanings((), ()))
    assert recall(plain, pairs("held out")) < 0.75 < recall(whole_index(), read("more.json"))
