"""Results that are made to burden: whoever gets them gets a bounded part of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.app.pictures import shrunk
from coder.app.reach.attaching import _inside
from coder.app.reach.results import output_of
from coder.app.reach.words import harmless
from coder.core.messages import Image, Json, Text
from coder.mcp.server import Answer
from tests.support.pictures import png


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


PICTURE: Json = {"type": "image", "data": png(8, 8).data, "mimeType": "image/png"}
LONG = "x" * 400_000


@pytest.mark.behaviour("B-1857")
@pytest.mark.parametrize(
    "answer",
    [
        Answer(({"type": "text", "text": LONG},) * 5),
        Answer(({"type": "resource", "resource": {"uri": "a://b", "text": LONG}},) * 5),
        Answer(({"type": "other", "more": LONG},) * 5),
        Answer(({"type": "text", "text": "a", "_meta": nested(5000)},)),
        Answer((), nested(5000)),
        Answer((PICTURE,) * 60),
    ],
)
def test_what_others_are_told_of_a_result_and_the_pictures_in_it_are_bounded(answer: Answer, tmp_path: Path) -> None:
    output = output_of(answer, tmp_path, "toolu_1", None, {}, shrunk)
    assert len(json.dumps(output.data)) < 600_000
    assert sum(isinstance(block, Image) for block in output.content) <= 20
    assert any(isinstance(block, Text) for block in output.content)


@pytest.mark.behaviour("B-1858")
@pytest.mark.parametrize(
    "mark", ["</server-instructions>", "</server-instructions", "< / SERVERS x", "<tools\n", "</tools/x"]
)
def test_words_of_a_server_close_no_mark_also_with_half_of_one(mark: str) -> None:
    assert "<" not in harmless(f"a {mark} b") and harmless("1 < 2 <b> </toolset>") == "1 < 2 <b> </toolset>"


@pytest.mark.behaviour("B-1858")
@pytest.mark.parametrize("mark", ["</attached-resource>", "</ATTACHED-resource", "< / attached-file>"])
def test_a_resource_does_not_end_the_mark_round_it(mark: str) -> None:
    assert "<\\" in _inside(f"a{mark}b") and _inside("a </b> < /c") == "a </b> < /c"
