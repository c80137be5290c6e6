"""What became of one attempt at a task. Values only. Must not know how it was run."""

from __future__ import annotations

from dataclasses import field
from typing import Literal, TypeAlias

from coder.batch.task import Task
from coder.core.dataclass import dataclass
from coder.core.messages import Json

Status: TypeAlias = Literal["done", "failed", "timeout", "check_failed", "infra", "stopped"]
"""`infra`: the model or the machine failed, not the work, so another attempt may do better; `stopped`: it was cut off
from outside, and is no result."""
LONGEST_TEXT = 100_000  # characters of an answer that a row holds; the session has all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`code` None: it was ended for taking too long, or could not be started. `output` is its end."""

    command: str
    code: int | None
    output: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Outcome:
    """`usd` None: not known. `busy`: others would meet the same just now, as at a rate limit. `patch` is what changed
    against `base`, `branch` where `commit` holds it. `worktree` is a folder that was kept, `kept_because` why.
    `result` is the result object of the run, where there was one."""

    status: Status
    text: str = ""
    error: str = ""
    exit_code: int | None = None
    session: str = ""
    usd: float | None = None
    tokens: int = 0
    turns: int = 0
    seconds: float = 0.0
    base: str = ""
    branch: str = ""
    commit: str = ""
    patch: bytes = b""
    worktree: str = ""
    kept_because: str = ""
    check: Check | None = None
    result: Json = field(default_factory=dict)
    busy: bool = False


def row(task: Task, outcome: Outcome, attempts: int, usd: float | None, earlier: tuple[str, ...], patch: str) -> Json:
    """The line of the result file. `patch` is the file that holds it; `earlier` the branches of attempts before."""
    text = outcome.text
    made: Json = {
        "id": task.id,
        "status": outcome.status,
        "ok": outcome.status == "done",
        "result": text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}… [cut]",
        "error": outcome.error,
        "attempts": attempts,
        "exit_code": outcome.exit_code,
        "terminal_reason": outcome.result.get("terminal_reason"),
        "session_id": outcome.session,
        "total_cost_usd": usd,
        "tokens": outcome.tokens,
        "num_turns": outcome.turns,
        "seconds": round(outcome.seconds, 3),
        "base": outcome.base,
        "branch": outcome.branch,
        "commit": outcome.commit,
        "patch_file": patch,
        "check": _check(outcome.check),
        "worktree": outcome.worktree,
        "kept_because": outcome.kept_because,
        "earlier_branches": list(earlier),
        "permission_denials": len(outcome.result.get("permission_denials") or ()),
        "tags": list(task.tags),
    }
    if task.instance:
        models = ", ".join(outcome.result.get("modelUsage") or ()) or task.model
        patched = outcome.patch.decode("utf-8", "replace")
        made |= {"instance_id": task.instance, "model_name_or_path": f"coder {models}".strip(), "model_patch": patched}
    return made


def _check(check: Check | None) -> Json | None:
    return None if check is None else {"command": check.command, "exit_code": check.code, "output": check.output}
