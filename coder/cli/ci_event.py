"""What a job was started for, as the service tells it: numbers and commits checked, words foreign. Reads one file and
the environment; must not know git or prompts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.ordinary import read_ordinary

EVENT = "GITHUB_EVENT_PATH"
_MOST_BYTES = 25 << 20
_MOST_WORDS = 60_000
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
# What such an event is about may be the head of a fork, and it does not say so.
_OF_ANYBODY = ("check_run", "check_suite")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """`base` and `head` are commits, "" where it does not say. `title`, `body`, `author`, `branch` and `comment` are
    words of whoever wrote them: data, never part of a command. `number` is that of the request or issue, 0 for none.
    `is_fork`: the head comes from another repository, or nobody says from which: anybody may have written it."""

    service: str = ""  # github, gitlab or ""
    kind: str = "commit"  # request, issue or commit
    number: int = 0
    repository: str = ""
    base: str = ""
    head: str = ""
    is_fork: bool = False
    default_branch: str = ""
    title: str = ""
    body: str = ""
    author: str = ""
    branch: str = ""
    comment: str = ""


def happening(env: Mapping[str, str]) -> Happening:
    """Raises ConfigError for an event that cannot be read."""
    if path := env.get(EVENT):
        return _of_github(_event(Path(path)), env)
    if env.get("GITLAB_CI"):
        return _of_gitlab(env)
    return Happening()


def _event(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_ordinary(path, _MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no JSON"
        raise ConfigError(f"{EVENT}: {path} cannot be read: {why}.") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{EVENT}: {path} holds no JSON object.")
    return found


def _of_github(event: dict[str, Any], env: Mapping[str, str]) -> Happening:
    repository = _object(event, "repository")
    own = _text(repository, "full_name") or env.get("GITHUB_REPOSITORY", "")
    common: dict[str, Any] = {
        "service": "github",
        "repository": own if _REPOSITORY.match(own) else "",
        "default_branch": _text(repository, "default_branch"),
        "comment": _text(_object(event, "comment"), "body"),
    }
    if request := _object(event, "pull_request"):
        head, base = _object(request, "head"), _object(request, "base")
        return Happening(
            **common,
            **_written(request),
            kind="request",
            base=_commit(base, "sha"),
            head=_commit(head, "sha"),
            branch=_text(head, "ref"),
            is_fork=not own or _text(_object(head, "repo"), "full_name") != own,
        )
    if issue := _object(event, "issue"):
        is_request = "pull_request" in issue  # of which an event of its comments tells neither commits nor origin
        return Happening(**common, **_written(issue), kind="request" if is_request else "issue", is_fork=is_request)
    if run := _object(event, "workflow_run"):
        return Happening(
            **common,
            title=_text(run, "display_title"),
            head=_commit(run, "head_sha"),
            branch=_text(run, "head_branch"),
            is_fork=not own or _text(_object(run, "head_repository"), "full_name") != own,
        )
    return Happening(
        **common,
        head=_commit(event, "after"),
        branch=_text(event, "ref").removeprefix("refs/heads/"),
        is_fork=any(thing in event for thing in _OF_ANYBODY),
    )


def _written(thing: dict[str, Any]) -> dict[str, Any]:
    number = thing.get("number")
    return {
        "number": number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else 0,
        "title": _text(thing, "title"),
        "body": _text(thing, "body"),
        "author": _text(_object(thing, "user"), "login"),
    }


def _of_gitlab(env: Mapping[str, str]) -> Happening:
    number = env.get("CI_MERGE_REQUEST_IID", "")
    is_request = number.isascii() and number.isdigit()
    source, own = env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", ""), env.get("CI_PROJECT_PATH", "")
    return Happening(
        service="gitlab",
        kind="request" if is_request else "commit",
        number=int(number[:9]) if is_request else 0,
        base=_commit(env, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA") or _commit(env, "CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        head=_commit(env, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or _commit(env, "CI_COMMIT_SHA"),
        branch=_text(env, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or _text(env, "CI_COMMIT_REF_NAME"),
        is_fork=is_request and source != own,
        default_branch=_text(env, "CI_DEFAULT_BRANCH"),
        title=_text(env, "CI_MERGE_REQUEST_TITLE"),
        body=_text(env, "CI_MERGE_REQUEST_DESCRIPTION"),
        author=_text(env, "GITLAB_USER_LOGIN"),
    )


def _object(thing: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = thing.get(key)
    return found if isinstance(found, dict) else {}


def _text(thing: Mapping[str, Any], key: str) -> str:
    found = thing.get(key)
    return found[:_MOST_WORDS] if isinstance(found, str) else ""


def _commit(thing: Mapping[str, Any], key: str) -> str:
    found = _text(thing, key)
    return found if _COMMIT.match(found) and found.strip("0") else ""
