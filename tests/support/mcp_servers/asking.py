"""A server of the older protocol that asks: its tools `ask`, `page` and `think` put a question to the client and answer
with what came back. It has a resource and a prompt too, and logs an error. By hand, with the standard library only."""

from __future__ import annotations

import json
import sys
from typing import Any

TEXT = {"type": "text", "text": "What is 1 + 1?"}
FORM = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "title": "City", "minLength": 2},
        "way": {"type": "string", "enum": ["rail", "road"]},
    },
    "required": ["city"],
}
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "ask": ("elicitation/create", {"message": "Where to?", "requestedSchema": FORM}),
    "page": (
        "elicitation/create",
        {"mode": "url", "message": "Pay", "url": "https://pay.example.org/?id=1", "elicitationId": "e1"},
    ),
    "think": ("sampling/createMessage", {"messages": [{"role": "user", "content": TEXT}], "maxTokens": 50}),
}
LISTS: dict[str, dict[str, Any]] = {
    "tools/list": {
        "tools": [
            {"name": name, "description": name, "inputSchema": {"type": "object"}} for name in (*QUESTIONS, "work")
        ]
    },
    "resources/list": {"resources": [{"uri": "notes://one", "name": "The first note"}]},
    "resources/templates/list": {"resourceTemplates": []},
    "prompts/list": {
        "prompts": [{"name": "greet", "description": "Greets", "arguments": [{"name": "who", "required": True}]}]
    },
    "resources/read": {"contents": [{"uri": "notes://one", "text": "Buy milk."}]},
}
GREETING = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}, "resources": {}, "prompts": {}, "logging": {}},
    "serverInfo": {"name": "asking", "version": "1"},
}
_CALLS: dict[str, Any] = {}  # the call that waits, by the id of the question


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def done(number: Any, text: str) -> None:
    say({"id": number, "result": {"content": [{"type": "text", "text": text}]}})


def work(number: Any, token: Any) -> None:
    """Tells how far it is, and never ends."""
    say(
        {
            "method": "notifications/progress",
            "params": {"progressToken": token, "progress": 3, "total": 7, "message": "sawing"},
        }
    )


def answer(message: dict[str, Any]) -> None:
    method, number, params = message.get("method"), message.get("id"), message.get("params") or {}
    if method is None and isinstance(number, str):
        done(_CALLS.pop(number), json.dumps(message.get("result") or message.get("error"), sort_keys=True))
    elif method == "initialize":
        say({"id": number, "result": GREETING})
        say({"method": "notifications/message", "params": {"level": "error", "data": "the disk is full"}})
    elif method in LISTS:
        say({"id": number, "result": LISTS[method]})
    elif method == "prompts/get":
        text = f"Say hello to {params['arguments']['who']}."
        say({"id": number, "result": {"messages": [{"role": "user", "content": {"type": "text", "text": text}}]}})
    elif method == "tools/call" and params["name"] == "work":
        work(number, params["_meta"]["progressToken"])
    elif method == "tools/call":
        asked, given = QUESTIONS[params["name"]]
        _CALLS[f"q{number}"] = number
        say({"id": f"q{number}", "method": asked, "params": given})
    elif number is not None:
        say({"id": number, "error": {"code": -32601, "message": f"no {method}"}})


if __name__ == "__main__":
    for line in sys.stdin:
        answer(json.loads(line))
