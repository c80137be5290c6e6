"""What a host may want to know of the program: its version, the models, what the session costs in words. Must not know
how costs are counted.
"""

from __future__ import annotations

import os

from coder import __version__
from coder.app.session import Session
from coder.core.errors import SessionError
from coder.core.messages import Json
from coder.frontends.stream_json import host_desk
from coder.frontends.stream_json.callbacks import introducing
from coder.frontends.stream_json.queries.around import Around


async def version(session: Session, request: Json) -> Json:
    del session, request
    return {"version": __version__}


async def models(around: Around, session: Session, request: Json) -> Json:
    del request
    return {"models": introducing.models(session, around.config)}


async def cost(around: Around, session: Session, request: Json) -> Json:
    """As `/cost` says it."""
    del request
    command = host_desk.printing("cost")
    if command is None:
        raise SessionError("there is no /cost")
    env = {**os.environ, **around.config.env}
    return {"text": await host_desk.printed(command, "", session, around.config, env)}
