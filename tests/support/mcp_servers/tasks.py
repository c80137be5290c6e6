"""A server of the older protocol whose tools are only called as tasks, or want a page visited first: `tasks.py NOTES`.
It lists them a page at a time, has a resource and knows no templates of any."""

from __future__ import annotations

import json
import sys
from typing import Any

NOTES = sys.argv[1]
TOOLS = [
    {"name": name, "inputSchema": {"type": "object"}, "execution": {"taskSupport": support}}
    for name, support in (
        ("research", "required"),
        ("forever", "required"),
        ("plain", "optional"),
        ("pay", "forbidden"),
    )
]
AS_TASKS: dict[str, Any] = {"cancel": {}, "requests": {"tools": {"call": {}}}}
CAPABILITIES = {"tools": {}, "resources": {}, "logging": {}, "tasks": AS_TASKS}
GREETING = {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "serverInfo": {"name": "t", "version": "1"}}
TASK = {"createdAt": "2026-01-01T00:00:00Z", "lastUpdatedAt": "2026-01-01T00:00:00Z", "ttl": None, "pollInterval": 1}
PAGE = {"mode": "url", "message": "Pay first.", "url": "https://pay.invalid/1", "elicitationId": "e1"}
waiting: dict[str, Any] = {}  # by task: who waits for its result


def say(number: Any, **rest: Any) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": number, **rest}) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    with open(NOTES, "a") as file:
        file.write(text + "\n")


def text(said: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": said}]}


def call(number: Any, params: dict[str, Any]) -> None:
    name, is_task = params["name"], "task" in params
    note(f"call {name} {'as a task' if is_task else 'at once'}")
    if name == "pay" and "paid" not in waiting:
        waiting["paid"] = True
        error = {"code": -32042, "message": "a page must be visited", "data": {"elicitations": [PAGE]}}
        say(number, error=error)
    elif is_task:
        say(number, result={"task": {**TASK, "taskId": name, "status": "working", "statusMessage": "begun"}})
    else:
        say(number, result=text(name))


def answer(message: dict[str, Any]) -> None:
    method, number, params = message.get("method"), message.get("id"), message.get("params") or {}
    task = params.get("taskId")
    if method == "initialize":
        say(number, result=GREETING)
    elif method == "tools/list":
        at = int(params.get("cursor") or 0)
        more = {"nextCursor": str(at + 1)} if at + 1 < len(TOOLS) else {}
        say(number, result={"tools": [TOOLS[at]], **more})
    elif method == "logging/setLevel":
        note(f"level {params['level']}")
        say(number, result={})
    elif method == "resources/list":
        say(number, result={"resources": [{"uri": "t://one", "name": "one"}]})
    elif method == "tools/call":
        call(number, params)
    elif method == "tasks/get":
        say(number, result={**TASK, "taskId": task, "status": "working", "statusMessage": "half"})
        if task == "research":
            say(waiting.pop(task), result=text("found"))
    elif method == "tasks/result":
        waiting[str(task)] = number
    elif method == "tasks/cancel":
        note(f"cancelled {task}")
        say(number, result={**TASK, "taskId": task, "status": "cancelled"})
    elif number is not None and method is not None:
        say(number, error={"code": -32601, "message": f"no {method}"})


for line in sys.stdin:
    answer(json.loads(line))
