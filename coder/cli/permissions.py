"""`coder permissions`: explain, test, list, add, remove. Must not know how a decision comes about or is laid out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from coder.core.errors import ConfigError

if TYPE_CHECKING:
    from coder.cli.policy_cases import Result
    from coder.core.config import Behaviour, Scope

T = TypeVar("T", bound=str)

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Cwd = Annotated[str | None, typer.Option("--cwd", help="The folder to judge from; default: the current one.")]
_AllowFlag = Annotated[bool, typer.Option("--allow", help="An allow rule (the default).")]
_AskFlag = Annotated[bool, typer.Option("--ask", help="An ask rule.")]
_DenyFlag = Annotated[bool, typer.Option("--deny", help="A deny rule.")]
_UserFlag = Annotated[bool, typer.Option("--user", help="Your settings, in every folder.")]
_ProjectFlag = Annotated[bool, typer.Option("--project", help=".coder/settings.json, shared with the project.")]
_LocalFlag = Annotated[bool, typer.Option("--local", help=".coder/settings.local.json, yours alone (the default).")]


@app.callback()
def permissions() -> None:
    """See what coder may do here and why, test rules, and change them. Nothing is run and no model is asked."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that this terminal cannot write must not end us


@app.command()
def explain(
    command: Annotated[list[str], typer.Argument(help="A shell command, in quotes; with --tool the input as JSON.")],
    tool: Annotated[str | None, typer.Option(help="Another tool, such as Read.")] = None,
    mode: Annotated[str | None, typer.Option("--mode", "--permission-mode", help="A permission mode.")] = None,
    cwd: _Cwd = None,
    add_dir: Annotated[list[str] | None, typer.Option(help="One more working folder.")] = None,
    settings: Annotated[str | None, typer.Option(help="A settings file, or JSON.")] = None,
    allowed: Annotated[list[str] | None, typer.Option("--allowedTools", "--allowed-tools", help="Allow rules.")] = None,
    denied: Annotated[
        list[str] | None, typer.Option("--disallowedTools", "--disallowed-tools", help="Deny rules.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Say whether COMMAND would be allowed, asked about or denied in this folder, and why. Nothing is run."""
    from coder.app.policy import standing
    from coder.config.flags import Flags
    from coder.config.paths import current_folder, user_home
    from coder.frontends.policy.judged import Judged
    from coder.frontends.policy.page import Explanation

    given = _call_input(command, tool)
    flags = Flags(
        permission_mode="default" if mode == "manual" else mode,
        allowed_tools=tuple(allowed or ()),
        disallowed_tools=tuple(denied or ()),
        add_dirs=tuple(add_dir or ()),
        cwd=cwd,
        settings=settings,
    )
    found = standing(flags, os.environ, current_folder())
    decision = found.policy.judge(tool or "Bash", given)
    judged = Judged(decision, found, user_home(os.environ), lambda policy: policy.judge(tool or "Bash", given))
    page = Explanation(judged, command[0])
    print(json.dumps(page.to_json(), indent=2) if as_json else "\n".join(page.lines()))


def _call_input(words: list[str], tool: str | None) -> object:
    if len(words) > 1:
        example = " ".join(words)
        raise ConfigError(f'put the whole command in quotes: coder permissions explain "{example}"')
    if tool is None:
        return {"command": words[0]}
    try:
        return json.loads(words[0])
    except (ValueError, RecursionError) as error:
        example = '{"file_path": "src/app.py"}'
        raise ConfigError(f"--tool {tool}: its input is not valid JSON. Give an object such as '{example}'.") from error


@app.command()
def test(
    file: Annotated[Path, typer.Argument(help="JSON lines, one test case each.", show_default=False)],
    cwd: _Cwd = None,
    as_json: _Json = False,
) -> None:
    """Check that calls are judged as FILE expects. Exit code 0: all are; 1: some are not; 2: FILE has an error."""
    from coder.app.policy import standing
    from coder.cli.policy_cases import Judge, Malformed, read_cases
    from coder.config.flags import Flags
    from coder.config.paths import current_folder

    folder = Path(os.path.normpath(current_folder() / (cwd or ".")))
    judge = Judge(lambda: standing(Flags(), os.environ, folder), folder, os.environ)
    results: list[Result] = []
    broken = 0
    for number, case in read_cases(_read(file)):
        if isinstance(case, Malformed):
            broken += 1
            print(f"{file}:{number}: {case}.", file=sys.stderr)
            continue
        result = judge.judge(case)
        results.append(result)
        for warning in result.warnings:
            print(f"{file}:{number}: {warning}", file=sys.stderr)
        _print_result(result, as_json=as_json)
    if not as_json:
        print(_summary(results))
    if not (results or broken):
        raise ConfigError(f"{file} holds no test case.")
    raise typer.Exit(2 if broken else 0 if all(result.ok for result in results) else 1)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error


def _print_result(result: Result, *, as_json: bool) -> None:
    from coder.frontends.policy.text import visible

    case, verdict = result.case, result.decision.verdict
    reasons = [reason.text for reason in result.decision.reasons]
    if as_json:
        print(json.dumps({"id": case.id, "decision": verdict, "reasons": reasons, "ok": result.ok}))
    elif not case.expect:
        print(f"{visible(str(case.id))}: {verdict}: {visible('; '.join(reasons))}")
    elif not result.ok:
        wanted = " or ".join(case.expect)
        print(f"miss {visible(str(case.id))}: expected {wanted}, got {verdict}: {visible('; '.join(reasons))}")


def _summary(results: list[Result]) -> str:
    judged = [result for result in results if result.case.expect]
    right = sum(result.ok for result in judged)
    wrong = f", {len(judged) - right} not" if right < len(judged) else ""
    free = len(results) - len(judged)
    only = f"; {free} without an expectation" if free else ""
    return f"{right} of {len(judged)} as expected{wrong}{only}"


@app.command("list")
def list_rules(cwd: _Cwd = None, as_json: _Json = False) -> None:
    """Show the rules that count in this folder, whose they are, and where they are written."""
    from coder.app.policy import standing
    from coder.config.flags import Flags
    from coder.config.paths import current_folder, user_home
    from coder.frontends.policy.page import MODES, rule_json
    from coder.frontends.policy.rules import mode_origin, rows
    from coder.frontends.policy.text import rule_table, short, visible, wrapped

    found = standing(Flags(cwd=cwd, headless=False), os.environ, current_folder())
    config, home = found.config, user_home(os.environ)
    table, origin = rows(found), mode_origin(found, os.environ)
    if as_json:
        listed = {
            "cwd": str(config.cwd),
            "mode": config.mode,
            "mode_origin": origin,
            "trusted": found.trusted,
            "rules": [{**rule_json(row.rule), "used": not row.note, "note": row.note} for row in table],
            "warnings": config.warnings,
        }
        print(json.dumps(listed, indent=2))
        return
    where = visible(short(str(config.cwd), config.cwd, home))
    source = short(origin, config.cwd, home) if origin else "built in"
    lines = [
        *wrapped(f"Permissions in {where}"),
        *wrapped(f"Mode {config.mode} ({visible(source)}): {MODES[config.mode]}"),
        "",
        *(rule_table(table, config.cwd, home) if table else ["  no rules"]),
        *(line for warning in config.warnings for line in wrapped(visible(warning), "! ", "  ")),
    ]
    print("\n".join(lines))


@app.command()
def add(
    rule: Annotated[str, typer.Argument(help="Such as 'Bash(npm test *)'; in quotes.")],
    allow: _AllowFlag = False,
    ask: _AskFlag = False,
    deny: _DenyFlag = False,
    user: _UserFlag = False,
    project: _ProjectFlag = False,
    local: _LocalFlag = False,
) -> None:
    """Save RULE: an allow rule in .coder/settings.local.json, unless the options say otherwise."""
    from coder.app.policy import standing
    from coder.app.saving import save_rule
    from coder.config.flags import Flags
    from coder.config.paths import current_folder, user_home
    from coder.frontends.policy.rules import cautions, check_rule, settings_file
    from coder.frontends.policy.text import short, visible, wrapped

    behaviour = _behaviour(allow, ask, deny) or "allow"
    scope = _scope(user, project, local) or "local"
    found = standing(Flags(headless=False), os.environ, current_folder())
    text = check_rule(rule, behaviour, found.config.cwd)
    added = save_rule(found.config, settings_file(scope, found.config), behaviour, text)
    where = short(str(settings_file(scope, found.config)), found.config.cwd, user_home(os.environ))
    print(f"{'Added' if added else 'Already there'}: {behaviour} {visible(text)}, in {where}")
    found = standing(Flags(headless=False), os.environ, current_folder())  # with the rule in it
    for caution in cautions(text, behaviour, scope, found):
        print("\n".join(wrapped(visible(caution), "! ", "  ")))


@app.command()
def remove(
    rule: Annotated[str, typer.Argument(help="The rule as `coder permissions list` shows it; in quotes.")],
    allow: _AllowFlag = False,
    ask: _AskFlag = False,
    deny: _DenyFlag = False,
    user: _UserFlag = False,
    project: _ProjectFlag = False,
    local: _LocalFlag = False,
) -> None:
    """Take RULE out of the settings file it stands in."""
    from coder.app.policy import standing
    from coder.config.flags import Flags
    from coder.config.paths import current_folder, user_home
    from coder.config.write import remove_rule
    from coder.frontends.policy.rules import find_rule
    from coder.frontends.policy.text import short, visible

    found = standing(Flags(headless=False), os.environ, current_folder())
    place = find_rule(rule, _behaviour(allow, ask, deny), _scope(user, project, local), found, os.environ)
    remove_rule(Path(place.origin), place.behaviour, place.text)
    where = short(place.origin, found.config.cwd, user_home(os.environ))
    print(f"Removed: {place.behaviour} {visible(place.text)}, from {where}")


def _behaviour(allow: bool, ask: bool, deny: bool) -> Behaviour | None:
    flags: dict[Behaviour, bool] = {"allow": allow, "ask": ask, "deny": deny}
    return _the_one(flags)


def _scope(user: bool, project: bool, local: bool) -> Scope | None:
    flags: dict[Scope, bool] = {"user": user, "project": project, "local": local}
    return _the_one(flags)


def _the_one(flags: dict[T, bool]) -> T | None:
    chosen = [name for name, is_set in flags.items() if is_set]
    if len(chosen) > 1:
        raise ConfigError(f"--{chosen[0]} and --{chosen[1]} cannot both be: choose one.")
    return chosen[0] if chosen else None
