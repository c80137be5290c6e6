"""What must hold however a run without a terminal ended: one result, the code that goes with it, and nothing left."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support import marked
from tests.support.cli import Done, Place
from tests.support.full_run import temporary

FORMS = ("text", "json", "stream-json", "driven")
"""The output formats of `-p`, and a process that is talked to over stdin."""
_KEPT = re.compile(
    r"settings\.json|cache/mcp/[0-9a-f]+\.json|file-history/[\w-]+/(changes|rows-[0-9a-f]+)\.jsonl|ledger/\d{4}-\d\d\.jsonl|ledger/heads/[0-9a-f]+\.json"
    r"|projects/[^/]+/[0-9a-f-]{36}(\.jsonl|/mcp-tools\.json|/tool-results/toolu_\w+\.txt|/subagents/agent-\w+\.(jsonl|meta\.json))"
)
"""All that the full run leaves in its configuration folder."""
_CUT = re.compile(
    r"projects/[^/]+/[0-9a-f-]{36}/(subagents/agent-\w+\.pid|(subagents/)?\.[\w.-]+\.tmp)"
    r"|ledger/heads/\.[0-9a-f]+\.\d+|presence/[0-9a-f-]{36}\.jsonl"  # a mark nobody holds goes within a day
)


def results(done: Done) -> list[dict[str, Any]]:
    """Fails where standard output has anything but JSON objects, a whole line each."""
    assert done.stdout == "" or done.stdout.endswith("\n"), f"half a line: {done.stdout[-300:]!r}"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    return [line for line in lines if line["type"] == "result"]


def check_told(done: Done, form: str, *codes: int) -> None:
    """`codes` are those that a failure may have here; a success has 0 and no other."""
    assert "Traceback" not in done.stdout + done.stderr and "Exception ignored" not in done.stderr, done.stderr
    assert all(line.startswith("coder: ") for line in done.stderr.splitlines()), done.stderr
    if form == "text":
        assert (done.code == 0) == (done.stdout != ""), done
        assert done.code == 0 or (done.code in codes and done.stderr), done
        return
    if form == "driven" and done.code > 128:  # a host may have got its result before, or have said nothing yet
        assert len(results(done)) <= 1 and done.code in codes, done
        return
    (result,) = results(done)
    assert done.code in ((codes or (1,)) if result["is_error"] else (0,)), (done.code, result)
    assert {"session_id", "uuid", "usage", "total_cost_usd", "permission_denials", "terminal_reason"} <= set(result)
    assert result["is_error"] is False or result.get("errors") or result["result"].startswith("API Error: ")


def check_clean(place: Place) -> None:
    """What was killed may be at it for a moment, so it is waited for."""
    marked.until_none(str(place.home))
    left = [path.name for path in temporary(place).rglob("*")]
    assert left == [], left


def check_cut(done: Done, form: str) -> None:
    """After `kill -9`: nothing but whole lines, apart from the last, and no second result."""
    if form != "text":
        whole = done.stdout[: done.stdout.rfind("\n") + 1]
        assert len(results(Done(done.code, whole, done.stderr))) <= 1


def check_kept(place: Place, *, cut: bool = False) -> None:
    """Nothing but what is meant to stay is in the folder of the person and in that of the project, and it is whole.
    `cut`: after `kill -9`, what was being written and who held a subagent stay until sessions are cleaned up."""
    home = place.home / ".coder"
    files = [path for path in home.rglob("*") if not path.is_dir()]
    if cut:
        files = [path for path in files if not _CUT.fullmatch(str(path.relative_to(home)))]
    odd = [str(path.relative_to(home)) for path in files if not _KEPT.fullmatch(str(path.relative_to(home)))]
    found = (odd, [path.name for path in place.project.iterdir()])
    assert found == ([], []), f"left: {found}"
    assert {path.name for path in place.home.iterdir()} <= {".coder", "servers.json", "temporary", "wire"}
    for path in files:
        if path.suffix == ".jsonl":
            text = path.read_text(encoding="utf-8")
            assert text.endswith("\n") or not text, f"half a line in {path}"
            assert all(isinstance(json.loads(line), dict) for line in text.splitlines()), path
        elif path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
