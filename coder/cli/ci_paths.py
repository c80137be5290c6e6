"""Which paths of a repository tell coder, or the service, what to do. Pure."""

from __future__ import annotations

_FOLDERS = frozenset({".claude", ".coder", ".agents"})
_FILES = frozenset({"claude.md", "claude.local.md", "agents.md", ".mcp.json"})
_SERVICE = frozenset(
    {".github", ".gitlab", ".gitea", ".forgejo", ".circleci", ".buildkite", ".woodpecker", ".semaphore", ".teamcity"}
)
_SERVICE_FILES = frozenset(
    f"{name}{end}"
    for name in (
        *(".gitlab-ci", "action", ".travis", ".appveyor", "appveyor", ".drone", ".woodpecker", ".cirrus"),
        *("azure-pipelines", "bitbucket-pipelines", "cloudbuild", "buildspec", ".pre-commit-config"),
    )
    for end in (".yml", ".yaml")
) | {"jenkinsfile", "codeowners"}


def is_configuration(path: str) -> bool:
    """Whether coder reads it as settings, notes, commands, agents or servers. However it is written: file systems
    there are that do not tell cases apart."""
    *folders, name = path.lower().split("/")
    return bool(_FOLDERS.intersection((*folders, name))) or name in _FILES


def is_notes(path: str) -> bool:
    """Whether it is one of the files of notes, which stand beside what they are about."""
    return path.lower().rpartition("/")[2] in _FILES - {".mcp.json"}


def is_held(path: str) -> bool:
    """Whether a fix must leave it alone: configuration, and what says what jobs do."""
    *folders, name = path.lower().split("/")
    return is_configuration(path) or bool(_SERVICE.intersection((*folders, name))) or name in _SERVICE_FILES
