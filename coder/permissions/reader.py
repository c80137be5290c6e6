"""A strict reader of shell statements: lists, pipelines, groups, conditions, loops. What it does not know it refuses.

Must not know any command. Made to be compared with a second reader (`tree.py`), mark by mark.
"""

from __future__ import annotations

import re

from coder.core.dataclass import dataclass
from coder.permissions.between import Between
from coder.permissions.lexer import ENDS, MAX_LENGTH, Words
from coder.permissions.redirects import Redirects
from coder.permissions.simple import RESERVED, SimpleCommands
from coder.permissions.syntax import (
    Block,
    Case,
    Condition,
    Cursor,
    For,
    Group,
    If,
    Join,
    Mark,
    Negated,
    NotUnderstood,
    Pipeline,
    Redirected,
    RedirectSyntax,
    Statement,
    Step,
    Token,
    While,
)

_DEEPEST = 12
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Script:
    body: Block
    marks: frozenset[Mark]


def read(source: str) -> Script:
    """Reads a whole command line. Raises NotUnderstood at the first thing it does not know."""
    if len(source) > MAX_LENGTH:
        raise NotUnderstood(f"more than {MAX_LENGTH:,} characters")
    for char in source:
        if not char.isprintable() and char not in "\t\n":
            raise NotUnderstood(f"the invisible character U+{ord(char):04X}")
    cursor = Cursor(source)
    body = _Reader(cursor).script()
    return Script(body, frozenset(cursor.marks))


