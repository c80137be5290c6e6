"""Lines of a server that the protocol's reader refuses: what can be mended of them, or at least whom they answer. Pure;
must not know pipes.

Whoever waits for an answer must hear that it came and cannot be read: else they wait until nothing was heard for long.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from coder.mcp.errors import UNREADABLE
from coder.mcp.library import mcp_types, message
from coder.mcp.lines import answered_by

if TYPE_CHECKING:
    from mcp.shared.message import SessionMessage

_MOST = 4 << 20  # bytes of what is mended: that takes many times as much memory


def validated(line: bytes) -> SessionMessage:
    """Raises ValueError for what is no message."""
    return message.SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))


def mended(line: bytes) -> SessionMessage | None:
    """The message where half characters are all that is wrong with it, such as of a file name that is no text; else an
    error for the request that it answers, None when it answers none."""
    try:
        if len(line) > _MOST:
            raise ValueError
        found: Any = json.loads(line.decode("utf-8-sig", "replace"))
        return validated(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        number = answered_by(line)
        if number is None:
            return None
        error = mcp_types.ErrorData(code=mcp_types.INTERNAL_ERROR, message=UNREADABLE)
        return message.SessionMessage(mcp_types.JSONRPCError(jsonrpc="2.0", id=number, error=error))
