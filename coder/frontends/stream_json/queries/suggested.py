"""The files that an `@` may mean, for a host: those that a terminal offers. Must not know how they are ranked."""

from __future__ import annotations

import asyncio
from pathlib import Path

from coder.app.session import Session
from coder.core.messages import Json
from coder.frontends.files import Files
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries.around import Around

_MOST = 15
_LONGEST = 1_000  # characters of a query
_known: dict[Path, Files] = {}  # one folder, as a rule: a list of files is good for some seconds


async def files(around: Around, session: Session, request: Json) -> Json:
    query = request.get("query")
    if not isinstance(query, str) or len(query) > _LONGEST or "\0" in query:
        raise RequestError(f"query must be a text of at most {_LONGEST} characters")
    found = _known.setdefault(session.facts.cwd, Files(session.facts.cwd, session.inquiries.env, lambda: None))
    async with around.listing:  # who asks at each key would have every thread list the same files
        paths = await asyncio.to_thread(found.found, query.removeprefix("@"), _MOST)
    return {"suggestions": [{"path": path} for path in paths]}
