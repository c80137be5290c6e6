"""What was said on the command line, parsed but not judged. Must not know settings files or defaults."""

from __future__ import annotations

from typing import Literal

from coder.core.choices import Display, Effort, Occasion
from coder.core.config import OnLimit
from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Flags:
    """None or empty: not given. `headless` is set when nobody can be asked (`-p`): a broken settings file then refuses.

    `allowed_tools` and `disallowed_tools` are the values as given; a value may hold several rules.
    `settings` is a path or a JSON object, `setting_sources` a comma list of user, project and local (may be empty).
    `tools` are the built-in ones there are to be, () none. `time_budget` is in seconds. `thinking_tokens` 0 is no
    thinking. `json_schema` is JSON text. `plugin_dirs` has those too of which no server is wanted. `setup` is the
    occasion of Setup hooks. `debug` says what to log in a comma list, "" all. `trust_folder`: the folder's own settings
    count as if they were approved, this once.
    """

    model: str | None = None
    effort: Effort | None = None
    max_turns: int | None = None
    time_budget: float | None = None
    max_budget_usd: float | None = None
    max_tokens_total: int | None = None
    task_budget: int | None = None
    betas: tuple[str, ...] = ()
    thinking: Literal["adaptive", "disabled"] | None = None
    thinking_tokens: int | None = None
    thinking_display: Display | None = None
    fallback_models: tuple[str, ...] = ()
    on_limit: OnLimit | None = None
    auto_compact_window: int | None = None
    permission_mode: str | None = None
    may_bypass: bool = False  # bypassPermissions can be chosen later on
    permission_prompt_tool: str | None = None  # a tool of a server, or stdio: whoever drives us
    tools: tuple[str, ...] | None = None
    allowed_tools: tuple[str, ...] = ()
    disallowed_tools: tuple[str, ...] = ()
    system_prompt: str | None = None
    append_system_prompt: str = ""
    add_dirs: tuple[str, ...] = ()
    cwd: str | None = None
    settings: str | None = None
    managed_settings: str | None = None  # a JSON object: what the program that starts us forbids
    setting_sources: str | None = None
    session_id: str | None = None
    resume: str | None = None
    continue_: bool = False
    fork_session: bool = False
    resume_session_at: str | None = None
    resume_drops_turn: str | None = None
    name: str | None = None
    no_session_persistence: bool = False
    verbose: bool = False
    trust_folder: bool = False
    system_prompt_file: str | None = None
    append_system_prompt_file: str | None = None
    disable_slash_commands: bool = False
    bare: bool = False
    safe_mode: bool = False
    check: str | None = None
    check_tries: int | None = None
    think: bool | None = None
    hook_events: bool = False
    forward_subagent_text: bool = False
    worktree: str | None = None  # "": under a name of its own
    auto_commit: bool | None = None
    mcp_config: tuple[str, ...] = ()  # each a path or a JSON object
    strict_mcp_config: bool = False
    require_mcp: tuple[str, ...] = ()
    json_schema: str | None = None
    plugin_dirs: tuple[str, ...] = ()
    plugin_dirs_without_servers: tuple[str, ...] = ()
    setup: Occasion = ""
    debug: str | None = None
    debug_file: str | None = None
    notices: tuple[str, ...] = ()  # about flags that do nothing here, for who wants to know
    agents: str | None = None  # a JSON object
    agent: str | None = None
    append_subagent_system_prompt: str = ""
    headless: bool = True
