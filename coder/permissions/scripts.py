"""Commands whose operands are small programs (sed, awk, jq, find, test, printf): the forms that only read."""

from __future__ import annotations

import re
from dataclasses import replace

from coder.permissions.command import Word
from coder.permissions.grammar import Effects, Grammar
from coder.permissions.names import names

_SED = Grammar("nErsuze:", "expression= null-data quiet regexp-extended separate silent unbuffered", content=True)
_SED_SLASHED = r"(?:[^/\\\n\[]|\\[^\n]|\[\^?[^][/\\\n]+\])"
_SED_ADDRESS = rf"(?:\d+(?:~\d+)?|\$|/{_SED_SLASHED}+/I?)"
_SED_LINES = rf"(?:{_SED_ADDRESS}(?:,[+~]?{_SED_ADDRESS})?!?)?"
# Within brackets the delimiter is refused: some seds end the expression there and others do not.
_SED_PATTERN = r"(?:(?!\1)[^\\\n\[]|\\[^\n]|\[\^?(?:(?!\1)[^][\\\n])+\])*"
_SED_REPLACE = rf"s([/|#,:@%]){_SED_PATTERN}\1(?:(?!\1)[^\\\n]|\\[^\n])*\1[gIip0-9]*"
_SED_SCRIPT = re.compile(rf"(?:{_SED_LINES}(?:[pdq=]|{_SED_REPLACE})(?:; *|\Z))+\Z")
_AWK = Grammar("F:v:", content=True, ordered=True)
_AWK_DANGER = re.compile(r"system|getline|[>|@]|\\\s*\n|ARGV|ARGC|ENVIRON|PROCINFO|SYMTAB")
_AWK_NAME = re.compile(r"[A-Za-z_]\w*=[^\\]*\Z")
_JQ = Grammar(
    "acCeMnrRsSj",
    "ascii-output color-output compact-output exit-status indent= join-output monochrome-output null-input raw-input "
    "raw-output slurp sort-keys tab unbuffered",
    content=True,
)
_JQ_DANGER = re.compile(r"\b(env|import|include|input_filename|modulemeta|debug|stderr|halt_error)\b|\$\s*(ENV|__)|#")
_JQ_PATH = re.compile(r"\.(\[\d*\]|\.|\w)*\Z", re.ASCII)
_FIND_PLAIN = names(
    "-a -and -o -or -not ! ( ) , -print -print0 -ls -prune -quit -true -false -depth -d -mount -xdev -follow "
    "-daystart -empty -executable -readable -writable -nouser -nogroup -noleaf -ignore_readdir_race "
    "-noignore_readdir_race"
)
_FIND_VALUED = names(
    "-newermt -name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -lname -ilname -type "
    "-xtype -maxdepth -mindepth -size -mtime -atime -ctime -mmin -amin -cmin -perm -user -group -uid -gid -links "
    "-inum -used -fstype -printf"
)
_FIND_FILES = frozenset({"-newer", "-anewer", "-cnewer", "-samefile"})
_PRINTF_DANGER = re.compile(
    r"-|.*%[^A-Za-z%]*[hjlLtzq]*n", re.DOTALL
)  # -v and %n set a variable, whose subscript may run
_TEST_UNARY = names("-b -c -d -e -f -g -h -k -L -n -p -r -s -S -t -u -w -x -z -G -N -O")
_TEST_NUMBERS = names("-eq -ne -gt -ge -lt -le")
_TEST_BINARY = _TEST_NUMBERS | names("= == != -nt -ot -ef")


def effects(name: str, words: tuple[Word, ...]) -> Effects | None:
    """What the command touches; None when it is not one of the forms that certainly read only."""
    match name:
        case "find":
            return _find(words)
        case "sed":
            return sed_effects(words, _SED)
        case "jq":
            return _program(tuple(_path_filter(word) for word in words), _JQ, _JQ_DANGER)
        case "test":
            return _test(words)
        case "[":
            return _test(words[:-1]) if words and words[-1].raw == "]" else None
        case "[[":
            return _test(words[:-1], double=True)
        case "printf":
            return _printf(words)
        case _:
            return _awk(words)


