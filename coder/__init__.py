"""The `coder` package: its version, and by name what a program that embeds it needs (docs/embedding.md). Importing it
imports nothing: each name is looked up when it is first used.
"""

__version__ = "0.1.0"

_EMBEDDED = {
    "Allow": "coder.core.requests",
    "CoderError": "coder.core.errors",
    "Delta": "coder.frontends.embedded.messages",
    "Denied": "coder.frontends.embedded.messages",
    "Deny": "coder.core.requests",
    "Message": "coder.frontends.embedded.messages",
    "Note": "coder.frontends.embedded.messages",
    "Options": "coder.frontends.embedded.options",
    "PermissionRequest": "coder.core.requests",
    "Result": "coder.frontends.embedded.messages",
    "Session": "coder.frontends.embedded.session",
    "Started": "coder.frontends.embedded.messages",
    "Text": "coder.frontends.embedded.messages",
    "Thinking": "coder.frontends.embedded.messages",
    "Tool": "coder.frontends.embedded.functions",
    "ToolCall": "coder.frontends.embedded.messages",
    "ToolDone": "coder.frontends.embedded.messages",
    "Waiting": "coder.frontends.embedded.messages",
    "query": "coder.frontends.embedded.session",
    "tool": "coder.frontends.embedded.functions",
}
__all__ = ("__version__", *_EMBEDDED)  # names, all of them


def __getattr__(name: str) -> object:
    if name not in _EMBEDDED:
        raise AttributeError(f"module 'coder' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  # `coder --version` imports nothing

    value: object = getattr(import_module(_EMBEDDED[name]), name)
    globals()[name] = value
    return value
