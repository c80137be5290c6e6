"""The second opinion: what tree-sitter's bash grammar sees in a command line. Must not decide anything.

Neither reader is trusted alone. The grammar has silent misses (it can lose a command without an error node), the strict
lexer is ours and may have faults of its own; a command that both read alike has not been found to surprise bash.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from coder.permissions.lexer import Script

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_WORDS = frozenset({"word", "string", "raw_string", "concatenation", "number"})
_INSIDE_WORDS = _WORDS | {"string_content", '"', "$"}
_GROUPS = frozenset({"program", "list", "pipeline", "redirected_statement"})
_TESTS = frozenset({"unary_expression", "binary_expression", "test_operator"})
_OPERATORS = frozenset({"&&", "||", "|", "|&"})
_REDIRECTS = frozenset({">", ">>", "<", "&>", "&>>", ">&"})
_SILENT = frozenset({";", "\n"})


class _Differs(Exception):
    """The tree holds something a plain command never has."""


@dataclass(slots=True)
class _Reading:
    commands: list[list[str]] = field(default_factory=list)
    redirects: list[tuple[str, str, str]] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)


def agrees(source: str, script: Script) -> bool:
    """Whether the grammar reads the same commands, words, redirects and operators, and nothing else."""
    parser = _parser()
    if parser is None:
        return False
    root = parser.parse(source.encode("utf-8")).root_node
    reading = _Reading()
    try:
        if root.has_error:
            return False
        _statements(root, reading)
    except _Differs:
        return False
    return (
        reading.commands == [[w.raw for w in (*c.assignments, *c.words)] for c in script.commands]
        and reading.redirects == [(r.number, r.operator, r.target.raw) for c in script.commands for r in c.redirects]
        and reading.operators == list(script.operators)
    )


@lru_cache(maxsize=1)
def _parser() -> Parser | None:
    # The grammar costs tens of milliseconds to load and only shell commands need it: it is loaded by the first one.
    # Imports inside functions are not allowed in this package. Without it, no command is fully understood.
    try:
        binding = importlib.import_module("tree_sitter")
        grammar = importlib.import_module("tree_sitter_bash")
    except ImportError:
        return None
    parser: Parser = binding.Parser(binding.Language(grammar.language()))
    return parser


def _statements(node: Node, reading: _Reading) -> None:
    for child in node.children:
        kind = child.type
        if kind in _GROUPS:
            _statements(child, reading)
        elif kind == "command":
            _command(child, reading)
        elif kind == "test_command":
            reading.commands.append(_test_words(child))
        elif kind == "file_redirect":
            _redirect(child, reading)
        elif kind in _OPERATORS:
            reading.operators.append(kind)
        elif kind not in _SILENT and kind != "comment":
            raise _Differs(kind)


def _command(node: Node, reading: _Reading) -> None:
    words: list[str] = []
    for child in node.children:
        if child.type == "file_redirect":
            _redirect(child, reading)
        elif child.type == "command_name":
            if child.child_count != 1:
                raise _Differs(child.type)
            words.append(_word(child.children[0]))
        elif child.type == "variable_assignment":
            words.append(_assignment(child))
        elif child.is_named:
            words.append(_word(child))
        else:
            words.append(_text(child))
    reading.commands.append(words)


def _redirect(node: Node, reading: _Reading) -> None:
    children = list(node.children)
    number = _text(children.pop(0)) if children and children[0].type == "file_descriptor" else ""
    if len(children) != 2 or children[0].type not in _REDIRECTS:
        raise _Differs(node.type)
    reading.redirects.append((number, children[0].type, _word(children[1])))


def _assignment(node: Node) -> str:
    match [child.type for child in node.children]:
        case ["variable_name", "="]:
            pass
        case ["variable_name", "=", _]:
            _word(node.children[2])
        case _:
            raise _Differs(node.type)
    return _text(node)


def _test_words(node: Node) -> list[str]:
    words: list[str] = []
    for child in node.children:
        if child.type in _TESTS and child.child_count:
            words += _test_words(child)
        elif child.is_named and child.type not in _TESTS:
            words.append(_word(child))
        else:
            words.append(_text(child))
    return words


def _word(node: Node) -> str:
    """The text of a literal word. Raises _Differs when anything in it would be expanded."""
    if node.type not in _INSIDE_WORDS:
        raise _Differs(node.type)
    for child in node.children:
        _word(child)
    return _text(node)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8")
