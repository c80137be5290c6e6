from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coder.core.errors import ToolError
from coder.tools.edit import Edit
from coder.tools.encoding import detect, is_binary
from coder.tools.ledger import FileLedger
from coder.tools.patch import patch
from coder.tools.read import Read
from coder.tools.textfile import TextFile, trimmed
from tests.support.toolbox import Toolbox

EXAMPLES = 5_000 if os.environ.get("CODER_FUZZ") == "long" else 150

# Text and codec that go together; the newline-free words are the lines of a file.
WORDS = {
    "utf-8": "ab x=1\t“é価😀",
    "utf-8-sig": "ab x\té",
    "utf-16-le": "ab x\té価",
    "utf-16-be": "ab x\té価",
    "cp1252": "ab x\téü",
    "gbk": "ab计算值x\t",
    "cp932": "abあいうx\t",
}
BOMS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
NEWLINES = {"LF": ["\n"], "CRLF": ["\r\n"], "mixed": ["\n", "\r\n"]}


@dataclass(frozen=True)
class Case:
    data: bytes
    view: str
    codec: str


@st.composite
def cases(draw: st.DrawFn) -> Case:
    codec = draw(st.sampled_from(sorted(WORDS)))
    ends = draw(st.sampled_from(sorted(NEWLINES)))
    lines = draw(st.lists(st.text(WORDS[codec], max_size=6), min_size=1, max_size=8))
    text = "".join(line + draw(st.sampled_from(NEWLINES[ends])) for line in lines[:-1]) + lines[-1]
    data = BOMS.get(codec, b"") + text.encode(codec)
    assume(not is_binary(data))
    assume(detect(data).decode(data) == text)  # a guess that is right; wrong ones have a test of their own
    assume("\r\n" in text or "\r" not in text)
    return Case(data, text.replace("\r\n", "\n"), codec)


def edited(case: Case, old: str, new: str, replace_all: bool = False) -> tuple[bytes, str | None]:
    """The file's bytes after the edit, and the refusal if there was one."""

    async def run(path: Path) -> str | None:
        ledger = FileLedger()
        box = Toolbox(path.parent)
        await box.call(Read(ledger), file_path=str(path))
        raw = {"file_path": str(path), "old_string": old, "new_string": new, "replace_all": replace_all}
        try:
            await box.call(Edit(ledger), raw)
        except ToolError as error:
            return str(error)
        return None

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "repo", "file.txt")
        path.parent.mkdir()
        path.write_bytes(case.data)
        refusal = asyncio.run(run(path))
        return path.read_bytes(), refusal


def count(view: str, old: str) -> int:
    return sum(view.startswith(old, at) for at in range(len(view)))


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases(), st.data())
@pytest.mark.behaviour("B-210")
@pytest.mark.behaviour("B-212")
def test_bytes_outside_the_span_never_change_and_only_one_match_is_edited(case: Case, data: st.DataObject) -> None:
    assume(case.view)
    start = data.draw(st.integers(0, len(case.view) - 1))
    end = data.draw(st.integers(start + 1, len(case.view)))
    old = case.view[start:end]
    new = data.draw(st.text(WORDS[case.codec] + "\n", max_size=8))
    assume(new != old)
    sent = old.replace("\n", "\r\n") if data.draw(st.booleans()) else old
    after, refusal = edited(case, sent, new)
    if count(case.view, old) != 1:
        assert refusal is not None
        assert after == case.data
        return
    assert refusal is None
    at = case.view.index(old)
    head, tail = raw_parts(case, at, at + len(old))
    assert after.startswith(head)
    assert after.endswith(tail)
    middle = after[len(head) : len(after) - len(tail)]
    codec = "utf-8" if case.data.isascii() else case.codec.removesuffix("-sig")
    assert middle.decode(codec).replace("\r\n", "\n") == new


def raw_parts(case: Case, start: int, end: int) -> tuple[bytes, bytes]:
    """The bytes before and after a piece of the view, found by walking the text: slow and plain on purpose."""
    bom = BOMS.get(case.codec, b"\xef\xbb\xbf" if case.codec == "utf-8-sig" else b"")
    codec = case.codec.removesuffix("-sig")
    text = case.data[len(bom) :].decode(codec)
    places, at = [], 0
    while at < len(text):
        places.append(at)
        at += 2 if text.startswith("\r\n", at) else 1
    places.append(len(text))
    return bom + text[: places[start]].encode(codec), text[places[end] :].encode(codec)


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases(), st.data())
@pytest.mark.behaviour("B-212")
def test_text_that_is_not_there_is_never_written(case: Case, data: st.DataObject) -> None:
    old = data.draw(st.text(WORDS[case.codec] + "\n", min_size=1, max_size=10))
    assume(old not in case.view)
    after, refusal = edited(case, old, "something else entirely", data.draw(st.booleans()))
    assert refusal is not None
    assert after == case.data


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases(), st.data())
def test_replace_all_is_what_replacing_in_the_view_gives(case: Case, data: st.DataObject) -> None:
    assume(case.view.strip("\n"))
    old = data.draw(st.sampled_from(sorted(set(case.view) - {"\n"})))
    after, refusal = edited(case, old, "ab", True)
    if old == "ab":
        return
    assert refusal is None
    assert detect(case.data).decode(after).replace("\r\n", "\n") == case.view.replace(old, "ab")


@settings(max_examples=EXAMPLES * 4, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_survive_decoding(data: bytes) -> None:
    file = TextFile.of(data)
    assert file.encoding.bom + file.encoding.encode(file.text) == data
    assert file.splice([]) == data


@settings(max_examples=EXAMPLES * 4, deadline=None)
@given(st.text("ab\n", max_size=12), st.text("ab\n", max_size=12))
def test_trimming_a_replacement_does_not_change_what_it_makes(old: str, new: str) -> None:
    splice = trimmed(old, new, 0)
    assert old[: splice.start] + splice.text + old[splice.end :] == new


@settings(max_examples=EXAMPLES * 2, deadline=None)
@given(st.text("abc\n", max_size=60), st.text("abc\n", max_size=60))
def test_a_patch_applied_to_the_old_text_gives_the_new_one(old: str, new: str) -> None:
    made = patch(old, new)
    lines, at, removed = old.splitlines(keepends=True), 0, False
    out: list[str] = []
    for hunk in made.hunks:
        first = hunk["oldStart"] - (1 if hunk["oldLines"] else 0)
        out += lines[at:first]
        assert len(out) == hunk["newStart"] - (1 if hunk["newLines"] else 0)
        at = first + hunk["oldLines"]
        for line in hunk["lines"]:
            if not line.startswith("\\"):
                removed = line[0] == "-"
                out += [] if removed else [line[1:] + "\n"]
            elif not removed:
                out[-1] = out[-1].removesuffix("\n")
    assert "".join([*out, *lines[at:]]) == new
