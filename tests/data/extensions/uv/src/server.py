"""A server that uv runs: JSON-RPC by hand, one message a line."""

import json
import os
import sys
from typing import Any

TOOL = {"name": "show_config", "description": "Shows the configuration", "inputSchema": {"type": "object"}}


def shown() -> str:
    env = [f"{name.lower()}={os.environ.get(name, '').encode().hex()}" for name in ("TOKEN", "LIMIT", "LOUD")]
    return ";".join([*env, "args=" + ",".join(arg.encode().hex() for arg in sys.argv[1:])])


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    if method == "initialize":
        info = {"name": "echo-uv", "version": "1.0.0"}
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
