"""Requests of hosts that are known and cannot be answered: each has a reason, and what to do instead. Pure."""

from __future__ import annotations

_AT_START = "it is settled when the process starts"
_NO_DIALOG = "coder has no such dialog: its commands are for terminals"
_NO_SERVICE = "coder has no such service: it runs on this machine alone"
_LOGIN = "logins are the person's, in a terminal: coder mcp login NAME, coder auth"

REASONS = {
    "set_mcp_permission_mode_override": "a mode is for the whole session; ask or deny rules are for a server",
    "mcp_authenticate": _LOGIN,
    "mcp_clear_auth": _LOGIN,
    "mcp_oauth_callback_url": _LOGIN,
    "claude_authenticate": _LOGIN,
    "claude_oauth_callback": _LOGIN,
    "claude_oauth_wait_for_completion": _LOGIN,
    "set_cwd": f"{_AT_START} where a session works: start another one with that cwd",
    "claim_session": f"{_AT_START} which session it is: use --resume",
    "get_memory_dialog": _NO_DIALOG,
    "get_skills_dialog": _NO_DIALOG,
    "get_sandbox_dialog": _NO_DIALOG,
    "get_chrome_dialog": _NO_DIALOG,
    "get_chrome_browsers": _NO_SERVICE,
    "select_chrome_browser": _NO_SERVICE,
    "set_chrome_browser_hints": _NO_SERVICE,
    "channel_enable": _NO_SERVICE,
    "remote_control": _NO_SERVICE,
    "ultrareview_launch": _NO_SERVICE,
    "submit_feedback": _NO_SERVICE,
    "submit_survey_feedback": _NO_SERVICE,
    "message_rated": _NO_SERVICE,
    "get_plan": "a plan is in the transcript, and is asked about with can_use_tool (ExitPlanMode)",
    "get_status": "use get_settings, mcp_status and get_usage",
    "export_conversation": "the transcript has it: coder sessions export",
    "side_question": "a session has one conversation: fork it with --resume and --fork-session",
    "set_color": "a session has no colour here",
}  # fmt: skip
"""By the name of the request."""
