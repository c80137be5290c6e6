"""Globs of heads and rules: names, any names, characters, braces; bounded in time and number."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.frontmatter.globs import BUDGET, Globs, expand


@pytest.mark.parametrize(
    ("glob", "fits", "misses"),
    [
        ("*.md", ["a.md", ".md"], ["a.txt", "docs/a.md"]),
        ("**/*.ts", ["a.ts", "src/a.ts", "src/x/y/a.ts"], ["a.tsx", "a.ts/b"]),
        ("src/**", ["src/a", "src/a/b"], ["src", "lib/src/a"]),
        ("src/", ["src/a", "src/a/b"], ["src", "srcs/a"]),
        ("src/**/test_?.py", ["src/test_a.py", "src/x/test_b.py"], ["src/test_ab.py", "test_a.py"]),
        ("src/**/*.{ts,tsx}", ["src/a.ts", "src/b/a.tsx"], ["src/a.js"]),
        ("[ab]/[!c]", ["a/x", "b/d"], ["c/x", "a/c"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "-x"]),
        ("./a/*", ["a/b"], ["a", "b/a"]),
        ("/a/*", ["a/b"], ["x/a/b"]),
        ("a[", ["a["], ["a"]),
        ("a\\*", ["a*"], ["ab"]),
        ("**", ["a", "a/b"], []),
        ("a*b*c", ["abc", "axbxc", "abcbc"], ["ab", "acb"]),
        ("**/a/**/b", ["a/b", "x/a/y/b", "a/a/b/b"], ["a", "b/a"]),
        ("", [], ["a"]),
    ],
)
def test_a_glob_fits_what_it_says(glob: str, fits: list[str], misses: list[str]) -> None:
    globs = Globs.of([glob])
    assert [path for path in fits if not globs.match(path)] == []
    assert [path for path in (*misses, "") if globs.match(path)] == []


@pytest.mark.parametrize(
    ("glob", "texts"),
    [
        ("a.{ts,tsx}", ("a.ts", "a.tsx")),
        ("{a,b}/{c,d}", ("a/c", "a/d", "b/c", "b/d")),
        ("{a,{b,c}}x", ("ax", "bx", "cx")),
        ("x{a}y", ("x{a}y",)),
        ("{a,b", ("{a,b",)),
        ("{{a,b}", ("{a", "{b")),
        ("{a,}b", ("ab", "b")),
        ("a}{b,c}", ("a}b", "a}c")),
    ],
)
def test_braces_are_expanded(glob: str, texts: tuple[str, ...]) -> None:
    assert expand(glob) == texts


def test_braces_have_a_budget() -> None:
    assert len(expand("{a,b}" * 100)) == BUDGET
    assert len(Globs.of(["{a,b}{c,d}" * 20, "x"]).texts) <= BUDGET
    assert expand("{" * 500) == ("{" * 500,)
    assert len(expand("{a," * 200 + "b" + "}" * 200)) <= BUDGET


def test_stars_take_time_in_proportion() -> None:
    assert not Globs.of(["*a" * 200 + "b"]).match("a" * 2000)
    assert not Globs.of(["**/a/" * 100 + "b"]).match("a/" * 500 + "c")


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="ab*?/", max_size=8), st.text(alphabet="ab/", max_size=8))
def test_globs_agree_with_their_regular_expression(glob: str, path: str) -> None:
    names = [name for name in glob.split("/") if name]
    if glob.endswith("/"):
        names.append("**")
    pattern = ""
    for name in names:
        pattern += "(?:/[^/]+)+?" if name == "**" and name is names[-1] else ""
        if name == "**":
            pattern += "" if name is names[-1] else "(?:/[^/]+)*"
        else:
            pattern += "/" + "".join({"*": "[^/]*", "?": "[^/]"}.get(sign, sign) for sign in name)
    plain = "".join(f"/{name}" for name in path.split("/") if name)
    assert Globs.of([glob]).match(path) == bool(plain and names and re.fullmatch(pattern, plain))
