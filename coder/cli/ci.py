"""`coder ci`: what an automated job has done by coder. Finds out what it is about, where to work and what to say;
docs/ci.md tells why it is safe on a change of a stranger.
"""

from __future__ import annotations

import os
from typing import Annotated, Any, cast, get_args

import typer

from coder.cli import ci_told as told
from coder.cli.ci_ground import Ground
from coder.cli.ci_job import Job, Task
from coder.cli.ci_secrets import secrets_of
from coder.cli.ci_stop import Stopping
from coder.config.paths import current_folder
from coder.core.errors import ConfigError
from coder.core.visible import visible_line

_HELP = """Reviews a change, fixes a failing build or triages an issue, in a job of a service.

Settings, hooks, agents, commands, servers and CLAUDE.md come from the base: what a change says of them does not count.
What others wrote is data. Nothing is told to anybody but with --comment, --label or --push.
"""


def _variable(name: str) -> str:
    """By which an option may be said as well: a job has no need to put what others wrote on a command line."""
    return f"CODER_CI_{name.removeprefix('--').upper().replace('-', '_')}"


def _option(name: str, help: str, metavar: str | None = None) -> Any:
    return typer.Option(name, help=help, metavar=metavar, envvar=_variable(name), show_envvar=False, show_default=False)


def _list(name: str, help: str, metavar: str) -> Any:
    return typer.Option(name, help=help, metavar=metavar, show_default=False)


_RULES = _variable("--allowed-tools")
_ALLOWED = f"A rule such as Bash(npm test *); or a line each in ${_RULES}."
_KEEP = "A variable that looks like a secret, and that its commands need all the same."
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(help=_HELP, no_args_is_help=True)
def ci(
    task: Annotated[str, typer.Argument(metavar="review|fix|triage|prompt", show_default=False)],
    base: Annotated[str, _option("--base", "The trusted commit or branch; else as the event says.", "COMMIT")] = "",
    head: Annotated[str, _option("--head", "The commit to work on; else as the event says.", "COMMIT")] = "",
    prompt: Annotated[str, _option("--prompt", "Further words of yours.", "TEXT")] = "",
    log: Annotated[str, _option("--log", "fix: the log of the failed build.", "FILE")] = "",
    setup: Annotated[str, _option("--setup", "fix: run first, such as: npm ci", "CMD")] = "",
    branch: Annotated[str, _option("--branch", "fix: the branch that is made; else coder/fix-COMMIT.", "NAME")] = "",
    labels: Annotated[str, _option("--labels", "triage: the labels there are, separated by commas.", "NAMES")] = "",
    model: Annotated[str, _option("--model", "Which model.", "NAME")] = "",
    budget: Annotated[float | None, _option("--max-budget-usd", "What it may cost.", "N")] = None,
    turns: Annotated[int | None, _option("--max-turns", "How many turns it may take.", "N")] = None,
    minutes: Annotated[float | None, _option("--max-minutes", "How long it may take.", "N")] = None,
    allowed: Annotated[list[str] | None, _list("--allowed-tools", _ALLOWED, "RULE")] = None,
    keep: Annotated[list[str] | None, _list("--keep-env", _KEEP, "NAME")] = None,
    comment: Annotated[bool, _option("--comment", "Says the answer at the request or issue, by gh.")] = False,
    label: Annotated[bool, _option("--label", "triage: sets the labels, by gh.")] = False,
    push: Annotated[bool, _option("--push", "fix: pushes the branch to origin.")] = False,
) -> None:
    from coder.cli.ci_run import Wish, outcome_of, tools_for

    if task not in get_args(Task):
        raise ConfigError(f"coder ci knows {', '.join(get_args(Task))}, and no {visible_line(task)!r}.")
    env = dict(os.environ)
    job = Job(cast(Task, task), env, current_folder(), base, head, prompt)
    job.check(log=log, push=push)
    rules = (*(allowed or ()), *(line.strip() for line in env.get(_RULES, "").splitlines() if line.strip()))
    known = told.known_labels(labels)
    if comment or label:
        told.check_can_tell(job.about, env, job.here)
    with Stopping() as stopping:
        with told.quiet_commands(env), Ground(env, job.here) as ground:
            words = job.prepare(ground, log, known)
            job.check_branch(ground, branch)
            wish = Wish(
                folder=ground.folder,
                prompt=words,
                tools=tools_for(job.task, rules),
                allowed=rules,
                mode="acceptEdits" if task == "fix" else "default",
                model=model or None,
                budget=budget,
                turns=turns,
                time_budget=60 * minutes if minutes else None,
                keep=tuple(keep or ()),
                setup=setup,
                secrets=secrets_of(env),
                no_notes=job.of_head,
            )
            outcome = outcome_of(wish, ground.leave)
            stopping.listen()
            outputs = job.told(ground, outcome, branch, pushes=push)
        found = job.labels(outcome, known)
        told.write_outputs(env, outputs | {"labels": ",".join(found)})
        job.tell(outcome, found, comments=comment, sets_labels=label)
    raise typer.Exit(outcome.code)
