"""A server of the standard library alone: JSON-RPC by hand, one message a line."""

import json
import sys
from typing import Any

from shown import shown  # type: ignore[import-not-found]  # in server/lib, which PYTHONPATH names

TOOL = {"name": "show_config", "description": "Shows the configuration", "inputSchema": {"type": "object"}}


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    if method == "initialize":
        info = {"name": "echo-python", "version": "1.0.0"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
    known: dict[str, dict[str, Any]] = {
        "ping": {},
        "tools/list": {"tools": [TOOL]},
        "tools/call": {"content": [{"type": "text", "text": shown()}]},
    }
    return known.get(method)


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        found = answer(message["method"], message.get("params") or {})
        outcome = {"error": {"code": -32601, "message": "Method not found"}} if found is None else {"result": found}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **outcome}), flush=True)
