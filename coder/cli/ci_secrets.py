"""What of a job's environment is secret, and what of it a session and its commands do without. Pure but for `clear`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, MutableMapping

_SECRET = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY|_AUTH\b|_JWT|_PAT\b", re.IGNORECASE
)
# What lets a step speak to later steps and to the service, and addresses in which a token stands.
_STEERING = re.compile(
    r"GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY)\Z|ACTIONS_|INPUT_|CODER_CI_|CI_REPOSITORY_URL\Z|SSH_AUTH_SOCK\Z"
)
_MODEL = re.compile(r"ANTHROPIC_|CLAUDE_CODE_OAUTH_TOKEN\Z")
_CLOUD = re.compile(r"AWS_|GOOGLE_|AZURE_|ANTHROPIC_")
_COUNTS = re.compile(r"MAX_.*TOKENS|_TOKENS\Z", re.IGNORECASE)


def is_kept_back(name: str, keep: Collection[str] = (), *, cloud: bool = False) -> bool:
    """Whether the commands of a session are not given this variable. `cloud`: the model is asked through one, which
    needs its own. Those of the model itself are never given to commands (workspace/shell.py)."""
    if name in keep or _COUNTS.search(name):
        return False
    if _MODEL.match(name) or (cloud and _CLOUD.match(name)):
        return False
    return bool(_SECRET.search(name) or _STEERING.match(name))


def secrets_of(env: Mapping[str, str]) -> tuple[str, ...]:
    """Values that no output may show."""
    return tuple(value for name, value in env.items() if value and _SECRET.search(name) and not _COUNTS.search(name))


def clear(env: MutableMapping[str, str], keep: Collection[str] = (), *, cloud: bool = False) -> None:
    """Takes them out of this process's environment, from which all it starts begins."""
    for name in [each for each in env if is_kept_back(each, keep, cloud=cloud)]:
        del env[name]
