"""The second opinion: what tree-sitter's bash grammar sees in a command line. Must not decide anything.

Neither reader is trusted alone. The grammar has silent misses (it can lose a command without an error node), the strict
reader is ours and may have faults of its own; a command that both read alike has not been found to surprise bash. Both
mark what they see: every word, command, operator, keyword, redirect, expansion and substitution, with its place. That
the marks are the same is also the conservation check: a live `$(` that one of them did not own would be missing.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import TYPE_CHECKING

from coder.permissions.names import names
from coder.permissions.syntax import Mark

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_WORDS = names(
    "word string raw_string ansi_c_string concatenation number simple_expansion expansion command_substitution "
    "process_substitution arithmetic_expansion extglob_pattern regex"
)
_STATEMENTS = names(
    "program list pipeline redirected_statement subshell compound_statement negated_command if_statement elif_clause "
    "else_clause while_statement for_statement do_group case_statement case_item variable_assignments"
)
_TESTS = names("unary_expression binary_expression test_operator")
_REDIRECTS = names("> >> < &> &>> >&")
_PLAIN_TEXT = names("heredoc_content simple_expansion")  # of a here-document that bash expands
_PAIRS = {"(": ")", "[": "]", "[[": "]]"}
_SILENT = frozenset({";", "\n"})


class _Differs(Exception):
    """The tree holds something that the strict reader does not know."""


def agrees(source: str, marks: frozenset[Mark]) -> bool:
    """Whether the grammar sees in `source` what the strict reader has marked, and nothing else."""
    parser = _parser()
    if parser is None:
        return False
    root = parser.parse(source.encode("utf-8")).root_node
    if root.has_error:
        return False
    marker = _Marker()
    try:
        marker.statement(root)
    except _Differs:
        return False
    return marker.marks == (marks if source.isascii() else _in_bytes(source, marks))


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


def _in_bytes(source: str, marks: frozenset[Mark]) -> set[Mark]:
    places = [0]
    for char in source:
        places.append(places[-1] + len(char.encode("utf-8")))
    return {(kind, places[start], places[end]) for kind, start, end in marks}


class _Marker:
    def __init__(self) -> None:
        self.marks: set[Mark] = set()

    def _mark(self, kind: str, start: int, end: int) -> None:
        self.marks.add((kind, start, end))

    def statement(self, node: Node) -> None:
        """Marks a node that is not (part of) a word, and all below it."""
        kind = node.type
        if not node.is_named:
            if kind not in _SILENT:
                self._mark(kind, node.start_byte, node.end_byte)
        elif kind in _STATEMENTS:
            if kind == "variable_assignments":
                self._mark("command", node.start_byte, node.start_byte)
            for child in node.children:
                self.statement(child)
        elif kind == "command":
            self._command(node)
        elif kind == "variable_assignment":
            self._assignment(node)
        elif kind == "test_command":
            self._test(node)
        elif kind in ("file_redirect", "herestring_redirect"):
            self._redirect(node)
        elif kind == "heredoc_redirect":
            self._here(node)
        elif kind in _WORDS or kind == "variable_name":
            self._word(node)
        elif kind != "comment":
            raise _Differs(kind)

    def _command(self, node: Node) -> None:
        first = True
        for child in node.children:
            if child.type in ("file_redirect", "herestring_redirect"):
                self._redirect(child)
                continue
            if first:
                self._mark("command", child.start_byte, child.start_byte)
                first = False
            if child.type == "command_name":
                if child.child_count != 1:
                    raise _Differs(child.type)
                self._word(child.children[0])
            elif child.type == "variable_assignment":
                self._assignment_word(child)
            elif child.is_named:
                self._word(child)
            else:
                self._mark("word", child.start_byte, child.end_byte)

    def _assignment(self, node: Node) -> None:
        if node.parent is None or node.parent.type != "variable_assignments":
            self._mark("command", node.start_byte, node.start_byte)
        self._assignment_word(node)

    def _assignment_word(self, node: Node) -> None:
        match [child.type for child in node.children]:
            case ["variable_name", "="]:
                pass
            case ["variable_name", "=", kind] if kind in _WORDS:
                self._inside(node.children[2])
            case _:
                raise _Differs(node.type)
        self._mark("word", node.start_byte, node.end_byte)

    def _redirect(self, node: Node) -> None:
        children = list(node.children)
        start = children[0].start_byte
        if children[0].type == "file_descriptor":
            children.pop(0)
        if len(children) != 2 or children[0].type not in (*_REDIRECTS, "<<<"):
            raise _Differs(node.type)
        operator, target = children
        if operator.type == ">&":
            self._mark("redirect", start, target.end_byte)
            return
        self._mark("redirect", start, operator.end_byte)
        self._word(target)

    def _here(self, node: Node) -> None:
        start = node.start_byte
        for child in node.children:
            match child.type:
                case "<<" | "<<-":
                    self._mark("redirect", start, child.end_byte)
                case "heredoc_body":
                    self._mark("document", child.start_byte, child.end_byte)
                    if any(inner.type not in _PLAIN_TEXT for inner in child.children):
                        raise _Differs(node.type)
                case "heredoc_start" | "heredoc_end" | "file_descriptor":
                    pass
                case kind if kind in _WORDS:  # arguments that follow the here-document
                    self._word(child)
                case _:
                    self.statement(child)

    def _test(self, node: Node) -> None:
        """The words of `[ … ]` and `[[ … ]]`, the operators between them counted as words."""
        opening, *inner, closing = node.children
        if _PAIRS.get(opening.type) != closing.type or opening.type == "(":
            raise _Differs(node.type)
        kind = "word" if opening.type == "[" else ""
        if kind:
            self._mark("command", opening.start_byte, opening.start_byte)
        self._mark(kind or opening.type, opening.start_byte, opening.end_byte)
        self._mark(kind or closing.type, closing.start_byte, closing.end_byte)
        for child in inner:
            self._test_words(child)

    def _test_words(self, node: Node) -> None:
        if node.type in _TESTS and node.child_count:
            for child in node.children:
                self._test_words(child)
        elif node.is_named and node.type not in _TESTS:
            self._word(node)
        else:
            self._mark("word", node.start_byte, node.end_byte)

    def _word(self, node: Node) -> None:
        if node.type not in _WORDS and node.type != "variable_name":
            raise _Differs(node.type)
        self._mark("word", node.start_byte, node.end_byte)
        self._inside(node)

    def _inside(self, node: Node) -> None:
        """What is expanded or run inside a word."""
        kind = node.type
        if kind in ("simple_expansion", "expansion"):
            self._mark("expansion", node.start_byte, node.end_byte)
        elif kind in ("command_substitution", "process_substitution"):
            self._mark("substitution", node.start_byte, node.end_byte)
            for child in node.children:
                if child.is_named or child.type not in ("$(", ")", "`", "<(", ";", "\n"):
                    self.statement(child)
            return
        elif kind == "heredoc_body" or (node.is_named and kind not in _INSIDE):
            raise _Differs(kind)
        for child in node.children:
            self._inside(child)


_INSIDE = _WORDS | names(
    "string_content variable_name special_variable_name binary_expression unary_expression ternary_expression "
    "parenthesized_expression comment subscript"
)
