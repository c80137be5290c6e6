from __future__ import annotations

import os
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coder.models.sse import EventTooLarge, SseEvent, SseParser

EXAMPLES = 20_000 if os.environ.get("CODER_FUZZ") == "long" else 300


def parse(*chunks: bytes) -> list[SseEvent]:
    parser = SseParser()
    return [event for piece in chunks for event in parser.feed(piece)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"event: a\ndata: 1\n\n", [("a", "1")]),
        (b"event: a\r\ndata: 1\r\n\r\n", [("a", "1")]),
        (b"event: a\rdata: 1\r\r", [("a", "1")]),
        (b"\xef\xbb\xbfdata: 1\n\n", [("", "1")]),
        (b"data: a\ndata: b\ndata\ndata:  c\n\n", [("", "a\nb\n\n c")]),
        (b": a comment\n\ndata:x\n: another\n\n", [("", "x")]),
        (b"event: lost\n\ndata: x\n\n", [("", "x")]),
        (b"id: 1\nretry: 5\nfoo: y\ndata: x\n\n", [("", "x")]),
        ("data: a\u2028b\u2029c\x85d\x0b\x0c\x1c\n\n".encode(), [("", "a\u2028b\u2029c\x85d\x0b\x0c\x1c")]),
        (b"data: \xff\xfe\n\n", [("", "\ufffd\ufffd")]),
        (b"data: a\n\ndata: unfinished", [("", "a")]),
        (b"data: unfinished\n", []),
        (b"\n\n\r\r\n", []),
        (b"data: \xef\xbb\xbfx\n\n\xef\xbb\xbfdata: y\n\n", [("", "\ufeffx")]),
    ],
)
def test_streams_by_the_book(stream: bytes, events: list[tuple[str, str]]) -> None:
    assert parse(stream) == events
    assert parse(*(stream[i : i + 1] for i in range(len(stream)))) == events


pieces = st.lists(
    st.sampled_from(
        [
            b"data",
            b":",
            b" ",
            b"event",
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b"{}",
            "é😀\u2028".encode(),
            b"\xef\xbb\xbf",
            b"\xf0",
        ]
    )
    | st.binary(max_size=4),
    max_size=30,
).map(b"".join)


@settings(max_examples=EXAMPLES)
@given(pieces, st.lists(st.integers(0, 200), max_size=12))
@example(b"data: x\r\n\r\n", [8])
def test_where_a_stream_is_cut_into_chunks_makes_no_difference(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    chunks = [stream[a:b] for a, b in pairwise(edges)]
    assert parse(*chunks) == parse(stream)


def reference(stream: bytes) -> list[tuple[str, str]]:
    """The standard's algorithm, on the whole stream at once."""
    text = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]
    found: list[tuple[str, str]] = []
    name = ""
    data: list[str] = []
    for line in text:
        if not line:
            if data:
                found.append((name, "\n".join(data)))
            name, data = "", []
            continue
        field, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
    return found


@settings(max_examples=EXAMPLES)
@given(pieces)
def test_any_bytes_parse_as_the_standard_says(stream: bytes) -> None:
    assert parse(stream) == reference(stream)


def test_a_ten_megabyte_event_in_small_chunks_is_read() -> None:
    data = b"x" * 10_000_000
    stream = b"data: " + data + b"\n\n"
    [event] = parse(*(stream[i : i + 16384] for i in range(0, len(stream), 16384)))
    assert len(event.data) == len(data)


@pytest.mark.parametrize("line", [b"data: xxxxxxxx\n", b"x"])
def test_an_event_without_end_is_given_up_in_time(line: bytes) -> None:
    parser = SseParser(max_event_bytes=1000)
    with pytest.raises(EventTooLarge):
        for _ in range(2000):
            parser.feed(line)


def test_many_events_are_no_large_event() -> None:
    parser = SseParser(max_event_bytes=1000)
    assert sum(len(parser.feed(b"data: xxxxxxxx\n\n")) for _ in range(2000)) == 2000
