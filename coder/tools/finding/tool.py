"""ToolSearch: finds tools of servers that are not in the tool list. Must not know servers, or how a tool is called.

It stands in every request of a session with servers, so what finds is loaded with the first search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.tools import Internal, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools.finding.catalogue import Catalogue, Detail
from coder.tools.form import Bounds

if TYPE_CHECKING:
    from coder.tools.finding import searching
else:
    searching = LazyModule("coder.tools.finding.searching")


@dataclass(frozen=True, slots=True)
class ToolSearchParams:
    query: Annotated[str, "What is to be done, in words; or select:name,name; or /pattern/"]
    max_results: Annotated[int, "Most tools returned", Bounds(1, 50)] = 5
    detail: Annotated[Detail, "How much of each; full has the input schema that a call needs"] = "full"


class ToolSearch:
    name = "ToolSearch"
    params = ToolSearchParams

    def __init__(self, catalogue: Catalogue, patience: float = 1.0) -> None:
        """`patience`: seconds for a pattern."""
        self._catalogue = catalogue
        self._patience = patience
        self._search: searching.Search | None = None

    def access(self, params: ToolSearchParams, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: ToolSearchParams) -> str:
        return params.query

    async def run(self, params: ToolSearchParams, context: ToolContext) -> ToolOutput:
        if self._search is None:
            self._search = searching.Search(self._catalogue, self._patience)
        return await self._search.found(params.query, params.max_results, params.detail)
