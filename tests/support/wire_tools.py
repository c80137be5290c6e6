"""Sessions in which every tool is called, with commands and agents in the background."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import uuid4

from tests.support.cli import Place
from tests.support.fakeapi import fault, rule, thinking, tool, turn
from tests.support.fanout import GO, fan
from tests.support.pictures import png
from tests.support.plugged import put
from tests.support.wire_played import (
    BEHIND,
    BYPASS,
    DONE,
    STALLS,
    STDIO,
    Played,
    played,
    playing,
)


def tools(place: Place) -> Iterator[Played]:
    """Every tool that there is, with hooks at every point."""
    here = place.project

    def at(name: str) -> str:
        return str(here / name)

    picture = base64.b64decode(png(20, 10).data)
    (here / "pic.png").write_bytes(picture)
    cell = {"cell_type": "code", "id": "c1", "source": ["1 + 1\n"], "metadata": {}, "outputs": [], "execution_count": 1}
    put(
        here,
        {
            "CLAUDE.md": "Use tabs.",
            "notes.txt": "one\ntwo\n",
            "nb.ipynb": {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]},
        },
    )
    put(here, {".claude/skills/knead/SKILL.md": "---\nname: knead\ndescription: kneads\n---\nKnead it.\n"})
    options = [{"label": each, "description": each} for each in "AB"]
    question = {"question": "Which?", "header": "W", "options": options, "multiSelect": False}
    todo = {"content": "Bake", "status": "in_progress", "activeForm": "Baking"}
    groups = [
        [
            tool("Read", file_path=at("notes.txt")),
            tool("Read", file_path=at("pic.png")),
            tool("Read", file_path=at("nb.ipynb")),
        ],
        [tool("Read", file_path=at("notes.txt")), tool("Read", file_path=at("notes.txt"), offset=2, limit=1)],
        [tool("Edit", file_path=at("notes.txt"), old_string="one", new_string="1")],
        [tool("Edit", file_path=at("notes.txt"), old_string="o", new_string="0", replace_all=True)],
        [tool("Edit", file_path=at("notes.txt"), old_string="absent", new_string="1")],
        [
            tool("Write", file_path=at("new/made.txt"), content="a\nb\n"),
            tool("Write", file_path=at("notes.txt"), content="x\n"),
        ],
        [tool("Glob", pattern="**/*.txt"), tool("Grep", pattern="a"), tool("Glob", pattern="*.none")],
        [tool("Grep", pattern="a", output_mode="content"), tool("Grep", pattern="a", output_mode="count")],
        [tool("Bash", command="echo hi; echo ho >&2"), tool("Bash", command="exit 3"), tool("Bash", command="true")],
        [tool("Bash", command="mkdir -p deep && cd deep"), tool("Bash", command="yes | head -c 200000")],
        [tool("NotebookEdit", notebook_path=at("nb.ipynb"), cell_id="c1", new_source="2")],
        [
            tool(
                "NotebookEdit",
                notebook_path=at("nb.ipynb"),
                edit_mode="insert",
                cell_type="markdown",
                new_source="# hi",
            )
        ],
        [tool("NotebookEdit", notebook_path=at("nb.ipynb"), cell_id="c1", edit_mode="delete", new_source="")],
        [tool("TodoWrite", todos=[todo])],
        [tool("TodoWrite", todos=[{**todo, "status": "completed"}])],
        [tool("AskUserQuestion", questions=[question])],
        [tool("Skill", skill="knead")],
        [tool("EnterPlanMode")],
        [tool("ExitPlanMode", plan="1. Bake.")],
        [tool("Think", thought="hm"), tool("Git", action="status")],
        [tool("nothing", x=1), tool("Read", file_path=at("absent.txt"))],
    ]
    script = [turn(thinking("hm"), "I look.", *groups[0]), *(turn(*each) for each in groups[1:]), DONE]
    with playing(place, script, *STDIO, *BYPASS, "--session-mirror", hooks=True) as (wire, _):
        wire.say("go", uuid=str(uuid4()), origin={"kind": "human"})
        wire.turn()
        yield played(wire)


def web(place: Place) -> Iterator[Played]:
    with _site(b"<title>Notes</title>" + b"<p>The flag is --fast.</p>" * 400) as host:
        call = turn(tool("WebFetch", url=f"http://{host}/n", prompt="Which flag?"))
        script = {"rules": [rule({"system_contains": "You read one page"}, "It is --fast.")], "turns": [call, DONE]}
        settings = json.dumps({"webFetch": {"allowedPrivateHosts": [host]}})
        with playing(place, script, *BYPASS, "--settings", settings) as (wire, _):
            wire.say("go")
            wire.turn()
            yield played(wire)


def shells(place: Place) -> Iterator[Played]:
    """Commands in the background: one that is looked at and ended, one that ends by itself."""
    later = rule({"last_user_contains": "task-notification"}, "It has ended.")
    begins = [turn(tool("Bash", command=each, run_in_background=True)) for each in ("sleep 999", "echo hi")]
    names: list[str] = []
    with playing(place, {"rules": [later], "turns": [*begins, DONE, DONE]}, *BYPASS, hooks=True) as (wire, _):
        wire.say("go")
        wire.turn()
        names += [each["task_id"] for each in wire.seen if each.get("subtype") == "task_started"]
        for name in names:
            wire.answer(wire.request("get_task_output", task_id=name))
        wire.answer(wire.request("background_tasks"))
        wire.ask("stop_task", task_id=names[0])
        yield played(wire)
    ends = turn(tool("TaskOutput", task_id="b1", block=False), tool("TaskStop", task_id="b1"))
    with playing(place, [begins[0], ends, DONE], *BYPASS) as (wire, _):
        wire.say("go")
        wire.turn()
        yield played(wire)


def agents(place: Place) -> Iterator[Played]:
    """In front and in the background, one that is stopped, one whose call is denied."""
    reads = rule(
        {"user_regex": "^part"}, tool("Bash", command="echo hi"), tool("WebFetch", url="x", prompt="y"), times=1
    )
    for behind in (False, True):
        script = fan(
            ["part x"],
            reads,
            rule(BEHIND, "One."),
            rule({"last_user_contains": "<task-n"}, "Two."),
            run_in_background=behind,
        )
        script["rules"].insert(0, rule({"last_tool": "WebFetch"}, "Report."))
        with playing(place, script, *STDIO, hooks=True) as (wire, _):
            wire.say(GO)
            wire.turn()
            yield played(wire)
    refused = rule({"user_regex": "^part"}, "Never.", fault=fault("status", 400, times="forever"))
    with playing(place, fan(["part x"], refused), hooks=True) as (wire, _):
        wire.say(GO)
        wire.turn()
        yield played(wire)
    stalled = rule({"user_regex": "^part"}, "Never.", fault=STALLS)
    with playing(place, fan(["part x"], stalled, rule(BEHIND, "On."), run_in_background=True), hooks=True) as (wire, _):
        wire.say(GO)
        name = next(each["task_id"] for each in wire.turn() if each.get("subtype") == "task_started")
        wire.ask("stop_task", task_id=name)
        yield played(wire)


@contextmanager
def _site(page: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
