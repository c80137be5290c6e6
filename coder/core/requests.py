"""Questions the engine asks of whoever sits in front, and the answers. Values, not callbacks."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Json, ToolUse

if TYPE_CHECKING:
    from coder.core.tools import Mode

EffectKind: TypeAlias = Literal["reads", "writes", "deletes", "runs", "reaches", "changes git"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the gate decided as it did. `source` names the rule, mode or part; `text` is for people and the model."""

    kind: Literal["rule", "mode", "safety", "readonly", "tool", "shell", "hook", "default"]
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing a call would do, as far as it can be told: `writes /srv/app.py`, `reaches example.org`.

    `what` is for people; `path` is the absolute path of a file effect, when it is known.
    """

    kind: EffectKind
    what: str
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One simple command of a command line: `start` and `end` are its place in the text, -1 when not known.

    `needed`: nothing allows it yet. `rules` would; none when only a person can.
    """

    text: str
    start: int
    end: int
    needed: bool
    reasons: tuple[Reason, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PermissionRequest:
    """`suggestions` are rules that would allow all of it, e.g. "Bash(npm test *)".

    `accept_edits`: the mode of that name would allow it. `cwd` is where a command would run, when that is known.
    `confirm` is set when it cannot be undone: the word a person types to say yes; there is no "always" then.
    `opens` are the files that a call which names its files would open, tidy and with every link followed.
    `command` is the command line by which the call was judged, "" for one that runs none. `is_foretold`: the effects
    are what the tool itself says it would do, a clause each, such as "stages 2 files: a.py, b.py". `agent` is the id
    of the subagent that wants it and `agent_title` what it was asked for; "main" and "" for the session itself.
    """

    call: ToolUse
    summary: str  # what would happen, one line: "Bash rm -rf logs"
    reasons: tuple[Reason, ...]
    suggestions: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    effects: tuple[Effect, ...] = ()
    confirm: str = ""
    accept_edits: bool = False
    cwd: Path | None = None
    opens: tuple[Path, ...] = ()
    command: str = ""
    is_foretold: bool = False
    agent: str = "main"
    agent_title: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """`AskUserQuestion`: one to four questions in the tool's own JSON form. `call` is the tool use that asks.

    `otherwise` is set where coder itself asks: what comes of it, in a few words, when nothing is chosen. Only the
    options are answers then."""

    questions: tuple[Json, ...]
    call: str = field(default="", compare=False)
    otherwise: str = field(default="", compare=False)


FieldKind: TypeAlias = Literal["text", "number", "integer", "yes or no", "one", "many"]


@dataclass(frozen=True, slots=True)
class FieldAsked:
    """One thing that a server wants to be told, in its own words. `choices` are values with what is shown of each.

    `least` and `most` bound a number, the characters of a text, or how many are chosen. `form` is "email", "uri",
    "date" or "date-time", "" for any text. `default` is what stands there already, None for nothing.
    """

    name: str
    kind: FieldKind = "text"
    title: str = ""
    about: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    default: str | float | bool | tuple[str, ...] | None = None
    form: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class ServerQuestion:
    """An MCP server asks the person: for `fields` to be filled in (none: for a yes), or to let a page be opened in
    their browser. All but `server`, the name it has in the settings, are its own words."""

    server: str
    message: str
    fields: tuple[FieldAsked, ...] = ()
    url: str = ""


Request: TypeAlias = PermissionRequest | Question | ServerQuestion


@dataclass(frozen=True, slots=True)
class Allow:
    """May edit the call (`input`), teach rules (`remember`) and change the mode of the session (`mode`)."""

    input: Json | None = None
    remember: tuple[str, ...] = ()
    mode: Mode | None = None


@dataclass(frozen=True, slots=True)
class Deny:
    """`message` is what the person wrote, if anything; `interrupt` ends the run.

    `nobody` is set when there was nobody to ask. `ends` is why the run cannot go on, "" when it can.
    """

    message: str
    interrupt: bool = False
    nobody: bool = False
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """Question text to chosen label(s), several joined by ', '."""

    answers: dict[str, str]


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """To a server's question: `values` by the names of its fields go to it with "accept" only."""

    action: Literal["accept", "decline", "cancel"]
    values: Json = field(default_factory=dict)


Reply: TypeAlias = Allow | Deny | Answers | ServerAnswer
