from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.tools import Tool
from coder.tools.glob import Glob
from coder.tools.grep import Grep
from coder.tools.ripgrep import locate
from coder.tools.search import Search
from tests.support.toolbox import Toolbox, text_of

RG = locate(os.environ)
LONG = os.environ.get("CODER_FUZZ") == "long"
pytestmark = pytest.mark.skipif(RG is None, reason="ripgrep is not installed")

NAMES = [
    *("a.py", "b.py", "b.ts", "a.md", "Makefile", ".hidden", ".env.py", "src", "lib", "node_modules", "dist", "deep"),
    *(
        "-dash.py",
        "sp ace.py",
        "br[a]ck.py",
        "new\nline.py",
        "tab\t.py",
        "é.py",
        "\udcff.py",
        "{x}.py",
        "!bang.py",
        "*.py",
    ),
    *("trail .py", "#hash.py", "back\\slash.py", ".coder", "projects"),
]
PIECES = [
    *(
        b"foo",
        b"foo",
        b"bar",
        b"Foo",
        b" ",
        b"\n",
        b"\n",
        b"\n",
        b"\r\n",
        b"x = 1",
        b"\t",
        b"\xc3\xa9",
        b"\xff",
        b"\x00",
    ),
    *(b"\xe2\x82", b"a" * 700, b"\xc3\xa9" * 300, b"def f():", b"\x80" * 600),
]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join),
    st.lists(st.sampled_from(["foo", "é", "\n", "\r\n", " ", "😀", "bar"]), max_size=8).map(
        lambda t: "".join(t).encode("utf-16")
    ),
    st.just(b"\xef\xbb\xbffoo\nbar\n"),
    st.just(b"\xff\xfef\x00o\x00o\x00\n\x00\x00\xd8x"),
    st.sampled_from([b"a late NUL", b"a long line"]),
)
LARGE = {
    b"a late NUL": b"foo\n" * 60_000 + b"\x00",
    b"a long line": b"x" * 70_000 + b"foo\n" + b"foo\n" * 20,
}
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
rules = st.lists(
    st.sampled_from(
        [
            "*.py",
            "/src",
            "node_modules/",
            "dist",
            "!a.py",
            "!*.md",
            "*",
            "!*/",
            "lib/**",
            "**/b.py",
            ".*",
            "a.*",
            "\\!bang.py",
            "-*",
        ]
    ),
    max_size=4,
).map("\n".join)
ignore_names = st.sampled_from([".gitignore", ".gitignore", ".ignore", ".rgignore", ".git/info/exclude"])
special = st.sampled_from(["pipe", "link to file", "link to folder", "loop", "dangling", "repository"])
searches = st.fixed_dictionaries(
    {
        "pattern": st.sampled_from(
            [
                "foo",
                "fo+",
                "^foo$",
                "bar|foo",
                "foo\\s",
                "\\bfoo\\b",
                ".",
                "é",
                "f.o",
                "[^a]$",
                "o\\s+b",
                "a{2,}",
                "foo\\nbar",
                "x*",
                "^$",
            ]
        )
    },
    optional={
        "path": st.sampled_from(["src", "lib/src", "node_modules", ".", "a.py", "b.py", "src/a.py", ".coder"]),
        "glob": st.sampled_from(
            ["*.py", "**/src/**", "!*.py", "*.{py,md}", "src/*.py", "*.py,*.ts", "a*", "[ab].py", "!src", "*"]
        ),
        "type": st.sampled_from(["py", "ts", "md", "make"]),
        "output_mode": st.sampled_from(["content", "content", "files_with_matches", "count"]),
        "-i": st.booleans(),
        "-n": st.booleans(),
        "-o": st.booleans(),
        "-A": st.integers(0, 3),
        "-B": st.integers(0, 3),
        "-C": st.integers(0, 2),
        "head_limit": st.integers(0, 12),
        "offset": st.integers(0, 6),
        "multiline": st.booleans(),
    },
)
globs = st.fixed_dictionaries(
    {
        "pattern": st.sampled_from(
            [
                "*",
                "**/*.py",
                "src/**",
                "*.{py,ts}",
                "**/src/*",
                "lib/*/*.py",
                "[!a]*",
                "./*",
                "node_modules/**/*",
                "a.py",
                "**/.*",
                "src/",
            ]
        )
    },
    optional={"path": st.sampled_from(["src", "lib", ".", "node_modules", "nowhere"])},
)


def plant(root: Path, files: dict[str, bytes], specials: dict[str, str]) -> None:
    for path, data in files.items():
        if _is_free(root / path):
            (root / path).write_bytes(LARGE.get(data, data))
    for path, kind in specials.items():
        place = root / path
        if not _is_free(place):
            continue
        if kind == "pipe":
            os.mkfifo(place)
        elif kind == "repository":
            (place / ".git").mkdir(parents=True)
            (place / "foo.py").write_text("foo\n", encoding="utf-8")
        else:
            targets = {"link to file": root / "a.py", "link to folder": root / "src", "loop": place.parent}
            place.symlink_to(targets.get(kind, root / "nothing"))


def _is_free(place: Path) -> bool:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return False
    return not os.path.lexists(place)


async def answer(box: Toolbox, tool: Tool, call: Json) -> Any:
    """Everything a model or a front end gets to see of a call, but for how long it took."""
    try:
        output = await box.call(tool, call)
    except ToolError as error:
        return str(error)
    data = dict(output.data or {})
    data.pop("durationMs", None)
    return text_of(output), data, output.summary


@pytest.mark.behaviour("B-301")
@settings(
    max_examples=600 if LONG else 12,  # each a process or two
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    files=st.dictionaries(paths, texts, min_size=1, max_size=10),
    ignores=st.dictionaries(
        st.tuples(st.sampled_from(["", "src/", "lib/"]), ignore_names).map("".join), rules, max_size=4
    ),
    specials=st.dictionaries(paths, special, max_size=3),
    searches=st.lists(searches, min_size=1, max_size=3),
    listing=globs,
)
async def test_answers_with_and_without_ripgrep_are_identical(
    tmp_path: Path,
    files: dict[str, bytes],
    ignores: dict[str, str],
    specials: dict[str, str],
    searches: list[Json],
    listing: Json,
) -> None:
    root = tmp_path / "tree"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    plant(root, {path: text.encode() for path, text in ignores.items()}, {})
    plant(root, {"a.py": b"foo\n", "src/a.py": b"foo bar\nbar\n", **files}, specials)
    box = Toolbox(root)
    fast, slow = (Search(ripgrep=program, seconds=60, hidden_seconds=20) for program in (RG, ""))
    for call in searches:
        expected = await answer(box, Grep(fast), call)
        event("error" if isinstance(expected, str) else "no match" if expected[0].startswith("No match") else "match")
        assert await answer(box, Grep(slow), call) == expected
    assert await answer(box, Glob(slow), listing) == await answer(box, Glob(fast), listing)
