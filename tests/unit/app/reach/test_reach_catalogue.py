"""The tools of servers as the search sees them, and how long a search waits for servers."""

from __future__ import annotations

from coder.app.reach.catalogue import ServerCatalogue
from coder.app.reach.known import Known
from coder.mcp.server import Offer
from tests.support.linked import MemoryLink, offered, server

TOOL = offered("a", "make", "Makes it.", size={"type": "string", "description": "How large"})


class Counted(MemoryLink):
    """Never ready; counts who waits."""

    waits = 0

    async def ready(self) -> bool:
        self.waits += 1
        return await super().ready()


async def test_a_search_waits_once_for_a_server_that_hangs() -> None:
    link, begun = Counted(server("a"), Offer((TOOL,))), []
    catalogue = ServerCatalogue((link,), Known((link,), lambda names: ()), lambda: begun.append(1), patience=0)
    for _ in range(3):
        await catalogue.settle()
    assert link.waits == 1 and begun
    assert catalogue.missing() == [("a", "it is still connecting")] and not catalogue.findables()


async def test_what_is_connected_is_found_with_its_parameters() -> None:
    link = MemoryLink(server("a"), Offer((TOOL,)))
    catalogue = ServerCatalogue((link,), Known((link,), lambda names: ()), lambda: link.becomes("connected"))
    await catalogue.settle()
    (found,) = catalogue.findables()
    assert (found.name, found.server, found.short) == ("mcp__a__make", "a", "make")
    assert found.parameters == (("size", "How large"),) and not catalogue.missing()
    assert catalogue.definition(found.name)["input_schema"] == TOOL.schema
    assert catalogue.definition("mcp__a__gone") == {}


def test_what_a_rule_takes_away_is_not_found() -> None:
    link = MemoryLink(server("a"), Offer((TOOL,)), Offer((TOOL,)))
    known = Known((link,), lambda names: [name for name in names if name == TOOL.name])
    assert not ServerCatalogue((link,), known, lambda: None).findables()
    assert known.current(TOOL.name) is None
