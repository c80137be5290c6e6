"""What a program wants of a session, and the flags it stands for. Must not know settings files or the engine."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from coder.config.flags import Flags
from coder.core.choices import Effort
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.core.requests import Allow, Deny, PermissionRequest
from coder.core.tools import Mode

if TYPE_CHECKING:
    from coder.frontends.embedded.functions import Tool

_Answer: TypeAlias = Allow | Deny | bool
_Answers: TypeAlias = Mapping[str, str] | None
Permission: TypeAlias = Callable[[PermissionRequest], Awaitable[_Answer]] | Callable[[PermissionRequest], _Answer]
Questions: TypeAlias = Callable[[Sequence[Json]], Awaitable[_Answers]] | Callable[[Sequence[Json]], _Answers]
_LISTS = (
    *("fallback_models", "allowed_tools", "disallowed_tools", "builtin_tools", "tools", "require_mcp", "add_dirs"),
    *("setting_sources", "plugins"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All optional. What is not said here is as settings files and the environment say, as for `coder -p`.

    `permission` is asked where a call needs a yes; without it such a call is denied. `questions` gets what the model
    asks the person (the input of AskUserQuestion) and answers question text to chosen label, None for no answer.
    `tools` are functions of the program that the model may call; a plain function will do. `builtin_tools` are the
    tools of coder there are, None: all. `plugins` are folders or archives. `require_mcp` names servers without which
    nothing is sent. `answer` is a dataclass or a JSON schema: the result then has a `value` of that form. `env` is
    added to the environment of the process, for this session alone. `settings` is a path or the settings themselves,
    `setting_sources` which of user, project and local are read; settings of the folder that run or loosen something
    count only where the person trusted it, or with `trust_folder`. `resume` is the id, name or beginning of the id of
    a session to go on with; `fork` leaves that one as it is. `partial` tells text as it comes.
    """

    cwd: str | os.PathLike[str] | None = None
    model: str | None = None
    effort: Effort | None = None
    fallback_models: Sequence[str] = ()
    system_prompt: str | None = None
    append_system_prompt: str = ""
    permission: Permission | None = None
    questions: Questions | None = None
    permission_mode: Mode | None = None
    allowed_tools: Sequence[str] = ()
    disallowed_tools: Sequence[str] = ()
    builtin_tools: Sequence[str] | None = None
    tools: Sequence[Tool | Callable[..., Any]] = ()
    mcp_servers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    require_mcp: Sequence[str] = ()
    agents: Mapping[str, Any] = field(default_factory=dict)
    plugins: Sequence[str | os.PathLike[str]] = ()
    answer: type[Any] | Mapping[str, Any] | None = None
    add_dirs: Sequence[str | os.PathLike[str]] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: str | os.PathLike[str] | Mapping[str, Any] | None = field(default=None, repr=False)
    setting_sources: Sequence[str] | None = None
    trust_folder: bool = False
    max_turns: int | None = None
    max_tokens: int | None = None
    max_budget_usd: float | None = None
    time_budget: float | None = None  # seconds, of each prompt
    session_id: str | None = None
    resume: str | None = None
    continue_latest: bool = False
    fork: bool = False
    persist: bool = True
    partial: bool = False

    def __post_init__(self) -> None:
        """Raises ConfigError for one text where several belong: it would be taken for its letters."""
        for name in _LISTS:
            if isinstance(given := getattr(self, name), str | bytes):
                raise ConfigError(f"Options.{name} is a list: write {name}=[{given!r}].")

    def flags(self, own_rules: Sequence[str] = ()) -> Flags:
        """What a command line would say. `own_rules` allow tools of the program."""
        return Flags(
            cwd=None if self.cwd is None else os.fspath(self.cwd),
            model=self.model,
            effort=self.effort,
            fallback_models=tuple(self.fallback_models),
            system_prompt=self.system_prompt,
            append_system_prompt=self.append_system_prompt,
            permission_mode=self.permission_mode,
            tools=None if self.builtin_tools is None else tuple(self.builtin_tools),
            allowed_tools=(*self.allowed_tools, *own_rules),
            disallowed_tools=tuple(self.disallowed_tools),
            mcp_config=(json.dumps({"mcpServers": dict(self.mcp_servers)}),) if self.mcp_servers else (),
            require_mcp=tuple(self.require_mcp),
            agents=json.dumps(dict(self.agents)) if self.agents else None,
            plugin_dirs=tuple(os.fspath(each) for each in self.plugins),
            add_dirs=tuple(os.fspath(each) for each in self.add_dirs),
            settings=_settings(self.settings),
            setting_sources=None if self.setting_sources is None else ",".join(self.setting_sources),
            trust_folder=self.trust_folder,
            max_turns=self.max_turns,
            max_tokens_total=self.max_tokens,
            max_budget_usd=self.max_budget_usd,
            time_budget=self.time_budget,
            session_id=self.session_id,
            resume=self.resume,
            continue_=self.continue_latest,
            fork_session=self.fork,
            no_session_persistence=not self.persist,
        )


def _settings(given: str | os.PathLike[str] | Mapping[str, Any] | None) -> str | None:
    if given is None:
        return None
    return json.dumps(dict(given)) if isinstance(given, Mapping) else os.fspath(given)
