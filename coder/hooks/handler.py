"""One hook as a settings file says it. A value; must not know how it is run, or whether its file is trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal, TypeAlias

from coder.core.dataclass import dataclass

Kind: TypeAlias = Literal["command", "http", "mcp_tool", "prompt", "agent", "callback"]
KINDS: tuple[Kind, ...] = ("command", "http", "mcp_tool", "prompt", "agent")
"""Those that a file can name: only the program that embeds us has callbacks."""


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """`what` is the command line, the address, the prompt, `server/tool` or the id of a callback. `origin` is the file
    it stands in, `place` where in it: `PreToolUse[0].hooks[1]`. `args` is None for a command line that a shell reads.

    `rule` is its `if`; `timeout` None is the default of its point. `background`: nobody waits for it; `wakes`: should
    it then end with 2, the model is told at once, led by `wake_text`; `wake_line` says so to people. `root` is the
    folder of the plugin or skill it belongs to, `variables` what else of a plugin it is given. `blocks`: a callback
    that fails holds up what its point is about.
    """

    kind: Kind
    what: str
    origin: str
    place: str
    point: str
    matcher: str = ""
    rule: str = ""
    timeout: float | None = None
    status: str = ""
    once: bool = False
    args: tuple[str, ...] | None = None
    shell: str = ""
    background: bool = False
    wakes: bool = False
    wake_text: str = ""
    wake_line: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    env_names: tuple[str, ...] = ()
    model: str = ""
    goes_on: bool = False  # continueOnBlock: a "no" is told to the model and ends nothing
    input: Mapping[str, Any] = field(default_factory=dict)
    root: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    blocks: bool = False

    @property
    def shown(self) -> str:
        """What it runs, for people: an address without what may be a secret in it."""
        if self.kind == "http":
            scheme, _, rest = self.what.partition("://")
            host, slash, path = re.split(r"[?#]", rest)[0].partition("/")
            return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
        return " ".join((self.what, *(self.args or ())))

    @property
    def same(self) -> tuple[object, ...]:
        """Equal for handlers that do the same, whichever file they stand in: of those one runs."""
        return (
            self.kind, self.what, self.rule, self.args, self.shell, tuple(sorted(self.headers.items())), self.root,
            self.model, repr(sorted(self.input.items())), self.background, self.wakes,
        )  # fmt: skip
