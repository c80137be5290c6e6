"""A command line as written: words in pieces, statements, and the marks by which two readers are compared.

Must not know what a command does, or what its words stand for.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass

Mark: TypeAlias = tuple[str, int, int]  # a kind, and the place in the text: words, operators, substitutions, …


class NotUnderstood(Exception):
    """`part` names what stands in the way, as a noun phrase."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that stands for itself. `glob` when it is not quoted and holds a wildcard."""

    text: str
    quoted: bool = False
    glob: bool = False


@dataclass(frozen=True, slots=True)
class Expansion:
    """`$name`, `${name…}`, `$((…))`: `name` is "" when it is more than the plain value of a variable."""

    source: str
    name: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(…)`, `` `…` `` or `<(…)`: what runs inside stands for its output, or for a pipe to read it from."""

    source: str
    body: Block
    quoted: bool
    is_pipe: bool = False


Piece: TypeAlias = "Verbatim | Expansion | Substitution"


@dataclass(frozen=True, slots=True)
class Token:
    """A word as written."""

    raw: str
    pieces: tuple[Piece, ...]
    start: int
    end: int
    tilde: bool = False

    @property
    def plain(self) -> str | None:
        """Its text when nothing in it is quoted or expanded: only such a word can be a keyword or a name."""
        match self.pieces:
            case (Verbatim(text, quoted=False),) if text == self.raw:
                return text
            case _:
                return None


@dataclass(slots=True)
class HereDocument:
    """Its `pieces` are filled in when the reader has come to its body."""

    delimiter: str
    quoted: bool
    tabs: bool
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class RedirectSyntax:
    """`document` instead of a `target` for `<<`."""

    number: str
    operator: str
    target: Token | None
    document: HereDocument | None = None


@dataclass(frozen=True, slots=True)
class Simple:
    assignments: tuple[tuple[str, Token], ...]
    words: tuple[Token, ...]
    redirects: tuple[RedirectSyntax, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Condition:
    """`[[ … ]]`: its words, operators included."""

    words: tuple[Token, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """`{ …; }`, or `( … )` which runs in a shell of its own."""

    body: Block
    subshell: bool


@dataclass(frozen=True, slots=True)
class If:
    """Each branch is a condition and what runs when it holds; `otherwise` may be empty."""

    branches: tuple[tuple[Block, Block], ...]
    otherwise: Block


@dataclass(frozen=True, slots=True)
class While:
    condition: Block
    body: Block


@dataclass(frozen=True, slots=True)
class For:
    name: str
    words: tuple[Token, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class Case:
    word: Token
    clauses: tuple[tuple[tuple[Token, ...], Block], ...]


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound statement with redirects behind it."""

    statement: Statement
    redirects: tuple[RedirectSyntax, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """`! …`: it has worked when the statement has failed."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class Pipeline:
    items: tuple[Statement, ...]


Statement: TypeAlias = "Simple | Condition | Group | If | While | For | Case | Redirected | Negated | Pipeline"
Join: TypeAlias = Literal[";", "&&", "||"]


@dataclass(frozen=True, slots=True)
class Step:
    """One pipeline of a list, and what joins it to the one before."""

    join: Join
    statement: Statement
    background: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Cursor:
    """Where a reader is in the text, what it has marked, and the here-documents whose bodies are still to come."""

    source: str
    position: int = 0
    marks: set[Mark] = field(default_factory=set)
    waiting: list[HereDocument] = field(default_factory=list)

    @property
    def char(self) -> str:
        """The next character; "" at the end."""
        return self.source[self.position : self.position + 1]

    def ahead(self, text: str) -> bool:
        return self.source.startswith(text, self.position)

    def mark(self, kind: str, start: int) -> None:
        """Marks what was read from `start` to here."""
        self.marks.add((kind, start, self.position))
