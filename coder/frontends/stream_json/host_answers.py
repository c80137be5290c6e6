"""What a host may ask of the process as a whole: to stop what runs, another mode, another model. Must not know
how frames are read or written.
"""

from __future__ import annotations

from typing import get_args

from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.messages import Json
from coder.core.tools import Mode
from coder.frontends.stream_json.control import Answer, RequestError
from coder.frontends.stream_json.host_seat import Seat
from coder.frontends.stream_json.turns import Turns

_MODES = {"manual": "default", **{mode: mode for mode in get_args(Mode)}}


def answers_of(seat: Seat, turns: Turns) -> dict[str, Answer]:
    async def session() -> Session:
        try:
            return await seat.opened()
        except CoderError as error:
            turns.fail(error)
            raise RequestError(str(error)) from None

    async def interrupt(request: Json) -> Json:
        receipt = turns.interrupt(cancels_queued=request.get("cancel_queued") is True)
        cancelled = {"cancelled": list(receipt.cancelled)} if request.get("cancel_queued") is True else {}
        return {"still_queued": list(receipt.still_queued), **cancelled}

    async def cancel_async_message(request: Json) -> Json:
        name = request.get("message_uuid")
        if not isinstance(name, str):
            raise RequestError("message_uuid must be a text")
        return {"cancelled": turns.cancel(name)}

    async def set_permission_mode(request: Json) -> Json:
        wanted = request.get("mode")
        mode = _MODES.get(wanted) if isinstance(wanted, str) else None
        if mode is None:
            raise RequestError(f"there is no permission mode {str(wanted)[:60]!r}: {', '.join(_MODES)}")
        try:
            (await session()).tuning.set_mode(mode)
        except CoderError as error:
            raise RequestError(str(error)) from None
        return {"mode": mode}

    async def set_model(request: Json) -> Json:
        wanted = request.get("model")
        if wanted is not None and not (isinstance(wanted, str) and wanted.split() == [wanted]):
            raise RequestError(f"{str(wanted)[:60]!r} is no name of a model")
        try:
            (await session()).tuning.set_model("" if wanted in (None, "default") else str(wanted))
        except CoderError as error:
            raise RequestError(str(error)) from None
        return {}

    async def set_prompt_suggestions_paused(request: Json) -> Json:
        is_paused = request.get("paused")
        if not isinstance(is_paused, bool):
            raise RequestError("paused must be true or false")
        turns.suggesting.pause(is_paused=is_paused)
        return {}

    async def prompt_draft_activity(request: Json) -> Json:
        """Somebody types: what could be suggested comes too late."""
        turns.suggesting.drop()
        return {}

    return {
        "set_prompt_suggestions_paused": set_prompt_suggestions_paused,
        "prompt_draft_activity": prompt_draft_activity,
        "interrupt": interrupt,
        "cancel_async_message": cancel_async_message,
        "set_permission_mode": set_permission_mode,
        "set_model": set_model,
    }
