"""What a server asks of us, handed to the session as JSON, and its answers handed back. Must not know how they are
found."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from coder.core.messages import Json
from coder.mcp.library import mcp, mcp_types, pydantic
from coder.mcp.link import Host
from coder.mcp.server import Server

if TYPE_CHECKING:
    from mcp.client.session import ClientRequestContext

MOST_AT_ONCE = 8  # questions of one server that wait for an answer
_MOST_PAGES = 3  # to be visited before a call
_TEXT = 4096  # characters of a log message


class Hosting:
    """The callbacks of the library for one server. `asking` counts the questions that somebody thinks about."""

    def __init__(self, server: Server, host: Host) -> None:
        self._server, self._host = server, host
        self.asking = 0

    async def roots(self, context: ClientRequestContext) -> Any:
        roots = [
            mcp_types.Root.model_validate({"uri": path.as_uri(), "name": path.name}) for path in self._host.roots()
        ]
        return mcp_types.ListRootsResult(roots=roots)

    async def sample(self, context: ClientRequestContext, params: pydantic.BaseModel) -> Any:
        answer = await self._asked(self._host.sample(self._server, as_json(params)))
        kinds = [mcp_types.CreateMessageResult, mcp_types.CreateMessageResultWithTools]
        return _read(answer, kinds)

    async def elicit(self, context: ClientRequestContext, params: pydantic.BaseModel) -> Any:
        return _read(await self._asked(self._host.elicit(self._server, as_json(params))), [mcp_types.ElicitResult])

    async def visited(self, error: mcp.MCPError) -> bool:
        """Whether it wants pages to be visited before it answers, and a person went to all of them."""
        if error.code != mcp_types.URL_ELICITATION_REQUIRED:
            return False
        try:
            wanted = mcp_types.ElicitationRequiredErrorData.model_validate(error.error.data, by_name=False)
        except pydantic.ValidationError:
            return False
        for page in wanted.elicitations[:_MOST_PAGES]:
            answer = await self._asked(self._host.elicit(self._server, as_json(page)))
            if answer.get("action") != "accept":
                return False
        return 0 < len(wanted.elicitations) <= _MOST_PAGES

    async def log(self, params: Any) -> None:
        text = params.data if isinstance(params.data, str) else str(params.data)
        self._host.logged(self._server, str(params.level), text[:_TEXT])

    async def _asked(self, question: Coroutine[Any, Any, Json]) -> Json:
        if self.asking >= MOST_AT_ONCE:
            question.close()
            return {"error": f"More than {MOST_AT_ONCE} questions at once are not answered."}
        self.asking += 1
        try:
            return await question
        finally:
            self.asking -= 1


def as_json(value: pydantic.BaseModel) -> Json:
    found: Json = value.model_dump(by_alias=True, mode="json", exclude_none=True)
    return found


def _read(answer: Json, kinds: Sequence[type[pydantic.BaseModel]]) -> Any:
    if "error" in answer:
        return mcp_types.ErrorData(code=mcp_types.INVALID_REQUEST, message=str(answer["error"]))
    for kind in kinds:
        try:
            return kind.model_validate(answer, by_name=False)
        except pydantic.ValidationError:
            continue
    return mcp_types.ErrorData(code=mcp_types.INTERNAL_ERROR, message="There is no answer that can be sent.")
