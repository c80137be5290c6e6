"""A server of the older protocol with one fault, by hand and with the standard library only: `odd.py FAULT [ARG]`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

FAULT = sys.argv[1] if len(sys.argv) > 1 else ""
ARG = sys.argv[2] if len(sys.argv) > 2 else ""
_LOCK = threading.Lock()
QUESTION = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}}
GREETING = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {"listChanged": True}, "logging": {}},
    "serverInfo": {"name": "odd", "version": "1"},
    "instructions": "be odd",
}
TOOLS: list[dict[str, Any]] = [
    {
        "name": "echo",
        "description": "Says it again",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
    }
]


def say(message: dict[str, Any]) -> None:
    line(json.dumps({"jsonrpc": "2.0", **message}))


def line(text: str) -> None:
    with _LOCK:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def note(text: str) -> None:
    """What a test may read: a line in the file that is the second argument."""
    if ARG:
        with open(ARG, "a") as file:
            file.write(text + "\n")


def call(number: Any, params: dict[str, Any]) -> None:
    arguments = params.get("arguments") or {}
    if FAULT == "crash":
        print("about to break", file=sys.stderr, flush=True)
        os._exit(3)
    if FAULT in ("hang", "late"):
        note(f"called {number}")
        return
    if FAULT == "huge":
        say({"id": number, "result": {"content": [{"type": "text", "text": "x" * int(ARG)}]}})
        return
    if FAULT == "loud":
        for _ in range(int(ARG) >> 20):
            sys.stderr.write(
                "noise in a line of a hundred and twenty-eight ".ljust(127) + "\n" + ("x" * 127 + "\n") * 8191
            )
    if FAULT == "listed" and params["name"] == "add":
        listed = json.loads(Path(ARG).read_text())
        Path(ARG).write_text(json.dumps([*listed, f"added{len(listed)}"]))
        say({"method": "notifications/tools/list_changed"})
    if FAULT == "listed" and params["name"] == "die":
        os._exit(3)
    if FAULT == "wrong-id":
        say({"id": 987654, "result": {"content": []}})
        say({"id": None, "result": {"content": []}})
    if FAULT == "bad-result":
        say({"id": number, "result": {"content": "none"}})
        return
    if FAULT == "raw":  # `\\xNN` in the argument is that byte
        data = ARG.replace("NUMBER", str(number)).encode().decode("unicode_escape").encode("latin-1")
        sys.stdout.buffer.write(data + b"\n")
        sys.stdout.buffer.flush()
        return
    if FAULT == "error":
        say({"id": number, "error": {"code": -32000, "message": "no \x1b[31mway"}})
        return
    if FAULT == "grow":
        if len(TOOLS) == 1:
            TOOLS.append({**TOOLS[0], "name": "echo1"})
        threading.Thread(target=tell_of_changes, daemon=True).start()
    if FAULT == "progress":
        token = params["_meta"]["progressToken"]
        say(
            {
                "method": "notifications/progress",
                "params": {"progressToken": token, "progress": 1, "total": 2, "message": "half"},
            }
        )
    say(
        {
            "id": number,
            "result": {"content": [{"type": "text", "text": str(arguments.get("text", ""))}], "isError": False},
        }
    )


def tell_of_changes() -> None:
    for _ in range(5):
        say({"method": "notifications/tools/list_changed"})
        time.sleep(0.03)
    note("told")


def offered() -> list[dict[str, Any]]:
    """`listed`: those whose names are in the file; `many`: so many, as large as real ones are."""
    if FAULT == "listed":
        return [{**TOOLS[0], "name": name} for name in json.loads(Path(ARG).read_text())]
    if FAULT == "many":
        about = "Does one thing of many with the things that are there, and says what came of it. " * 4
        forms = {f"p{n}": {"type": "string", "description": about} for n in range(8)}
        schema = {"type": "object", "properties": forms}
        return [{"name": f"t{n}", "description": about, "inputSchema": schema} for n in range(int(ARG))]
    return TOOLS


def flood() -> None:
    while True:
        try:
            if FAULT == "flood-err":
                sys.stderr.write("noise " * 1000 + "\n")
            else:
                line(
                    json.dumps(
                        {
                            "jsonrpc": "2.0",
                            "method": "notifications/message",
                            "params": {"level": "info", "data": "noise"},
                        }
                    )
                )
        except OSError:
            os._exit(1)


def begun() -> None:
    """What it does as soon as the handshake is over."""
    if FAULT.startswith("flood"):
        threading.Thread(target=flood, daemon=True).start()
    if FAULT == "crash-soon":
        os._exit(4)
    for turn in range(20 if FAULT == "ask" else 0):
        say({"id": f"q{turn}", **QUESTION})
    if FAULT == "ping":
        say({"id": "p1", "method": "ping"})


def replied(message: dict[str, Any]) -> None:
    """An answer to a question of its own."""
    error = message.get("error") or {}
    note(f"answered {message.get('id')} {json.dumps(message.get('result'))} {error.get('message', '')}")


def answer(message: dict[str, Any]) -> None:
    method, number, params = message.get("method"), message.get("id"), message.get("params") or {}
    if FAULT in ("strict", "roots", "grow"):
        note(f"heard {method}")
    if FAULT == "strict" and method == "server/discover":
        os._exit(1)
    if method == "initialize":
        say({"id": number, "result": GREETING})
    elif method == "notifications/initialized":
        begun()
    elif method == "tools/list":
        say({"id": number, "result": {"tools": offered()}})
    elif method == "tools/call":
        call(number, params)
    elif method == "notifications/cancelled":
        note(f"cancelled {params.get('requestId')}")
        if FAULT == "late":
            say({"id": params["requestId"], "result": {"content": []}})
    elif method is None:
        replied(message)
    elif number is not None:
        say({"id": number, "error": {"code": -32601, "message": f"no {method}"}})


def main() -> None:
    if FAULT == "exit":
        print(f"cannot go on without a key {os.environ.get('KEY', '')}", file=sys.stderr)
        raise SystemExit(7)
    if FAULT == "silent":
        time.sleep(600)
    if FAULT == "noise":
        line("Starting up, please wait…")
        line('{"json": "but no message"}')
        line("[" * 100000)
        line("\x00\udcff".encode("utf-8", "surrogateescape").decode("latin-1"))
    if FAULT == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if FAULT == "grandchild":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        note(str(child.pid))
    if FAULT == "cycle":
        TOOLS[0]["inputSchema"] = {
            "type": "object",
            "properties": {"node": {"$ref": "#/$defs/n"}, "file": {"$ref": "file:///etc/passwd"}},
            "$defs": {"n": {"properties": {"next": {"$ref": "#/$defs/n"}}}},
        }
        TOOLS.insert(0, {"name": 5})
        TOOLS.append({"name": "bare"})
    if FAULT == "deaf":
        sys.stdin.close()
        time.sleep(600)
    for text in sys.stdin:
        answer(json.loads(text))
    if FAULT == "stubborn":
        time.sleep(600)


main()