class _Reader:
    def __init__(self, cursor: Cursor, depth: int = 0) -> None:
        self._cursor = cursor
        self._words = Words(cursor, self._substituted)
        self._between = Between(cursor, self._words)
        self._redirects = Redirects(cursor, self._words, self._between)
        self._simple = SimpleCommands(cursor, self._words, self._between, self._redirects)
        self._depth = depth

    def script(self) -> Block:
        body = self._block()
        if self._cursor.char:
            raise NotUnderstood("a bracket or a keyword that opens nothing")
        if self._cursor.waiting:
            raise NotUnderstood("a here-document that never ends")
        return body

    def _substituted(self, closer: str) -> Block:
        """What runs inside `$(…)` or `` `…` ``; the cursor stands behind the opening, and is left behind the end."""
        cursor = self._cursor
        if closer == "`":
            end = cursor.source.find("`", cursor.position)
            body = _Reader(Cursor(cursor.source[:end], cursor.position, cursor.marks), self._depth + 1).script()
            cursor.position = end + 1
            return body
        outer, cursor.waiting = cursor.waiting, []
        body = self._block()
        if cursor.char != ")" or cursor.waiting:
            raise NotUnderstood("a command substitution that never closes")
        cursor.position += 1
        cursor.waiting = outer
        return body

    def _block(self, *ends: str) -> Block:
        """Statements up to one of the keywords `ends`, a closing bracket or the end, which is left unread."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotUnderstood(f"more than {_DEEPEST} levels of nesting")
        steps: list[Step] = []
        join: Join = ";"
        while not self._is_end(ends):
            statement = self._pipeline()
            background, following = self._separator(ends)
            steps.append(Step(join, statement, background))
            join = following or ";"
            if following is None:
                break
        if join != ";":
            raise NotUnderstood("an operator without a command beside it")
        if not steps:
            raise NotUnderstood("no command" if self._depth == 1 else "an empty list of commands")
        self._depth -= 1
        return Block(tuple(steps))

    def _is_end(self, ends: tuple[str, ...]) -> bool:
        self._between.skip(newlines=True)
        char = self._cursor.char
        if not char or char == ")":
            return True
        return self._between.keyword() in ends or ("esac" in ends and self._cursor.ahead(";;"))

    def _separator(self, ends: tuple[str, ...]) -> tuple[bool, Join | None]:
        """What follows a statement: whether it runs in the background, and the join to the next; None at the end."""
        self._between.skip()
        cursor = self._cursor
        if not cursor.char or cursor.char == ")":
            return False, None
        if cursor.ahead(";;") or cursor.ahead(";&"):
            if "esac" not in ends or cursor.ahead(";&") or cursor.ahead(";;&"):
                raise NotUnderstood("a case clause")
            return False, None
        start = cursor.position
        if cursor.char in ";\n":
            cursor.position += cursor.char == ";"
            return False, ";"
        join: Join | None = "&&" if cursor.ahead("&&") else "||" if cursor.ahead("||") else None
        if join:
            cursor.position += 2
            cursor.mark(join, start)
            return False, join
        if cursor.char == "&":
            cursor.position += 1
            cursor.mark("&", start)
            return True, ";"
        if self._between.keyword() in ends:
            return False, None
        raise NotUnderstood(f"an unexpected {cursor.char}")

    def _pipeline(self) -> Statement:
        negated = self._between.keyword() == "!"
        if negated:
            self._between.take("!")
            self._between.skip()
        items = [self._statement()]
        while True:
            self._between.skip()
            cursor = self._cursor
            start = cursor.position
            if cursor.ahead("||") or cursor.char != "|":
                break
            cursor.position += 2 if cursor.ahead("|&") else 1
            cursor.mark(cursor.source[start : cursor.position], start)
            self._between.skip(newlines=True)
            items.append(self._statement())
        statement = items[0] if len(items) == 1 else Pipeline(tuple(items))
        return Negated(statement) if negated else statement

    def _statement(self) -> Statement:
        statement = self._compound()
        if statement is None:
            return self._simple.read()
        redirects: list[RedirectSyntax] = []
        while self._between.skip() or self._redirects.stands_here():
            redirects.append(self._redirects.read())
        return Redirected(statement, tuple(redirects)) if redirects else statement

    def _compound(self) -> Statement | None:
        if self._cursor.char == "(":
            return self._subshell()
        match self._between.keyword():
            case "{":
                self._between.take("{")
                body = self._block("}")
                self._between.take("}")
                return Group(body, subshell=False)
            case "if":
                return self._if()
            case "while" | "until" as word:
                self._between.take(word)
                condition = self._block("do")
                return While(condition, self._loop_body())
            case "for":
                return self._for()
            case "case":
                return self._case()
            case "[[":
                return self._condition()
            case word if word in RESERVED:
                raise NotUnderstood(f"the shell keyword {word}")
            case _:
                return None

    def _subshell(self) -> Statement:
        if self._cursor.ahead("(("):
            raise NotUnderstood("arithmetic ((…))")
        self._between.take("(")
        body = self._block()
        self._between.take(")")
        return Group(body, subshell=True)

    def _if(self) -> Statement:
        branches: list[tuple[Block, Block]] = []
        word = "if"
        while word in ("if", "elif"):
            self._between.take(word)
            condition = self._block("then")
            self._between.take("then")
            branches.append((condition, self._block("elif", "else", "fi")))
            word = self._between.keyword()
        otherwise = Block(())
        if word == "else":
            self._between.take("else")
            otherwise = self._block("fi")
        self._between.take("fi")
        return If(tuple(branches), otherwise)

    def _loop_body(self) -> Block:
        self._between.take("do")
        body = self._block("done")
        self._between.take("done")
        return body

    def _for(self) -> Statement:
        self._between.take("for")
        self._between.skip()
        name = self._name("the loop without a variable")
        self._between.skip()
        if self._between.keyword() != "in":
            raise NotUnderstood("a for loop without a list")
        self._between.take("in")
        words: list[Token] = []
        while self._between.skip() or (self._cursor.char and self._cursor.char not in ENDS):
            words.append(self._words.read())
        if self._cursor.char not in (";", "\n"):
            raise NotUnderstood("a for loop without a list")
        self._cursor.position += self._cursor.char == ";"
        self._between.skip(newlines=True)
        return For(name, tuple(words), self._loop_body())

    def _case(self) -> Statement:
        self._between.take("case")
        self._between.skip()
        word = self._words.read()
        self._between.skip(newlines=True)
        self._between.take("in")
        clauses: list[tuple[tuple[Token, ...], Block]] = []
        self._between.skip(newlines=True)
        while self._between.keyword() != "esac":
            clauses.append(self._clause())
            self._between.skip(newlines=True)
        self._between.take("esac")
        return Case(word, tuple(clauses))

    def _clause(self) -> tuple[tuple[Token, ...], Block]:
        patterns: list[Token] = []
        while True:
            self._between.skip()
            if not self._cursor.char or self._cursor.char in ENDS:
                raise NotUnderstood("a case pattern")
            patterns.append(self._words.read())
            self._between.skip()
            if self._cursor.char != "|":
                break
            self._between.take("|")
        self._between.take(")")
        self._between.skip(newlines=True)
        body = Block(()) if self._cursor.ahead(";;") else self._block("esac")
        if self._cursor.ahead(";;"):
            self._between.take(";;")
        return tuple(patterns), body

    def _condition(self) -> Statement:
        """`[[ … ]]`: words, and the operators between them."""
        begin = self._cursor.position
        self._between.take("[[")
        words: list[Token] = []
        while True:
            self._between.skip()
            cursor = self._cursor
            start = cursor.position
            if self._between.keyword() == "]]":
                self._between.take("]]")
                return Condition(tuple(words), begin, cursor.position)
            operator = next((o for o in ("&&", "||", "<", ">") if cursor.ahead(o)), "")
            if operator:
                cursor.position += len(operator)
                cursor.mark("word", start)
                words.append(Token(operator, (), start, cursor.position))
            elif not cursor.char or cursor.char in ENDS:
                raise NotUnderstood("a condition in [[ ]]")
            else:
                words.append(self._words.read())

    def _name(self, problem: str) -> str:
        token = self._words.read()
        if token.plain is None or not _IDENTIFIER.match(token.raw):
            raise NotUnderstood(problem)
        return token.raw
