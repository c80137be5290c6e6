"""What the Git tool has to know of the session to change a repository: whose it is, and whom the person trusts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from coder.app.attribution import commit_trailer
from coder.config import trust
from coder.core.config import Config
from coder.git.earlier import Earlier
from coder.git.repository import Repository, repository_of
from coder.tools.git.changer import Changer


class Shell(Protocol):
    """What commands of the session are given, and who ends them should coder be killed."""

    @property
    def cwd(self) -> Path: ...

    @property
    def environment(self) -> Mapping[str, str]: ...

    def mind(self, group: int, begins: bool) -> None: ...


def changer_of(
    config: Config, session_id: str, model: str, workspace: Shell, earlier: Callable[[], Earlier] = Earlier
) -> Changer:
    return Changer(
        session=session_id,
        environment=lambda: workspace.environment,
        trailer=lambda: commit_trailer(config, model),
        is_trusted=lambda repository: _is_trusted(config, repository),
        earlier=earlier,
        mind=workspace.mind,
    )


def _is_trusted(config: Config, repository: Repository) -> bool:
    """A yes is about the repository that coder was started in, and its work trees; not about one inside."""
    judged = config.trust or trust.judge({}, config.home, config.cwd)
    here = repository_of(config.cwd)
    return bool(judged.is_trusted) and here is not None and here.shared == repository.shared
