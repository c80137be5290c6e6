from __future__ import annotations

from pathlib import Path

import pytest

from coder.permissions.command import Word
from coder.permissions.salvage import salvage
from coder.permissions.shell import understand
from coder.permissions.world import LocalWorld

HERE = Path("/home/u/work")
WORLD = LocalWorld(HERE, (HERE,), HERE.parent, HERE.parent / ".coder", environment={"y": "set"})


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


@pytest.mark.behaviour("B-384")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("echo $(date) `id`", [["date"], ["id"], ["echo", "$(date)", "`id`"]]),
        ('a "$(b "$(c)" x)"', [["c"], ["b", "$(c)", "x"], ["a", '$(b "$(c)" x)']]),
        ("ls & cat", [["ls"], ["cat"]]),
        ("(ls; cat) && { id; }", [["ls"], ["cat"], ["id"]]),
        ("! ls", [["ls"]]),
        ("if a; then b; elif c; then d; else e; fi", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("while read -r x; do echo $x; done < f", [[":"], ["read", "-r", "x"], ["echo", "$x"]]),
        ("until a; do b; done", [["a"], ["b"]]),
        ("for f in a b; do cat $f; done", [["cat", "a"], ["cat", "b"]]),
        ('for f in *.py; do cat "$f"; done', [[":", "*.py"], ["cat", "*.py"]]),
        ("for f in $(x); do cat $f; done", [["x"], ["cat", "$f"]]),
        ("case $x in a|b*) ls;; *) cat;; esac", [["ls"], ["cat"]]),
        ("[[ -f x && $y == z* ]]", [["[[", "-f", "x", "&&", "set", "==", "z*", "]]"]]),
        ("cat <<EOF\n$y\nEOF", [["cat"]]),
        ("cat <<'E' | wc\n$(rm)\n`x`\nE\nls", [["cat"], ["wc"], ["ls"]]),
        ("cat <<<$y", [["cat"]]),
        ("diff <(a) --x=<(b)", [["a"], ["b"], ["diff", "/dev/fd/63", "--x=/dev/fd/63"]]),
        ("gh x \"$(cat <<'E'\nit's $(rm)\nE\n)\"", [["cat"], ["gh", "x", "$(cat <<'E'\nit's $(rm)\nE\n)"]]),
        ("sort -t$'\\t'", [["sort", "-t\t"]]),
        ("echo $y ${y} ${none:-d} ${y:+e} $none", [["echo", "set", "set", "d", "e"]]),
        ("cat ~/x $HOME/y $PWD", [["cat", "~/x", "/home/u/y", "/home/u/work"]]),
        ("x=a; echo $x; x=b; echo $x", [["echo", "a"], ["echo", "b"]]),
        ("x=a || x=b; echo $x", [["echo", "$x"]]),
        ("if a; then x=b; fi; echo $x", [["a"], ["echo", "$x"]]),
        ("x='a b'; echo $x \"$x\"", [["echo", "$x", "a b"]]),
        ("echo $((1 + 2)) $? $#", [["echo", "$((1 + 2))", "$?", "$#"]]),
        ("x=$(< f)", [["cat"]]),
        ("x=1", []),
    ],
)
def test_everything_bash_would_run_is_found_with_its_words(source: str, expected: list[list[str]]) -> None:
    assert words(source) == expected


@pytest.mark.parametrize(
    ("source", "folders"),
    [
        ("cd a && ls", [{"."}, {"a"}]),
        ("cd a; ls", [{"."}, {".", "a"}]),
        ("cd a || ls", [{"."}, {"."}]),
        ("(cd a && ls); cat", [{"."}, {"a"}, {"."}]),
        ("cd a | ls", [{"."}, {"."}]),
        ("cd a & ls", [{"."}, {"."}]),
        ("{ cd a && ls; } && cat", [{"."}, {"a"}, {"a"}]),
        ("if x; then cd a; fi; ls", [{"."}, {"."}, {".", "a"}]),
        ("for d in a b; do (cd $d && ls -$d); done", [{"."}, {"a"}, {"."}, {"b"}]),
        ("echo $(cd a && pwd); ls", [{"."}, {"a"}, {"."}, {"."}]),
        ("cd a && cd .. && ls", [{"."}, {"a"}, {"."}]),
    ],
)
def test_cd_is_followed_the_way_bash_goes(source: str, folders: list[set[str]]) -> None:
    shell = understand(source, WORLD)
    assert shell.problem == ""
    assert [set(map(str, c.folders)) for c in shell.commands] == [{str(HERE / f) for f in names} for names in folders]


