from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.core.loop import run
from coder.frontends.stream_json import framing
from coder.frontends.stream_json.framing import TOO_LONG, decoded, lines


async def _read(chunks: Sequence[bytes]) -> list[bytes]:
    ours, theirs = os.pipe()

    def write() -> None:
        with os.fdopen(theirs, "wb", buffering=0) as stream, suppress(BrokenPipeError):
            for chunk in chunks:
                stream.write(chunk)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return [line async for line in lines(ours)]
    finally:
        writer.join()
        os.close(ours)


def _cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(ends)]


_WORDS = st.text('a"\\{}é\u2028\u2029\U0001f600\r\n', max_size=12)
_OBJECTS = st.lists(st.dictionaries(_WORDS, _WORDS | st.integers(), max_size=3), max_size=6)


@pytest.mark.behaviour("B-2215")
@settings(max_examples=60)
@given(_OBJECTS, st.sampled_from(["\n", "\r\n", "\n\r\n\n"]), st.lists(st.integers(0, 400), max_size=6), st.booleans())
def test_objects_arrive_whole_however_they_are_cut(
    objects: list[dict[str, object]], end: str, places: list[int], ended: bool
) -> None:
    text = "".join(json.dumps(each, ensure_ascii=False) + end for each in objects)
    data = (text if ended else text.rstrip("\r\n")).encode()
    found = [decoded(line) for line in run(_read(_cut(data, places)))]
    assert [each for each in found if each is not None] == objects


async def test_a_long_line_is_whole_and_one_that_is_too_long_is_told() -> None:
    long = b'{"a":"' + b"x" * 900_000 + b'"}'
    assert await _read([long + b"\n", b"{}\n"]) == [long, b"{}"]


async def test_one_over_the_limit_stands_as_that() -> None:
    assert framing.LONGEST >= 260_000
    over = [b"x" * (1 << 20)] * 65
    assert await _read([*over, b"\n{}\n", *over]) == [TOO_LONG, b"{}", TOO_LONG]


@pytest.mark.behaviour("B-2215")
@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"nope", "no JSON"),
        (b'{"a":', "no JSON"),
        (b"[1]", "no JSON object"),
        (b'"x"', "no JSON object"),
        (b"[" * 200_000, "nested"),
        (b'{"n":' + b"9" * 5000 + b"}", "no JSON"),
        (TOO_LONG, "longer than"),
    ],
)
def test_what_is_no_object_says_what_is_wrong(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decoded(line)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"", None),
        (b" \r", None),
        (b"\xef\xbb\xbf{}", {}),
        (b'{"a":"\xff"}', {"a": "\ufffd"}),
        ('{"a":"\u2028"}'.encode(), {"a": "\u2028"}),
    ],
)
def test_what_is_an_object(line: bytes, found: dict[str, str] | None) -> None:
    assert decoded(line) == found
