from __future__ import annotations

from pathlib import Path

import pytest

from coder.permissions.command import Word
from coder.permissions.shell import salvage, understand
from coder.permissions.world import LocalWorld

HERE = Path("/home/u/work")
WORLD = LocalWorld(HERE, (HERE,), HERE.parent, HERE.parent / ".coder")


def words(source: str) -> list[list[str]]:
    shell = understand(source, WORLD)
    assert shell.problem == ""
    return [[word.text for word in command.words] for command in shell.commands]


@pytest.mark.behaviour("B-361")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ls", [["ls"]]),
        ("  ls \t -la  ", [["ls", "-la"]]),
        (
            "ls; cat a | wc && echo || true |& cat\nls",
            [["ls"], ["cat", "a"], ["wc"], ["echo"], ["true"], ["cat"], ["ls"]],
        ),
        ("ls ;", [["ls"]]),
        ("ls &&\n\n  cat a", [["ls"], ["cat", "a"]]),
        ("ls \\\n  -la \\\n-x", [["ls", "-la", "-x"]]),
        ("# note\nls # more\n# end", [["ls"]]),
        ("echo a#b '#c' \\#d", [["echo", "a#b", "#c", "#d"]]),
        ("echo 'a b'\"c d\"e\\ f", [["echo", "a bc de f"]]),
        ('echo \'$x `y` \\z\' "a\\"b\\\\c\\$d\\e"', [["echo", "$x `y` \\z", 'a"b\\c$d\\e']]),
        ("echo '' \"\"", [["echo", "", ""]]),
        ('grep "foo$" a$ b', [["grep", "foo$", "a$", "b"]]),
        ("git show HEAD~3 stash@{0} a^ 100%", [["git", "show", "HEAD~3", "stash@{0}", "a^", "100%"]]),
        ("cat ~/x ~", [["cat", "~/x", "~"]]),
        ("echo é 日本 😀", [["echo", "é", "日本", "😀"]]),
        ("test a == b -o c != d", [["test", "a", "==", "b", "-o", "c", "!=", "d"]]),
        ("[ ! -f 'a b' ]", [["[", "!", "-f", "a b", "]"]]),
        ("find . \\( -name '*.py' \\)", [["find", ".", "(", "-name", "*.py", ")"]]),
        ("ls > out 2>&1", [["ls"]]),
        ("make X=1 --y=2 a:b", [["make", "X=1", "--y=2", "a:b"]]),
        ("time ls", [["time", "ls"]]),
    ],
)
def test_plain_commands_are_read_as_bash_reads_them(source: str, expected: list[list[str]]) -> None:
    assert words(source) == expected


def test_variables_redirects_and_wildcards_are_told_apart() -> None:
    (command,) = understand("A=1 B='x y' cat *.py '*.py' ~/z < in >> out 2>/dev/null 2>&1", WORLD).commands
    assert [word.text for word in command.assignments] == ["A=1", "B=x y"]
    assert [(word.glob, word.tilde) for word in command.words] == [
        (False, False),
        (True, False),
        (False, False),
        (False, True),
    ]
    redirects = [(r.number, r.operator, r.target.text, r.copies) for r in command.redirects]
    assert redirects == [
        ("", "<", "in", False),
        ("", ">>", "out", False),
        ("2", ">", "/dev/null", False),
        ("2", ">&", "1", True),
    ]


@pytest.mark.behaviour("B-362")
@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("echo $(date)", "command substitution"),
        ("echo `date`", "command substitution"),
        ('echo "$(date)"', "command substitution"),
        ("echo $HOME", "the expansion $HOME"),
        ('echo "${x:-y}"', "the expansion ${x"),
        ("echo $((1+1))", "arithmetic"),
        ("echo $'a\\n'", "the quoting $'"),
        ("ls &", "in the background"),
        ("ls & cat", "in the background"),
        ("(ls)", "subshell"),
        ("f() { ls; }", "subshell, a function"),
        ("{ ls; }", "braces"),
        ("for f in a; do ls; done", "keyword for"),
        ("if true; then ls; fi", "keyword if"),
        ("! ls", "keyword !"),
        ("[[ -f x ]]", "keyword [["),
        ("coproc ls", "keyword coproc"),
        ("case x in x) ls;; esac", "keyword case"),
        ("ls {a,b}", "braces"),
        ("ls {1..3}", "braces"),
        ("cat <<EOF\nx\nEOF", "here-document"),
        ("cat <<<x", "here-document"),
        ("cat <(ls)", "the redirect <("),
        ("ls >| f", "the redirect >|"),
        ("ls <> f", "the redirect <>"),
        ("ls >& f", "the redirect >&"),
        ("ls 3> f", "stream 3"),
        ("ls 2>&-", "the redirect 2>&"),
        ("ls > ~/x", "redirect target ~/x"),
        ("ls > *.x", "redirect target *.x"),
        ("ls > /dev/tcp/h/1", "network redirect"),
        ("> f", "redirect without a command"),
        ("ls >", "redirect without a file"),
        ("A=1", "a variable that is set"),
        ("A=1; ls", "a variable that is set"),
        ("A+=1 ls", "the assignment A+=1"),
        ("a[0]=1 ls", "the assignment a[0]=1"),
        ("cat ~bob/x", "somebody else's folder"),
        ("make X=~/y", "a tilde inside an assignment"),
        ("*.sh", "wildcard in a command name"),
        ("r\\\nm x", "continued inside a word"),
        ('echo "a\\\nb"', "continued inside a word"),
        ("ls \\", "backslash at the end"),
        ("echo 'a", "never closes"),
        ('echo "a', "never closes"),
        ("ls\rcat", "U+000D"),
        ("ls\x0bcat", "U+000B"),
        ("ls\u200b", "U+200B"),
        ("ls \u202e", "U+202E"),
        ("ls\u00a0x", "U+00A0"),
        ("ls\x00", "U+0000"),
        ("ls \ud800", "U+D800"),
        ("", "no command"),
        ("   \n# x", "no command"),
        ("&& ls", "operator without a command"),
        ("ls &&", "operator without a command"),
        ("ls | | cat", "operator without a command"),
        ("ls ;; cat", "case clause"),
        ("x" * 10_001, "10,000 characters"),
        ("; ".join(["ls"] * 51), "more than 50 commands"),
    ],
)
def test_anything_else_is_refused_and_the_part_is_named(source: str, part: str) -> None:
    assert part in understand(source, WORLD).problem


def test_the_two_readers_must_agree() -> None:
    # The grammar reads `"a$ b"` as an expansion; bash and the strict reader do not. Disagreement is enough to ask.
    assert "two readers" in understand('grep "a$ b" f', WORLD).problem


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("echo $(rm x)", ["rm x", "echo $()"]),
        ('a "$(b `c`)" d', ["c", "b $()", "a $() d"]),
        ("if a; then b; fi", ["a", "b", "fi"]),
        ("A=1 b &", ["b"]),
        ("'a b' \"c'd\" e\\ f", ["a b c'd e f"]),
        ("x ${a:-$(b)}", ["b", "x ${a:-$()"]),
        ("a # b\nc", ["a", "c"]),
        ("", []),
        ("$(((((", []),
    ],
)
def test_salvage_finds_the_commands_of_what_is_not_understood(source: str, expected: list[str]) -> None:
    found = [" ".join(word.text for word in command.words) for command in salvage(source)]
    assert [text for text in found if text.strip("$()")] == expected


def test_salvaged_redirects_keep_their_targets() -> None:
    (command,) = salvage("echo $x > a.txt")
    assert command.redirects[0].target == Word("a.txt", "a.txt")
