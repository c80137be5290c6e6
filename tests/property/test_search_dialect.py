from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from coder.core.errors import ToolError
from coder.core.nofollow import Folders
from coder.tools.dialect import translate
from coder.tools.matcher import Binary, Found, Matcher, show
from coder.tools.query import Query
from coder.tools.ripgrep import Ripgrep, locate

RG = locate(os.environ)
needs_ripgrep = pytest.mark.skipif(RG is None, reason="ripgrep is not installed")
LONG = os.environ.get("CODER_FUZZ") == "long"

PIECES = [
    *"aaabbkKsSo0_ -.",
    *("é", "É", "ß", "ſ", "K", "İ", "ı", "Σ", "σ", "\u00a0", "\u2028", "\x85", "字", "😀", "\ufeff"),
    *("\n", "\n", "\r\n", "\r", "\t", "\v", "\f", "\x1b", "\x1c", "{", "}", "[", "]", "(", "$", "^", "\\"),
]
BROKEN = [b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\x80", b"\xf0\x9f\x98", b"\xc0\x80"]
TOKENS = [
    *"aaabbkKsSo0_ -.é字",
    *("É", "ß", "ſ", "K", "ı", "σ", ".", ".", "\\.", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "\\b", "^", "$"),
    *("\\t", "\\r", "\\n", "\\x41", "\\xe9", "\\u00e9", "\\U0001f600", "\\{", "\\/", "\\-", "\\ "),
    *(
        "[a-f]",
        "[^a]",
        "[^a-c\\n]",
        "[\\w.]",
        "[^\\s]",
        "[é-ü]",
        "[]a]",
        "[^]]",
        "[a-]",
        "[-a]",
        "[K]",
        "[^\\W]",
        "[\\d\\s]",
    ),
    *("(", ")", "(?:", "|", "(?P<n>", "(?<m>", "(?i:", "(?s:", "(?-i:"),
    *("*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{0}", "{1,3}?"),
]
ODDITIES = [
    *(
        "{",
        "}",
        "[",
        "]",
        "{,2}",
        "{2,1}",
        "++",
        "*+",
        "\\1",
        "\\z",
        "\\Z",
        "\\A",
        "\\B",
        "\\<",
        "\\p{L}",
        "(?=",
        "(?<!",
        "(?i)",
    ),
    *(
        "[[:alpha:]]",
        "[a&&b]",
        "[a--b]",
        "[[a]",
        "[\\w-z]",
        "(?x)",
        "(?#",
        "\\x{41}",
        "\\0",
        "\\Q",
        "\\e",
        "[z-a]",
        "\\",
        "(?>",
        "-]",
    ),
]

texts = st.lists(st.sampled_from([each.encode() for each in PIECES] + BROKEN), max_size=30).map(b"".join)
sane = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=8).map("".join)
odd = st.lists(st.sampled_from(TOKENS + ODDITIES), min_size=1, max_size=6).map("".join)
atoms = st.sampled_from([token for token in TOKENS if token[0] not in "()|*+?{^$" and not token.startswith("(?")])


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{1,3}?"])
    return st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: f"(?:{'|'.join(options)})"),
        st.builds("(?:{}){}".format, inner, repeats),
        st.builds("^{}".format, inner),
        st.builds("{}$".format, inner),
        st.builds("\\b{}\\b".format, inner),
        st.builds("(?i:{})".format, inner),
    )


patterns = st.one_of(st.recursive(atoms, _compound, max_leaves=8), sane, odd)


def _by_python(query: Query, top: Folders, paths: list[str], keep: int) -> dict[str, tuple[int, Found]]:
    matcher = Matcher(query, top)
    found: dict[str, tuple[int, Found]] = {}
    for path in paths:
        try:
            here = matcher.find(path, keep)
        except Binary:
            continue
        assert matcher.find(path, 0).count == here.count
        if here.count:
            found[path] = (here.count, here)
    return found


def _by_ripgrep(query: Query, top: Folders, paths: list[str], keep: int) -> dict[str, tuple[int, Found]]:
    ripgrep = Ripgrep(str(RG), query.rust, top, multiline=query.multiline)
    counts: dict[str, int] = {}
    ripgrep.count(counts, ["./"], [], [])
    matched = [path for path in paths if path in counts]
    found = ripgrep.find(matched, keep, parts=query.want == "parts") if matched else {}
    return {path: (counts[path], found[path]) for path in matched}


@needs_ripgrep
@pytest.mark.behaviour("B-310")
@settings(
    max_examples=20_000 if LONG else 150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    pattern=patterns,
    contents=st.lists(texts, min_size=1, max_size=6),
    ignore_case=st.booleans(),
    multiline=st.booleans(),
    parts=st.booleans(),
)
def test_a_pattern_that_is_not_refused_finds_the_same_in_both_engines(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pattern: str,
    contents: list[bytes],
    ignore_case: bool,
    multiline: bool,
    parts: bool,
) -> None:
    try:
        dialects = translate(pattern, ignore_case=ignore_case, multiline=multiline, extents=parts)
    except ToolError:
        event("refused")
        return
    monkeypatch.chdir(tmp_path)
    for old in tmp_path.iterdir():
        old.unlink()
    paths = [f"{number}.txt" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        Path(path).write_bytes(content * (25 if path == "0.txt" else 1))
    query = Query(
        root=str(tmp_path),
        want="parts" if parts else "lines",
        rust=dialects.rust,
        clean=dialects.clean,
        escaped=dialects.escaped,
        required=dialects.required,
        multiline=multiline,
    )
    keep = 10_000
    with Folders(".") as top:
        python, ripgrep = _by_python(query, top, paths, keep), _by_ripgrep(query, top, paths, keep)
        event("some match" if python else "no match")
        assert _shown(python, top) == _shown(ripgrep, top)


def _shown(found: dict[str, tuple[int, Found]], top: Folders) -> dict[str, object]:
    """What of the matches reaches the model."""
    made: dict[str, object] = {}
    for path, (count, file) in found.items():
        lines = [line.text for line in show(path, top, file.places, 1, 2)]
        made[path] = (count, lines, [(number, part.removesuffix("\r")) for number, part in file.parts])
    return made
