"""Flags that do not go together, and a list that took the prompt: what to say of them. Must not know argv."""

from __future__ import annotations

import argparse

from coder.permissions.splitting import split_rules

_STREAM = "stream-json"
_STREAMED_ONLY = (
    ("include_partial_messages", "--include-partial-messages"),
    ("include_hook_events", "--include-hook-events"),
    ("forward_subagent_text", "--forward-subagent-text"),
    ("session_mirror", "--session-mirror"),
)
_DRIVEN_ONLY = (
    ("replay_user_messages", "--replay-user-messages"),
    ("await_initialize", "--await-initialize"),
)
_HEADLESS_ONLY = (
    ("json_schema", "--json-schema"),
    ("permission_prompt_tool", "--permission-prompt-tool"),
    ("permission_prompts", "--permission-prompts"),
)


def objection(found: argparse.Namespace) -> str:
    """Why these flags cannot be followed together; "" when they can."""
    is_driven = found.input_format == _STREAM
    if is_driven and found.output_format != _STREAM:
        return "--input-format stream-json needs --output-format stream-json."
    if is_driven and found.prompt is not None:
        return "--input-format stream-json takes prompts from standard input: leave out that of the command line."
    if found.output_format != _STREAM:
        for name, flag in _STREAMED_ONLY:
            if getattr(found, name):
                return f"{flag} needs --output-format stream-json."
    for name, flag in _DRIVEN_ONLY:
        if getattr(found, name) and not is_driven:
            return f"{flag} needs --input-format stream-json and --output-format stream-json."
    if found.init_only and (is_driven or found.prompt is not None):
        return "--init-only runs no prompt: leave it out, or use --init."
    return _headless(found, is_driven=is_driven) or _swallowed(found, is_driven=is_driven) or _mixed(found)


def _headless(found: argparse.Namespace, *, is_driven: bool) -> str:
    if found.print or is_driven or found.init_only:
        return ""
    if found.output_format != "text":
        return f"--output-format {found.output_format} needs -p."
    return next((f"{flag} needs -p." for name, flag in _HEADLESS_ONLY if getattr(found, name) is not None), "")


def _mixed(found: argparse.Namespace) -> str:
    if found.permission_prompt_tool == "stdio" and found.input_format != _STREAM:
        return "--permission-prompt-tool stdio needs --input-format stream-json: whoever is asked answers there."
    if found.permission_prompt_tool is not None and not found.permission_prompt_tool.strip():
        return "--permission-prompt-tool is empty. Give it stdio, or a tool such as mcp__server__tool."
    if found.json_schema is not None and not found.json_schema.strip():
        return "--json-schema is not a valid JSON Schema: it is empty."
    if found.init and found.maintenance:
        return "--init and --maintenance are two occasions of the same hooks: choose one."
    return ""


def _swallowed(found: argparse.Namespace, *, is_driven: bool) -> str:
    """A list flag takes every word up to the next flag; say so when it took the prompt."""
    if found.prompt is not None or is_driven:
        return ""
    lists = (
        ("--allowedTools", found.allowed_tools),
        ("--disallowedTools", found.disallowed_tools),
        ("--tools", found.tools),
    )
    for name, given in lists:
        last = (given or [""])[-1]
        if not all(_is_rule(part) for part in split_rules(last)):
            return f"{name} took {last!r} as a rule. Put the prompt before {name}, or end the list with `--`."
    return ""


def _is_rule(text: str) -> bool:
    """Tools begin with a capital, those of servers with mcp__."""
    return text[0].isupper() or text.startswith(("mcp__", "*")) or text == "default"
