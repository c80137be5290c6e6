"""What of a job's environment is secret, and what of it a session and its commands do without. Pure but for `clear`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, MutableMapping

_SECRET = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY|(?<!CACHE_)(?<!PUBLIC_)KEY\Z|KEY_(?:PEM|BASE64|B64)\Z|"
    r"_AUTH\b|AUTH_CONFIG\Z|_JWT|(?:\A|_)PAT\Z|_PASS\Z|_PWD\Z|_DSN\Z|WEBHOOK|COOKIE|KUBECONFIG|CONNECTION_STRING",
    re.IGNORECASE,
)
# What lets a step speak to later steps and to the service, and addresses in which a token stands.
_STEERING = re.compile(
    r"GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY)\Z|ACTIONS_|INPUT_|CODER_CI_|CI_REPOSITORY_URL\Z|SSH_AUTH_SOCK\Z"
)
_MODEL = re.compile(r"(?:ANTHROPIC_(?:API_KEY|AUTH_TOKEN|CUSTOM_HEADERS)|CLAUDE_CODE_OAUTH_TOKEN)\Z")
_CLOUD = re.compile(r"AWS_|GOOGLE_|AZURE_|ANTHROPIC_")
_COUNTS = re.compile(r"MAX_.*TOKENS\Z", re.IGNORECASE)
_PROXY = re.compile(r"_PROXY\Z", re.IGNORECASE)  # without which nothing is reached
_LOGIN = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")  # in an address
_HEADER = re.compile(r"\b(?:bearer|basic|token)[ \t]+([\w.+/=~-]{8,})", re.IGNORECASE)


def is_kept_back(name: str, keep: Collection[str] = (), *, cloud: bool = False, value: str = "") -> bool:
    """Whether the commands of a session are not given this variable. `cloud`: the model is asked through one, which
    needs its own. Those of the model itself are never given to commands (workspace/shell.py)."""
    if name in keep or _COUNTS.search(name):
        return False
    if _MODEL.match(name) or (cloud and _CLOUD.match(name)):
        return False
    return bool(_SECRET.search(name) or _STEERING.match(name) or (_LOGIN.search(value) and not _PROXY.search(name)))


def secrets_of(env: Mapping[str, str]) -> tuple[str, ...]:
    """Values that no output may show, and what of other values none may."""
    return tuple(found for name, value in env.items() for found in _secrets_in(name, value) if found)


def _secrets_in(name: str, value: str) -> Iterator[str]:
    if _SECRET.search(name) and not _COUNTS.search(name):
        yield value
    for pattern in (_LOGIN, _HEADER):
        yield from pattern.findall(value)


def clear(env: MutableMapping[str, str], keep: Collection[str] = (), *, cloud: bool = False) -> None:
    """Takes them out of this process's environment, from which all it starts begins."""
    for name in [each for each in env if is_kept_back(each, keep, cloud=cloud, value=env[each])]:
        del env[name]


def hidden(env: Mapping[str, str], keep: Collection[str] = ()) -> dict[str, str]:
    """Empty values, for commands, of what this process itself needs to reach the model: the keys of a cloud."""
    return {
        name: ""
        for name, value in env.items()
        if is_kept_back(name, keep, value=value) and not is_kept_back(name, keep, cloud=True, value=value)
    }
