"""SWE-bench rows as tasks: the issue is the prompt, its base commit where it begins. Must not know who runs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from coder.core import prompts
from coder.core.messages import Json

_KEYS = ("instance_id", "repo", "base_commit", "problem_statement")
_MARK = re.compile(r"<(?=[\s/]*issue\b)", re.IGNORECASE)
_OURS = ("cwd", "model", "max_turns", "max_budget_usd", "timeout_s", "permission_mode", "allowed_tools", "env", "check")


def is_row(said: Json) -> bool:
    return all(key in said for key in _KEYS)


def fields(said: Json, repositories: Path | None) -> dict[str, Any]:
    """What a task of ours would say. What is for grading alone (patch, tests) is never read. Raises ValueError."""
    for key in _KEYS:
        if not isinstance(said[key], str) or not said[key].strip():
            raise ValueError(f"{key} has to be a text")
    found = {key: said[key] for key in _OURS if said.get(key) is not None}
    if "cwd" not in found:
        found["cwd"] = str(_place(said["repo"], repositories))
    # the issue is written by strangers: it is quoted, cannot end the quotation, and is never taken as a command
    issue = prompts.load("batch/issue", issue=_MARK.sub(r"<\\", said["problem_statement"].strip()))
    return {**found, "id": said["instance_id"], "base": said["base_commit"], "prompt": issue}


def _place(repo: str, repositories: Path | None) -> Path:
    if repositories is None:
        raise ValueError("a SWE-bench row needs a cwd, or --repo-dir DIR with the repositories")
    owner, _, name = repo.rpartition("/")
    parts = [part for part in (*owner.split("/"), name) if part]
    if any(part in (".", "..") for part in parts) or not name:
        raise ValueError("repo has to be OWNER/NAME")
    for place in (f"{owner}/{name}", f"{owner}__{name}", name):
        if (repositories / place / ".git").exists():
            return repositories / place
    if (repositories / ".git").exists():
        return repositories
    raise ValueError(f"none of {owner}/{name}, {owner}__{name}, {name} is a repository in {repositories}")