@pytest.mark.behaviour("B-362")
@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("echo `a \\`b`", "not plain"),
        ("echo $((x+1))", "arithmetic"),
        ("((x))", "arithmetic"),
        ("echo $[1]", "the expansion $["),
        ("echo ${x@P}", "the expansion ${x"),
        ("echo ${!x}", "the expansion ${!x"),
        ("echo ${x:=y}", "the expansion ${x"),
        ("echo ${a[1]}", "the expansion ${a"),
        ("echo $'\\x41'", "the quoting $'"),
        ('echo $"a"', "the quoting $"),
        ("f() { ls; }", "a function"),
        ("f () { ls; }", "a function"),
        ("ls a(b)", "a bracket joined to a word"),
        ("ls (b)", "a bracket where a word should be"),
        ("function f { ls; }", "keyword function"),
        ("coproc ls", "keyword coproc"),
        ("select x in a; do ls; done", "keyword select"),
        ("for ((;;)); do ls; done", "a bracket joined"),
        ("for x; do ls; done", "loop without a list"),
        ("ls {a,b}", "braces"),
        ("ls {1..3}", "braces"),
        ("cat <<EOF\n$(x)\nEOF", "here-document"),
        ("cat <<EOF\n`x`\nEOF", "here-document"),
        ("cat <<EOF\nx", "here-document"),
        ("cat <<$x\nEOF", "here-document"),
        ("tee >(ls)", "the redirect >("),
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
        ("PATH=.; ls", "PATH, which is set"),
        ("GIT_DIR=x; git log", "GIT_DIR, which is set"),
        ("IFS=; ls", "IFS, which is set"),
        ("y=1; ls", "y, which is set"),
        ("read PATH < f; ls", "PATH, which is set"),
        ("A+=1 ls", "the assignment A+=1"),
        ("a[0]=1 ls", "the assignment a[0]=1"),
        ("a=(1 2)", "a bracket joined to a word"),
        ("cat ~bob/x", "somebody else's folder"),
        ("make X=~/y", "a tilde inside an assignment"),
        ("*.sh", "wildcard in a command name"),
        ("$y", "known only when it runs"),
        ("$none ls", "known only when it runs"),
        ("$(x) y", "known only when it runs"),
        ("cd $(x) && ls", "known only when it runs"),
        ("cd - && ls", "known only when it runs"),
        ("pushd a && ls", "known only when it runs"),
        ("while a; do cd b; done; ls", "a loop that changes the folder"),
        ("r\\\nm x", "continued inside a word"),
        ('echo "a\\\nb"', "continued inside a word"),
        ("ls \\", "backslash at the end"),
        ("echo 'a", "never closes"),
        ('echo "a', "never closes"),
        ("echo $(ls", "never closes"),
        ("ls\rcat", "U+000D"),
        ("ls\x0bcat", "U+000B"),
        ("ls\u200b", "U+200B"),
        ("ls \u202e", "U+202E"),
        ("ls\u00a0x", "U+00A0"),
        ("ls\x00", "U+0000"),
        ("ls \ud800", "U+D800"),
        ("", "no command"),
        ("   \n# x", "no command"),
        ("if; then ls; fi", "operator without a command"),
        ("ls; fi", "keyword fi"),
        ("ls )", "opens nothing"),
        ("&& ls", "operator without a command"),
        ("ls &&", "operator without a command"),
        ("ls | | cat", "operator without a command"),
        ("ls ;; cat", "case clause"),
        ("x" * 10_001, "10,000 characters"),
        ("( " * 13 + "ls" + ")" * 13, "levels of nesting"),
        ("; ".join(f"ls {n}" for n in range(51)), "more than 50 commands"),
    ],
)
def test_anything_else_is_refused_and_the_part_is_named(source: str, part: str) -> None:
    assert part in understand(source, WORLD).problem


def test_the_two_readers_must_agree() -> None:
    # The grammar reads `"a$ b"` as an expansion; bash and the strict reader do not. Disagreement is enough to ask.
    assert "can be read in two ways" in understand('grep "a$ b" f', WORLD).problem


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("echo $(rm x)", ["rm x", "echo $()"]),
        ('a "$(b `c`)" d', ["c", "b $()", "a $() d"]),
        ("if a; then b; fi", ["a", "b", "fi"]),
        ("rm -rf { .git", ["rm -rf { .git", ".git"]),
        ("rm {a,b}/c", ["rm a/c b/c {a,b}/c"]),
        ("A=1 b &", ["b"]),
        ("'a b' \"c'd\" e\\ f", ["a b c'd e f"]),
        ("x ${a:-$(b)}", ["b", "x ${a:-$()}"]),
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
