"""Checks of conversations that are gone on with, and of what is stored. Must not know how a command is started."""

from __future__ import annotations

import json
import re

from coder.conformance.check import Check, Unmet, expect, expect_equal
from coder.conformance.checks.output import STREAM
from coder.conformance.frames import only_result, strict
from coder.conformance.ground import Ground
from coder.core.messages import Json

_ID = "0d9c1d44-5f0b-4f5e-8f6d-2b7a9c1e4a10"


async def _first(ground: Ground, *args: str) -> str:
    done = await ground.run("-p", "FIRST-WORDS", *STREAM, *args)
    done.clean()
    return str(only_result(done.frames).get("session_id"))


async def _resume(ground: Ground) -> None:
    api = await ground.serve("First.", "Second.")
    first = await _first(ground)
    done = await ground.run("-p", "second", f"--resume={first}", *STREAM)
    done.clean()
    expect_equal(only_result(done.frames).get("session_id"), first, "the session to be")
    expect("FIRST-WORDS" in repr(api.requests[-1]["messages"]), "what was said before in the request", "it is not")
    ground.check_prefixes()


async def _continue(ground: Ground) -> None:
    api = await ground.serve("First.", "Second.")
    first = await _first(ground)
    done = await ground.run("-p", "second", "--continue", *STREAM)
    done.clean()
    expect_equal(only_result(done.frames).get("session_id"), first, "the session to be")
    expect("FIRST-WORDS" in repr(api.requests[-1]["messages"]), "what was said before in the request", "it is not")


async def _fork(ground: Ground) -> None:
    api = await ground.serve("First.", "Second.")
    first = await _first(ground)
    done = await ground.run("-p", "second", f"--resume={first}", "--fork-session", *STREAM)
    done.clean()
    expect(
        only_result(done.frames).get("session_id") not in (first, None),
        "another session",
        only_result(done.frames).get("session_id"),
    )
    expect("FIRST-WORDS" in repr(api.requests[-1]["messages"]), "what was said before in the request", "it is not")


async def _unknown(ground: Ground) -> None:
    api = await ground.serve("never")
    done = await ground.run("-p", "go", f"--resume={_ID}")
    expect(done.code > 0, "an exit code that is not 0", done.code)
    expect(_ID.encode() in done.stdout + done.stderr, "the id in the reason", done.stderr)
    expect_equal(len(api.requests), 0, "requests to the API:")


async def _chosen(ground: Ground) -> None:
    await ground.serve("Done.")
    expect_equal(await _first(ground, "--session-id", _ID), _ID, "the id to be")


async def _path(ground: Ground) -> None:
    await ground.serve("Done.")
    session = await _first(ground)
    found = [path for path in ground.transcripts() if path.stem == session]
    key = re.sub(r"[^A-Za-z0-9]", "-", str(ground.project))
    expect_equal([path.parent.name for path in found], [key], "a transcript in projects, below")


async def _entries(ground: Ground) -> None:
    await ground.serve({"tool": "Bash", "input": {"command": "echo hi", "description": "hi"}}, "Done.")
    session = await _first(ground)
    paths = [path for path in ground.transcripts() if path.stem == session]
    expect(len(paths) == 1, "one transcript", ground.transcripts())
    data = paths[0].read_bytes()
    strict(data)
    known: set[object] = {None}
    entries = [entry for line in data.splitlines() if (entry := json.loads(line)).get("type") in ("user", "assistant")]
    expect(len(entries) >= 4, "the prompt, the call, its result and the answer", len(entries))
    for entry in entries:
        _whole(entry, session)
        expect(entry["parentUuid"] in known, "each entry to follow one that is there", entry["parentUuid"])
        known.add(entry["uuid"])


def _whole(entry: Json, session: str) -> None:
    wanted = ("uuid", "parentUuid", "sessionId", "timestamp", "cwd", "version", "message")
    if missing := [name for name in wanted if name not in entry]:
        raise Unmet(f"{', '.join(wanted)} in each entry", f"without {', '.join(missing)}")
    expect_equal(entry["sessionId"], session, "sessionId to be")


async def _unstored(ground: Ground) -> None:
    await ground.serve("Done.")
    await _first(ground, "--no-session-persistence")
    expect(not ground.transcripts(), "no transcript", ground.transcripts())


CHECKS = (
    Check("session-resume", "§8", "--resume goes on with a session, as it was sent before", _resume),
    Check("session-continue", "§8", "--continue goes on with the last session of the folder", _continue),
    Check("session-fork", "§8", "--fork-session goes on with a copy", _fork),
    Check("session-unknown", "§8", "an unknown session ends it before anything is sent", _unknown),
    Check("session-id", "§8", "--session-id is the id", _chosen),
    Check("transcript-path", "§8", "transcripts are at projects/<folder>/<session>.jsonl", _path),
    Check("transcript-entries", "§8", "a transcript has a JSON object a line, each after its parent", _entries),
    Check("transcript-none", "§8", "--no-session-persistence stores nothing", _unstored),
)
