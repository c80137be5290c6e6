"""A strict reader of shell statements: lists, pipelines, groups, conditions, loops. What it does not know it refuses.

Must not know any command. Made to be compared with a second reader (`tree.py`), mark by mark.
"""

from __future__ import annotations

import re

from coder.core.dataclass import dataclass
from coder.permissions.lexer import ENDS, MAX_LENGTH, Words
from coder.permissions.names import names
from coder.permissions.syntax import (
    Block,
    Case,
    Condition,
    Cursor,
    For,
    Group,
    HereDocument,
    If,
    Join,
    Mark,
    Negated,
    NotUnderstood,
    Pipeline,
    Redirected,
    RedirectSyntax,
    Simple,
    Statement,
    Step,
    Token,
    While,
)

_BLANKS = " \t"
_DEEPEST = 12
_RESERVED = names("! { } [[ ]] case coproc do done elif else esac fi for function if in select then until while")
_KEYWORD = re.compile(r"(?:[a-z]+|[!{}]|\[\[|\]\])(?=[\s;&|<>()]|\Z)")
_NUMBERED = re.compile(r"\d+(?=[<>])")
_DUPLICATE = re.compile(r">&[12](?=[ \t\n;&|)`]|\Z)")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_ODD_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[|\+=)")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DELIMITER = re.compile(r"""'([A-Za-z0-9_.-]+)'|"([A-Za-z0-9_.-]+)"|([A-Za-z0-9_.-]+)""")


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
        self._skip(newlines=True)
        char = self._cursor.char
        if not char or char == ")":
            return True
        return self._keyword() in ends or ("esac" in ends and self._cursor.ahead(";;"))

    def _separator(self, ends: tuple[str, ...]) -> tuple[bool, Join | None]:
        """What follows a statement: whether it runs in the background, and the join to the next; None at the end."""
        self._skip()
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
        if self._keyword() in ends:
            return False, None
        raise NotUnderstood(f"an unexpected {cursor.char}")

    def _pipeline(self) -> Statement:
        negated = self._keyword() == "!"
        if negated:
            self._take("!")
            self._skip()
        items = [self._statement()]
        while True:
            self._skip()
            cursor = self._cursor
            start = cursor.position
            if cursor.ahead("||") or cursor.char != "|":
                break
            cursor.position += 2 if cursor.ahead("|&") else 1
            cursor.mark(cursor.source[start : cursor.position], start)
            self._skip(newlines=True)
            items.append(self._statement())
        statement = items[0] if len(items) == 1 else Pipeline(tuple(items))
        return Negated(statement) if negated else statement

    def _statement(self) -> Statement:
        statement = self._compound()
        if statement is None:
            return self._simple()
        redirects: list[RedirectSyntax] = []
        while self._skip() or self._at_redirect():
            redirects.append(self._redirect())
        return Redirected(statement, tuple(redirects)) if redirects else statement

    def _compound(self) -> Statement | None:
        if self._cursor.char == "(":
            return self._subshell()
        match self._keyword():
            case "{":
                self._take("{")
                body = self._block("}")
                self._take("}")
                return Group(body, subshell=False)
            case "if":
                return self._if()
            case "while" | "until" as word:
                self._take(word)
                condition = self._block("do")
                return While(condition, self._loop_body())
            case "for":
                return self._for()
            case "case":
                return self._case()
            case "[[":
                return self._condition()
            case word if word in _RESERVED:
                raise NotUnderstood(f"the shell keyword {word}")
            case _:
                return None

    def _subshell(self) -> Statement:
        if self._cursor.ahead("(("):
            raise NotUnderstood("arithmetic ((…))")
        self._take("(")
        body = self._block()
        self._take(")")
        return Group(body, subshell=True)

    def _if(self) -> Statement:
        branches: list[tuple[Block, Block]] = []
        word = "if"
        while word in ("if", "elif"):
            self._take(word)
            condition = self._block("then")
            self._take("then")
            branches.append((condition, self._block("elif", "else", "fi")))
            word = self._keyword()
        otherwise = Block(())
        if word == "else":
            self._take("else")
            otherwise = self._block("fi")
        self._take("fi")
        return If(tuple(branches), otherwise)

    def _loop_body(self) -> Block:
        self._take("do")
        body = self._block("done")
        self._take("done")
        return body

    def _for(self) -> Statement:
        self._take("for")
        self._skip()
        name = self._name("the loop without a variable")
        self._skip()
        if self._keyword() != "in":
            raise NotUnderstood("a for loop without a list")
        self._take("in")
        words: list[Token] = []
        while self._skip() or (self._cursor.char and self._cursor.char not in ENDS):
            words.append(self._words.read())
        if self._cursor.char not in (";", "\n"):
            raise NotUnderstood("a for loop without a list")
        self._cursor.position += self._cursor.char == ";"
        self._skip(newlines=True)
        return For(name, tuple(words), self._loop_body())

    def _case(self) -> Statement:
        self._take("case")
        self._skip()
        word = self._words.read()
        self._skip(newlines=True)
        self._take("in")
        clauses: list[tuple[tuple[Token, ...], Block]] = []
        self._skip(newlines=True)
        while self._keyword() != "esac":
            clauses.append(self._clause())
            self._skip(newlines=True)
        self._take("esac")
        return Case(word, tuple(clauses))

    def _clause(self) -> tuple[tuple[Token, ...], Block]:
        patterns: list[Token] = []
        while True:
            self._skip()
            if not self._cursor.char or self._cursor.char in ENDS:
                raise NotUnderstood("a case pattern")
            patterns.append(self._words.read())
            self._skip()
            if self._cursor.char != "|":
                break
            self._take("|")
        self._take(")")
        self._skip(newlines=True)
        body = Block(()) if self._cursor.ahead(";;") else self._block("esac")
        if self._cursor.ahead(";;"):
            self._take(";;")
        return tuple(patterns), body

    def _condition(self) -> Statement:
        """`[[ … ]]`: words, and the operators between them."""
        begin = self._cursor.position
        self._take("[[")
        words: list[Token] = []
        while True:
            self._skip()
            cursor = self._cursor
            start = cursor.position
            if self._keyword() == "]]":
                self._take("]]")
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

    def _simple(self) -> Simple:
        start = self._cursor.position
        assignments: list[tuple[str, Token]] = []
        words: list[Token] = []
        redirects: list[RedirectSyntax] = []
        end = start
        while True:
            self._skip()
            if self._at_redirect():
                redirects.append(self._redirect())
            elif self._cursor.ahead("<(") and words:
                words.append(self._words.read())
            elif not self._cursor.char or self._cursor.char in ENDS:
                break
            else:
                self._word(assignments, words)
            end = self._cursor.position
        if self._cursor.char and self._cursor.char in "<>(":
            self._refuse_bracket()
        if not words and not assignments and [r.operator for r in redirects] == ["<"]:
            return Simple((), (), tuple(redirects), start, end)
        if not words and not assignments:
            raise NotUnderstood(
                "a redirect without a command" if redirects else "an operator without a command beside it"
            )
        if not words and redirects:
            raise NotUnderstood("a redirect without a command")
        first = min(token.start for token in (*words, *(token for _, token in assignments)))
        self._cursor.marks.add(("command", first, first))
        return Simple(tuple(assignments), tuple(words), tuple(redirects), start, end)

    def _refuse_bracket(self) -> None:
        text = self._cursor.source[self._cursor.position :][:2]
        if text[:1] == "(":
            raise NotUnderstood("a function" if text == "()" else "a bracket where a word should be")
        raise NotUnderstood(f"the redirect {text}")

    def _word(self, assignments: list[tuple[str, Token]], words: list[Token]) -> None:
        token = self._words.read()
        if words:
            words.append(token)
        elif _ODD_ASSIGNMENT.match(token.raw):
            raise NotUnderstood(f"the assignment {token.raw}")
        elif found := _ASSIGNMENT.match(token.raw):
            assignments.append((found[1], token))
        elif token.raw in _RESERVED:
            raise NotUnderstood(f"the shell keyword {token.raw}")
        else:
            words.append(token)

    def _at_redirect(self) -> bool:
        cursor = self._cursor
        if cursor.ahead("<(") or cursor.ahead(">("):
            return False
        return cursor.char in ("<", ">") or cursor.ahead("&>") or bool(_NUMBERED.match(cursor.source, cursor.position))

    def _redirect(self) -> RedirectSyntax:
        cursor = self._cursor
        start = cursor.position
        found = _NUMBERED.match(cursor.source, start)
        number = found[0] if found else ""
        cursor.position += len(number)
        if found := _DUPLICATE.match(cursor.source, cursor.position):
            if number not in ("", "1", "2"):
                raise NotUnderstood(f"a redirect of stream {number}")
            cursor.position = found.end()
            cursor.mark("redirect", start)
            place = cursor.position - 1
            return RedirectSyntax(number, ">&", Token(found[0][-1], (), place, cursor.position))
        if cursor.ahead("<<") and not cursor.ahead("<<<"):
            return self._here(number)
        rest = cursor.source[cursor.position : cursor.position + 4]
        operator = next((o for o in ("&>>", "&>", "<<<", ">>", ">", "<") if rest.startswith(o)), "")
        following = rest[len(operator) : len(operator) + 1]
        if not operator or (following and following in "<>&|("):
            raise NotUnderstood(f"the redirect {number}{rest[:2]}")
        if number not in (("", "0") if operator in ("<", "<<<") else ("", "1", "2")):
            raise NotUnderstood(f"a redirect of stream {number}")
        cursor.position += len(operator)
        cursor.mark("redirect", start)
        self._skip_blanks()
        if operator == "<" and cursor.ahead("<("):
            return RedirectSyntax(number, operator, self._words.read())
        if not cursor.char or cursor.char in "\n;&|<>()#\\":
            raise NotUnderstood("a redirect without a file")
        return RedirectSyntax(number, operator, self._words.read())

    def _here(self, number: str) -> RedirectSyntax:
        cursor = self._cursor
        start = cursor.position - len(number)
        if number not in ("", "0"):
            raise NotUnderstood(f"a redirect of stream {number}")
        cursor.position += 2
        tabs = cursor.char == "-"
        cursor.position += tabs
        cursor.mark("redirect", start)
        self._skip_blanks()
        found = _DELIMITER.match(cursor.source, cursor.position)
        if not found or cursor.source[found.end() : found.end() + 1] not in ("", *ENDS):
            raise NotUnderstood("a here-document whose end is not a plain word")
        cursor.position = found.end()
        document = HereDocument(found[1] or found[2] or found[3], quoted=not found[3], tabs=tabs)
        cursor.waiting.append(document)
        return RedirectSyntax(number, "<<", None, document)

    def _name(self, problem: str) -> str:
        token = self._words.read()
        if token.plain is None or not _IDENTIFIER.match(token.raw):
            raise NotUnderstood(problem)
        return token.raw

    def _keyword(self) -> str:
        """The keyword that stands here, or another plain word of letters; "" when there is none."""
        found = _KEYWORD.match(self._cursor.source, self._cursor.position)
        return found[0] if found else ""

    def _take(self, text: str) -> None:
        cursor = self._cursor
        if not cursor.ahead(text):
            raise NotUnderstood(f"a statement without its {text}")
        start = cursor.position
        cursor.position += len(text)
        cursor.mark(text, start)

    def _skip_blanks(self) -> None:
        while self._cursor.char and self._cursor.char in _BLANKS:
            self._cursor.position += 1

    def _skip(self, *, newlines: bool = False) -> bool:
        """Passes blanks, continued lines, comments and, where asked, ends of lines with the here-documents they
        begin. Always False, so that it can stand in a condition."""
        cursor = self._cursor
        while char := cursor.char:
            if char in _BLANKS:
                cursor.position += 1
            elif cursor.ahead("\\\n"):
                cursor.position += 2
            elif char == "#":
                end = cursor.source.find("\n", cursor.position)
                cursor.position = len(cursor.source) if end < 0 else end
            elif char == "\n" and newlines:
                self._end_line()
            else:
                break
        return False

    def _end_line(self) -> None:
        cursor = self._cursor
        cursor.position += 1
        waiting, cursor.waiting = cursor.waiting, []
        for number, document in enumerate(waiting):
            self._words.here_body(document)
            if number + 1 < len(waiting):
                if cursor.char != "\n":
                    raise NotUnderstood("a here-document that never ends")
                cursor.position += 1
