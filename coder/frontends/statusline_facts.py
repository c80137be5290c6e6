"""What a status line command is told about the session, as JSON. Pure; must not know how it is run.

The keys are those of contracts §19; what coder cannot tell of the optional ones is left out.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.messages import Json, Usage

_LARGE = 200_000


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """`cost` is None when a price is unknown. `used` are the tokens of the context, None before the first reply; `last`
    is the usage of the last reply. `vim` is the mode of the editor, None when its keys are off."""

    session_id: str
    cwd: Path
    project: Path
    model: str
    version: str
    transcript: Path | None = None
    name: str = ""
    added_dirs: tuple[Path, ...] = ()
    model_shown: str = ""
    prompt_id: str = ""
    cost: float | None = 0.0
    seconds: float = 0.0
    api_seconds: float = 0.0
    lines_added: int = 0
    lines_removed: int = 0
    total: Usage = field(default_factory=Usage)
    last: Usage | None = None
    used: int | None = None
    window: int = _LARGE
    effort: str | None = None
    thinks: bool = False
    vim: str | None = None
    git_worktree: str = ""  # what git calls the linked work tree that `cwd` lies in
    worktree: Json | None = None


def payload(facts: StatusFacts) -> Json:
    made: Json = {
        "cwd": str(facts.cwd),
        "session_id": facts.session_id,
        "transcript_path": "" if facts.transcript is None else str(facts.transcript),
        "model": {"id": facts.model, "display_name": facts.model_shown or facts.model},
        "workspace": {
            "current_dir": str(facts.cwd),
            "project_dir": str(facts.project),
            "added_dirs": [str(folder) for folder in facts.added_dirs],
            **({"git_worktree": facts.git_worktree} if facts.git_worktree else {}),
        },
        "version": facts.version,
        "output_style": {"name": "default"},
        "cost": {
            "total_cost_usd": facts.cost,
            "total_duration_ms": round(facts.seconds * 1000),
            "total_api_duration_ms": round(facts.api_seconds * 1000),
            "total_lines_added": facts.lines_added,
            "total_lines_removed": facts.lines_removed,
        },
        "context_window": _context(facts),
        "exceeds_200k_tokens": (facts.used or 0) > _LARGE,
        "fast_mode": False,
        "thinking": {"enabled": facts.thinks},
    }
    optional: Json = {
        "session_name": facts.name or None,
        "prompt_id": facts.prompt_id or None,
        "effort": {"level": facts.effort} if facts.effort else None,
        "vim": {"mode": facts.vim} if facts.vim else None,
        "worktree": facts.worktree,
    }
    return made | {key: value for key, value in optional.items() if value is not None}


def _context(facts: StatusFacts) -> Json:
    used = None
    if facts.used is not None and facts.window > 0:
        used = min(100, round(facts.used * 100 / facts.window))
    last = facts.last
    return {
        "total_input_tokens": facts.total.prompt_tokens,
        "total_output_tokens": facts.total.output_tokens,
        "context_window_size": facts.window,
        "used_percentage": used,
        "remaining_percentage": None if used is None else 100 - used,
        "current_usage": None
        if last is None
        else {
            "input_tokens": last.input_tokens,
            "output_tokens": last.output_tokens,
            "cache_creation_input_tokens": last.cache_creation_input_tokens,
            "cache_read_input_tokens": last.cache_read_input_tokens,
        },
    }
