"""What a command would send, outside a session: nothing of it is run. What it would run is judged as a session would.

Must not know how that is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from coder.app.attribution import commit_trailer, pr_trailer
from coder.app.commanding.expanding import expanded
from coder.app.commanding.granting import grants_count, rules_of_head
from coder.app.policy import Policy, Standing
from coder.commands.asked import head
from coder.commands.definition import Definition
from coder.commands.injection import Shell, Unplaceable, pieces, placed
from coder.commands.loader import body
from coder.commands.mentions import mentions
from coder.commands.substitution import Given, first_number
from coder.core.dataclass import dataclass
from coder.models import catalog
from coder.permissions.decide import Decision
from coder.permissions.rules import parse_rules

_SESSION = "(the session's id)"
_STYLE = "(how the messages of the repository are written)"
_CHANGES = "(what git says of what is not committed)"
_EARLIER = "(what was changed before the session began)"


@dataclass(frozen=True, slots=True)
class Run:
    """A shell command of a text. `why` says what decides, in the words of the gate."""

    command: str
    verdict: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """`text` is what the model would read, `runs` what would be run for it, `mentioned` the files that come with it."""

    text: str
    runs: tuple[Run, ...]
    mentioned: tuple[str, ...]


def trial(definition: Definition, arguments: str, found: Standing) -> Trial:
    """Raises ConfigError when the file cannot be read, SessionError for arguments that it could not take."""
    policy, runs = _policy(definition, found), list[Run]()
    config = found.config

    async def told(command: str, pattern: str) -> str:
        run = _judged(command, policy)
        runs.append(run)
        return f"[what `{command}` prints; it was not run]"

    text = body(definition)
    inline = told if config.guidance.shell_in_commands else None
    made = asyncio.run(expanded(definition, text, arguments, _facts(found), inline))
    named = dict.fromkeys((*mentions(arguments), *made.mentioned))
    sent = f"{head(definition.name, arguments)}\n\n{made.text}"
    return Trial(sent, tuple(runs), tuple(each.path for each in named))


def runs_of(definition: Definition, text: str, found: Standing) -> tuple[Run, ...]:
    """What the text of a command would run when nothing is typed behind it; as it is written where that cannot be."""
    if not found.config.guidance.shell_in_commands:
        return ()
    policy = _policy(definition, found)
    own = {**_facts(found), "SKILL_DIR": str(definition.folder or definition.file.parent)}
    given = Given("", definition.arguments, own, first_number(text))
    return tuple(_judged(_filled(piece, given), policy) for piece in pieces(text) if isinstance(piece, Shell))


def _filled(shell: Shell, given: Given) -> str:
    try:
        return placed(shell.command, given)[0]
    except Unplaceable:
        return shell.command


def _judged(command: str, policy: Policy) -> Run:
    decision: Decision = policy.judge("Bash", {"command": command})
    return Run(command, decision.verdict, "; ".join(reason.text for reason in decision.reasons))


def _policy(definition: Definition, found: Standing) -> Policy:
    """With what the head of the file allows and forbids, as while it is used."""
    config = found.config
    is_trusted = grants_count(config, definition)
    texts = rules_of_head(definition, _facts(found), config.cwd, is_trusted=is_trusted)
    more, _ = parse_rules(texts)
    rules = found.policy.rules
    allow = rules.allow if config.managed_rules_only else (*rules.allow, *more.allow)
    return replace(found.policy, rules=replace(rules, allow=allow, deny=(*rules.deny, *more.deny)))


def _facts(found: Standing) -> Mapping[str, str]:
    config = found.config
    model = catalog.resolve(config.model.name, config.env)
    return {
        "PROJECT_DIR": str(config.cwd),
        "EFFORT": config.model.effort or "",
        "SESSION_ID": _SESSION,
        "COMMIT_TRAILER": commit_trailer(config, model),
        "PR_TRAILER": pr_trailer(config, model),
        "COMMIT_STYLE": _STYLE,
        "CHANGES": _CHANGES,
        "EARLIER": _EARLIER,
    }
