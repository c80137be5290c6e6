"""The flags of `coder batch`, as typer takes them. Must not know what is done with them."""

from __future__ import annotations

from typing import Annotated

import typer

from coder.cli.batch_ground import ISOLATIONS


def _option(*names: str, help: str, metavar: str = "") -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(*names, help=help, metavar=metavar or None, show_default=False)
    return found


Tasks = Annotated[str, typer.Argument(metavar="TASKS", help="A file of JSON lines, or - for standard input.")]
Parallel = Annotated[int, typer.Option("--parallel", "-j", min=1, max=256, help="How many at once.")]
Out = Annotated[str, _option("--out", metavar="FILE", help="The result file (TASKS.results.jsonl).")]
Kind = Annotated[str, _option("--isolation", metavar="KIND", help=f"{', '.join(ISOLATIONS)}: where each works.")]
RepoDir = Annotated[str, _option("--repo-dir", metavar="DIR", help="Where the repositories of SWE-bench rows are.")]
Usd = Annotated[float | None, _option("--max-budget-usd", help="For all tasks together.")]
TaskUsd = Annotated[float | None, _option("--task-budget-usd", help="For each task.")]
Timeout = Annotated[float | None, _option("--timeout", metavar="SECONDS", help="For each task.")]
Turns = Annotated[int | None, typer.Option("--max-turns", min=1, show_default=False, help="For each task.")]
Model = Annotated[str, _option("--model", help="For tasks that name none.")]
Mode = Annotated[str, _option("--permission-mode", help="For tasks that name none.")]
Tools = Annotated[
    list[str] | None, _option("--allowed-tools", "--allowedTools", metavar="RULE", help="Can be repeated.")
]
Base = Annotated[str, _option("--base", metavar="COMMIT", help="Where work trees begin (HEAD).")]
CheckWith = Annotated[str, _option("--check", metavar="CMD", help="Has to succeed after each task.")]
Retries = Annotated[int, typer.Option("--retries", min=0, max=20, help="After failures of the machine's.")]
RetryWait = Annotated[float, typer.Option("--retry-wait", min=0.0, max=900.0, help="Seconds; it doubles.")]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="As --max-failures 1.")]
MaxFailures = Annotated[
    int | None, typer.Option("--max-failures", min=1, show_default=False, help="Begin no more after so many.")
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Tasks that failed before run again.")]
DiscardIgnored = Annotated[
    bool, typer.Option("--discard-ignored", help="Work trees go though git ignores files in them.")
]
RowCommands = Annotated[
    bool, typer.Option("--allow-row-commands", help="Rows of SWE-bench may set check, env, tools, mode and cwd.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would run, and what it may cost.")]
AsJson = Annotated[bool, typer.Option("--json", help="The summary as JSON.")]
PlainLines = Annotated[bool, typer.Option("--plain", help="Lines instead of a table that moves.")]
