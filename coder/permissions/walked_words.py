"""What the words of a command come to as bash would make them. Must not know statements (it is handed who follows what
runs inside a word), rules, or what commands touch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from coder.permissions import outputs
from coder.permissions.command import PIPE, Command, Word
from coder.permissions.syntax import Block, Expansion, Piece, Pipeline, Simple, Substitution, Token, Verbatim
from coder.permissions.variables import State, Value, defaulted, is_secret, value_of
from coder.permissions.world import World

_VARIABLE = re.compile(r"\$\{?#?([A-Za-z_]\w*)", re.ASCII)


class WalkedWords:
    """`follow` walks through what runs inside a word and gives the commands it found there."""

    def __init__(self, world: World, follow: Callable[[Block, State], tuple[Command, ...]]) -> None:
        self._world = world
        self._follow = follow

    def word(self, token: Token, state: State, *, git: bool = False) -> Word:
        """The word bash would make of it; what runs inside it is added to the commands. `git`: a word git is given."""
        if not token.pieces:
            return Word(token.raw, token.raw)
        text, written = "", ""
        glob = dynamic = False
        single = listed = True
        for piece in token.pieces:
            if isinstance(piece, Verbatim):
                text, written, glob = text + piece.text, written + piece.text, glob or piece.glob
                continue
            value = self._value(piece, state)
            written += piece.source
            if value and (value.is_whole or (piece.quoted and (value.is_plain or value.glob))):
                text, glob = text + value.text, glob or value.glob
            elif value and value.revision and git:
                text, single = text + value.text, single and (piece.quoted or len(token.pieces) > 1)
            else:
                dynamic, text = True, text + piece.source
                single = single and (piece.quoted or (value is not None and value.number))
                listed = listed and value is not None and (value.listed or value.glob)
        source = written if written != text else ""
        return Word(token.raw, text, glob, token.tilde, dynamic, single, dynamic and listed, source)

    def _value(self, piece: Expansion | Substitution, state: State) -> Value | None:
        if isinstance(piece, Substitution):
            return self._output(piece, state)
        return value_of(piece.name, state, self._world) if piece.name else defaulted(piece.source, state, self._world)

    def _output(self, piece: Substitution, state: State) -> Value | None:
        """What a substitution stands for, where that can be told."""
        added = self._follow(piece.body, state)
        if piece.is_pipe:
            return Value(PIPE)
        if piece.source.startswith("${"):
            return None
        if not _is_pipeline(piece.body) or not added or not all(_prints_only(command) for command in added):
            return None
        if isinstance(piece.body.steps[0].statement, Simple):
            if (known := outputs.text_of(added[-1])) is not None:
                return Value(known.rstrip("\n"))
            if outputs.names_revision(added[-1]):
                return Value("HEAD", revision=True)
        return Value("", listed=True) if outputs.lists_files(added[-1:]) else None

    def sole(self, token: Token, state: State) -> Value | None:
        """The value of `NAME=$(…)` where only its kind is known: a revision, a listed name, a number."""
        match token.pieces[1:]:
            case (Expansion() | Substitution() as piece,):
                return self._value(piece, state)
            case (Verbatim(""), (Expansion() | Substitution()) as piece):
                return self._value(piece, state)
            case _:
                return None

    def words(self, tokens: tuple[Token, ...], state: State) -> tuple[Word, ...]:
        """The words of a command; an unquoted variable that holds nothing is none."""
        first = self.word(tokens[0], state)
        rest = (self.word(token, state, git=first.text == "git") for token in tokens[1:])
        pairs = zip(tokens, (first, *rest), strict=True)
        return tuple(word for token, word in pairs if word.text or not _vanishes(token))

    def documents(self, node: Simple, state: State) -> tuple[str, ...]:
        texts = ["".join(_text(piece) for piece in r.document.pieces) for r in node.redirects if r.document]
        strings = (r.target for r in node.redirects if r.operator == "<<<" and r.target)
        return (*texts, *(self.word(token, state).text for token in strings))


def variables_in(node: Simple, state: State) -> tuple[str, ...]:
    """The variables a command uses that are set outside the line, or nowhere."""
    tokens = [*node.words, *(token for _, token in node.assignments)]
    tokens += [redirect.target for redirect in node.redirects if redirect.target]
    sources = [piece.source for token in tokens for piece in token.pieces if isinstance(piece, Expansion)]
    documents = (redirect.document for redirect in node.redirects if redirect.document)
    sources += [p.text for d in documents if not d.quoted for p in d.pieces if isinstance(p, Verbatim)]
    found = dict.fromkeys(name for source in sources for name in _VARIABLE.findall(source))
    return tuple(name for name in found if name not in state.variables and name not in ("HOME", "PWD"))


def secrets_in(tokens: Iterable[Token]) -> tuple[str, ...]:
    """Secrets of the environment that the words take over."""
    sources = (piece.source for token in tokens for piece in token.pieces if isinstance(piece, Expansion))
    return tuple(name for source in sources for name in _VARIABLE.findall(source) if is_secret(name))


def _is_pipeline(body: Block) -> bool:
    statement = body.steps[0].statement
    items = statement.items if isinstance(statement, Pipeline) else (statement,)
    return len(body.steps) == 1 and all(isinstance(item, Simple) for item in items)


def _prints_only(command: Command) -> bool:
    """Whether all it prints is its own output: no redirect but that of its errors into nothing."""
    return all(r.number == "2" and r.target.text == "/dev/null" and not r.copies for r in command.redirects)


def _text(piece: Piece) -> str:
    return piece.text if isinstance(piece, Verbatim) else piece.source


def _vanishes(token: Token) -> bool:
    """Whether a word that comes to nothing is no word at all: it has no quotes."""
    return not any(piece.quoted for piece in token.pieces)
