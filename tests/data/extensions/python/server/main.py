"""A server of the standard library alone: JSON-RPC by hand, one message a line."""

import json
import sys

from shown import shown

TOOL = {"name": "show_config", "description": "Shows the configuration", "inputSchema": {"type": "object"}}


def answer(method, params):
    if method == "initialize":
        info = {"name": "echo-python", "version": "1.0.0"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
    return {
        "ping": {},
        "tools/list": {"tools": [TOOL]},
        "tools/call": {"content": [{"type": "text", "text": shown()}]},
    }.get(method)


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        found = answer(message["method"], message.get("params") or {})
        outcome = {"error": {"code": -32601, "message": "Method not found"}} if found is None else {"result": found}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **outcome}), flush=True)
