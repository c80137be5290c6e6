"""Hooks that are callbacks of the host, as `hook_callback` requests. Must not know what they say."""

from __future__ import annotations

from coder.core.messages import Json
from coder.frontends.stream_json import lines
from coder.frontends.stream_json.callbacks.servers import Ask
from coder.frontends.stream_json.control import HostGone, RequestError
from coder.hooks.surroundings import HostError

_JUDGED = ("PreToolUse", "PermissionRequest", "UserPromptSubmit")  # what is let through by its whole text
_AROUND = 2_000  # bytes of a frame besides the input


class HostHooks:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def call(self, id: str, given: Json) -> Json:
        """Raises HostError. An input that no host's reader takes in one line is cut, but not one that is judged."""
        tool_use_id = given.get("tool_use_id")
        request: Json = {
            "subtype": "hook_callback",
            "callback_id": id,
            "input": given,
            "tool_use_id": tool_use_id if isinstance(tool_use_id, str) else None,
        }
        if is_too_long(request):
            if given.get("hook_event_name") in _JUDGED:
                raise HostError(TOO_LONG, gone=True)
            request["input"] = lines.slimmed(given, lines.LIMIT - _AROUND)
        try:
            return await self._ask(request)
        except HostGone as error:
            raise HostError(str(error), gone=True) from error
        except RequestError as error:
            raise HostError(str(error)) from error


TOO_LONG = f"what it is about is longer than {lines.LIMIT:,} bytes, which a host may not be able to read"


def is_too_long(request: Json) -> bool:
    """Whether a frame with it is longer than a line that every host reads."""
    return len(lines.encode(request)) > lines.LIMIT - _AROUND
