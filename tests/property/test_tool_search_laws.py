"""Whatever is asked and whatever servers send: an answer or a refusal, and what is selected is what is found."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from coder.core.errors import ToolError
from coder.tools.finding.index import Findable, Index
from coder.tools.finding.tool import ToolSearch
from tests.support.findables import Shelf, real_tools
from tests.support.toolbox import Toolbox, text_of

EXAMPLES = 3_000 if os.environ.get("CODER_FUZZ") == "long" else 50

_PLACE = Path(tempfile.mkdtemp(prefix="coder-search-"))
atexit.register(shutil.rmtree, _PLACE)
(_PLACE / "box").mkdir()
BOX = Toolbox(_PLACE / "box")
TOOL = ToolSearch(Shelf(real_tools()))
ANY = st.text(max_size=40) | st.characters(codec=None).map(str)
SAID = st.lists(
    st.sampled_from(["select:", "/", "+", "create", "issue", ",", "mcp__git__git_log", "[", "(?", "*", "\\"])
)
ODD = st.builds(
    Findable, st.just(""), st.text(max_size=10), ANY, ANY, st.lists(st.tuples(ANY, ANY), max_size=3).map(tuple)
)


def ask(tool: ToolSearch, query: str) -> list[str] | None:
    """The names that are found; None where the query was refused."""
    try:
        output = asyncio.run(BOX.call(tool, query=query))
    except ToolError:
        return None
    text = text_of(output)
    text.encode("utf-8")
    return [json.loads(line)["name"] for line in re.findall(r"^<tool>(.*)</tool>$", text, re.MULTILINE)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(ANY | SAID.map("".join) | SAID.map(" ".join))
def test_any_query_has_an_answer_or_a_refusal(query: str) -> None:
    found = ask(TOOL, query)
    assert found is None or len(found) == len(set(found))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.sampled_from(real_tools()), min_size=1, max_size=8, unique=True), st.sampled_from([",", ", ", " "]))
def test_what_is_selected_is_found_and_nothing_else(wanted: list[Findable], between: str) -> None:
    names = [each.name for each in wanted]
    assert ask(TOOL, "select:" + between.join(names)) == names


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(ODD, max_size=5), ANY)
def test_whatever_servers_send_can_be_searched(odd: list[Findable], query: str) -> None:
    tools = [
        Findable(f"mcp__s__{number}", each.server, each.title, each.description, each.parameters)
        for number, each in enumerate(odd)
    ]
    found = ask(ToolSearch(Shelf(tools)), query)
    assert found is None or set(found) <= {each.name for each in tools}


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.permutations(real_tools()[:12]), st.sampled_from(["read file", "create", "issue", "delete entities graph"]))
def test_the_order_in_which_servers_come_changes_nothing(tools: list[Findable], query: str) -> None:
    assert Index(tools).search(query, 12) == Index(real_tools()[:12]).search(query, 12)