def sed_effects(words: tuple[Word, ...], grammar: Grammar) -> Effects | None:
    """Sed scripts that print, delete or replace lines; no file name, command or flag that writes or runs."""
    call = grammar.read(words)
    if call is None:
        return None
    scripts = [value for name, value in call.options if name in ("-e", "--expression")]
    files = call.operands
    if not scripts and files:
        scripts, files = [files[0].text], files[1:]
    if not scripts or not all(_SED_SCRIPT.match(script) for script in scripts):
        return None
    return Effects(files, content=True)


def _program(words: tuple[Word, ...], grammar: Grammar, danger: re.Pattern[str]) -> Effects | None:
    call = grammar.read(words)
    if call is None or not call.operands or call.operands[0].dynamic or danger.search(call.operands[0].text):
        return None
    return Effects(call.operands[1:], content=True)


def _path_filter(word: Word) -> Word:
    """`.[0].name` without quotes: a file whose name it matches would only be such a filter again."""
    return replace(word, glob=False) if _JQ_PATH.match(word.raw) else word


def _awk(words: tuple[Word, ...]) -> Effects | None:
    call = _AWK.read(words)
    if call is None or any(not _AWK_NAME.match(value) for name, value in call.options if name == "-v"):
        return None
    return _program(words, _AWK, _AWK_DANGER)


def _find(words: tuple[Word, ...]) -> Effects | None:
    if any(word.glob or word.dynamic for word in words):
        return None
    index = 0
    while index < len(words) and words[index].text in ("-H", "-L", "-P"):
        index += 1
    start = index
    while index < len(words) and not _starts_expression(words[index].text):
        index += 1
    reads = list(words[start:index])
    while index < len(words):
        text = words[index].text
        takes_value = text in _FIND_VALUED or text in _FIND_FILES
        if takes_value and index + 1 < len(words):
            if text in _FIND_FILES:
                reads.append(words[index + 1])
            index += 2
        elif text in _FIND_PLAIN:
            index += 1
        else:
            return None
    follows = any(word.text in ("-L", "-follow") for word in words)
    return Effects(tuple(reads) or (Word(".", "."),), follows=follows)


def _starts_expression(text: str) -> bool:
    return text.startswith("-") or text in ("(", ")", "!", ",")


def _test(words: tuple[Word, ...], *, double: bool = False) -> Effects | None:
    """`test`, `[ … ]` and (`double`) `[[ … ]]`: clauses of one operand, an operator with one, or one between two.

    The operators are spelled out, so that no unknown operand can take the place of one; `-v` and `-R` would evaluate
    theirs, and so would a comparison of numbers in `[[ … ]]`.
    """
    if not double and any(word.glob or not word.single for word in words):
        return None
    joints = ("&&", "||", "(", ")") if double else ("-a", "-o", "(", ")")
    reads: list[Word] = []
    clause: list[Word] = []
    for word in (*words, Word(joints[0], joints[0])):
        if word.dynamic or word.text not in joints or (double and word.raw not in joints):
            clause.append(word)
            continue
        found = _clause(clause, double=double)
        if found is None:
            return None
        reads += found
        clause = []
    return Effects(tuple(reads))


def _clause(words: list[Word], *, double: bool) -> tuple[Word, ...] | None:
    """The files one clause looks at."""
    while words and words[0].text == "!" and not words[0].dynamic and len(words) > 1:
        words = words[1:]
    match [("" if word.dynamic else word.text) for word in words]:
        case [] | [_]:
            return ()
        case [operator, _] if operator in _TEST_BINARY:
            return ()  # an operand is missing: an error
        case [operator, _] if operator in _TEST_UNARY:
            return (words[1],) if operator not in ("-z", "-n", "-t") else ()
        case [first, operator, last] if operator in _TEST_BINARY:
            if double and operator in _TEST_NUMBERS and not (first.isdigit() and last.isdigit()):
                return None
            return (words[0], words[2]) if operator in ("-nt", "-ot", "-ef") else ()
        case [_, operator, _] if double and operator in ("=~", "<", ">"):
            return ()
        case _:
            return None


def _printf(words: tuple[Word, ...]) -> Effects | None:
    """The format must be known: `-v` and `%n` in it set a variable."""
    if not words or words[0].glob or words[0].dynamic or _PRINTF_DANGER.match(words[0].text):
        return None
    return Effects(tuple(word for word in words if word.glob))
