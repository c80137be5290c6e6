from __future__ import annotations

import re

import pytest

from coder.core.errors import ToolError
from coder.tools.dialect import translate


def finds(pattern: str, text: str, **options: bool) -> bool:
    return re.search(translate(pattern, **options).clean, text, re.MULTILINE | re.ASCII) is not None


@pytest.mark.behaviour("B-309")
@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)", "looks ahead"),
        ("(?!a)", "looks ahead"),
        ("(?<=a)b", "looks ahead or behind"),
        ("(?<!a)b", "looks ahead or behind"),
        (r"(a)\1", "refers back"),
        ("(?P<n>a)(?P=n)", "refers back"),
        ("(?>a)", r"`\(\?>` opens a kind of group"),
        ("(?#note)a", "opens a kind of group"),
        ("a++", "never give back"),
        ("a*+", "never give back"),
        ("a{2}+", "never give back"),
        ("a**", r"Put `\(\?:` and `\)` round"),
        ("a{2}{3}", r"Put `\(\?:` and `\)` round"),
        ("interface{}", r"Write it as interface\\\{\}"),
        ("{", r"Write it as \\\{"),
        ("a{,3}", r"Write `\{0,n\}`"),
        ("a{3,2}", "wrong order"),
        ("a{1001}", "more than 1000 times"),
        ("(?:(?:a{1000}){1000}){2}", "multiply"),
        ("*a", "nothing to repeat"),
        ("a|*", "nothing to repeat"),
        ("^*", "repeats `\\^`"),
        (r"\Aa", "Use `\\^` and `\\$`"),
        (r"a\z", "Use `\\^` and `\\$`"),
        (r"a\Z", "Use `\\^` and `\\$`"),
        (r"\Ba", "Name the characters"),
        (r"\<a\>", r"Use `\\b`"),
        (r"\b{start}", "word boundary in one dialect"),
        (r"\p{Greek}", "Unicode classes"),
        (r"\0", "octal"),
        (r"\x{41}", "all its digits"),
        (r"\ud800", "no character"),
        (r"\q", "without the backslash"),
        ("a\\", "single"),
        ("[[:alpha:]]", "Write `A-Za-z`"),
        ("[a[b]", "nested set"),
        ("[a&&b]", "an operation"),
        ("[a--b]", "an operation"),
        ("[a~~b]", "an operation"),
        (r"[\w-z]", "Put the `-` last"),
        ("[z-a]", "runs backwards"),
        (r"[\b]", "backspace"),
        ("[a", "never closed"),
        (r"[^\w\W]", "one set is empty"),
        ("(a", "never closed"),
        ("a)", "never opened"),
        ("(?P<n>a)(?P<n>b)", "doubled"),
        ("a(?i)b", "at the very start"),
        ("(?x)a b", "not read alike"),
        ("(?-m:a)", "not read alike"),
        ("a\nb", "Set `multiline`"),
        (r"a\nb", "Set `multiline`"),
        (r"[\n]", "set `multiline`"),
        ("", "is empty"),
        ("a" * 5_001, "5,001 characters"),
        ("(" * 41 + ")" * 41, "nested more than"),
        ("a\ud800", "surrogate"),
    ],
)
def test_what_dialects_read_differently_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(ToolError, match=reason) as refusal:
        translate(pattern)
    assert str(refusal.value).startswith("The pattern was not searched for: ")


@pytest.mark.behaviour("B-309")
@pytest.mark.parametrize(
    ("pattern", "rewritten"),
    [("interface{}", r"interface\{\}"), ("a{,3}", "a{0,3}"), ("{% if", r"\{% if"), ("x}", "x}")],
)
def test_the_rewritten_pattern_is_accepted(pattern: str, rewritten: str) -> None:
    assert translate(rewritten)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"def \w+\(", "def main("),
        (r"^\s*class\b", "  class A"),
        ("a.c", "abc"),
        (r"[^\s\"']+", "x"),
        ("[]x]", "]"),
        ("[a-]", "-"),
        (r"[\]\-\\]", "\\"),
        ("a]b}c", "a]b}c"),
        (r"(?P<name>a)|(?<other>b)", "b"),
        ("(?i)ABC", "xabc"),
        ("(?i:a)B", "AB"),
        (r"\x41\u00e9\U0001f600", "Aé😀"),
        ("a|", ""),
        (r"\/\-\ \#\"\@", '/- #"@'),
        ("x{2,3}?", "xx"),
        (r"foo$", "foo\r\nbar"),
    ],
)
def test_ordinary_patterns_find_what_they_say(pattern: str, text: str) -> None:
    assert finds(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\w", "é"),
        (r"\d", "٣"),
        (r"\s", "\u00a0"),
        ("(?i)k", "\u212a"),
        ("(?i)s", "ſ"),
        ("(?i)i", "ı"),
        ("(?-i:a)", "A"),
    ],
)
def test_classes_and_case_pairs_stay_in_ascii(pattern: str, text: str) -> None:
    assert not finds(pattern, text, ignore_case=pattern == "(?-i:a)")


def test_a_point_takes_a_newline_only_across_lines() -> None:
    assert not finds("a.b", "a\nb")
    assert finds("a.b", "a\nb", multiline=True)
    assert not finds("(?-s:a.b)", "a\nb", multiline=True)


def test_broken_bytes_are_matched_by_nothing() -> None:
    for pattern in (".", r"\W", "[^a]", r"[^\x00-\x7f]"):
        assert re.search(translate(pattern).escaped, "\udcff", re.ASCII) is None


@pytest.mark.parametrize("pattern", ["a*", "^", r"\b", "a|"])
def test_where_ends_matter_a_pattern_that_matches_nothing_is_refused(pattern: str) -> None:
    for options in ({"multiline": True}, {"extents": True}):
        with pytest.raises(ToolError, match="matches nothing at all"):
            translate(pattern, **options)
    with pytest.raises(ToolError, match="may be empty"):
        translate(f"x(?:{pattern}|y?)*", extents=True)


def test_the_text_that_every_match_holds_is_known() -> None:
    assert translate(r"\s*return_value\(x").required == "return_value(x"
    assert translate("abc|def").required == ""
    assert translate("ab?c", ignore_case=True).required == ""
