"""Answers that are nearly of the protocol: mended, or told at once, for nobody waits half an hour for one that came."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.mcp.errors import ServerError
from tests.support.mcp_links import linked, odd, place_in, say

HEAD = '{"jsonrpc":"2.0","id":NUMBER'
ANSWER = HEAD + ',"result":{"content":[{"type":"text","text":"a%sb"}]}}'
DEEP = HEAD + ',"result":{"content":[],"structuredContent":{"x":' + "[" * 3000 + "]" * 3000 + "}}}"


@pytest.mark.behaviour("B-1856")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (ANSWER % r"\\udc80", "a?b"),  # a file name that is no text, as json.dumps writes it
        (ANSWER % r"\xff\xfe", "a\ufffd\ufffdb"),
        (r"\xef\xbb\xbf" + ANSWER % "", "ab"),
        (DEEP, ""),
        (HEAD + ',"result":{"content":[', ""),
        (HEAD + ',"error":{"code":"x"}}', ""),
        (HEAD + "}", ""),
    ],
)
async def test_an_answer_that_is_not_as_it_should_be_is_not_waited_for(line: str, said: str, tmp_path: Path) -> None:
    async with linked(odd("raw", line), place_in(tmp_path, CLAUDE_CODE_MCP_TOOL_IDLE_TIMEOUT="2000")) as link:
        if said:
            assert await say(link) == said
            return
        with pytest.raises(ServerError, match="refused the tool echo: its answer cannot be read"):
            await say(link)
