"""Shell commands in a body: how they are found, and what a word that was typed can do to them, seen by a real shell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.commands.injection import Shell, Unplaceable, Words, pieces, placed
from coder.commands.substitution import Given

ATTACKS = (
    "; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "' ; touch pwned ; '",
    '" ; touch pwned ; "',
    '"; touch pwned #',
    "'$(touch pwned)'",
    "\n touch pwned \n",
    "& touch pwned &",
    "| touch pwned",
    "> pwned",
    "$(>pwned)",
    "\\'; touch pwned; \\'",
    '\\"; touch pwned; \\"',
    "a[$(touch pwned)]",
    "{touch,pwned}",
    "<(touch pwned)",
    "EOF\ntouch pwned\nEOF",
    "''; touch pwned",
    "x\\",
    "\\",
    "!touch",
    "~root",
    "*",
    "é ü 漢",
    "a'b\"c`d$e\\f",
)
TEMPLATES = (
    "printf '%s\\n' $ARGUMENTS",
    'printf "%s\\n" "$ARGUMENTS"',
    "printf '%s\\n' '$ARGUMENTS'",
    "printf '%s\\n' --x=$0",
    "printf '%s\\n' \"a $0 b\" 'c $0 d' $0",
    "printf '%s\\n' $(printf '%s' $0) && true $1",
    'printf "%s\\n" "$(printf %s $0)"',
    'printf "%s\\n" "$(printf %s "$0")"',
    "cat <<EOF\n$ARGUMENTS\nEOF",
    "true # $ARGUMENTS\nprintf done",
    "printf '%s' $'a $0'",
    "x=${x:-$0}; true",
    "[[ $0 -eq 0 ]]",
    "(( $0 > 0 ))",
    'echo "`echo $0`"',
    "case $0 in (a) true;; *) printf '%s' \"$0\";; esac",
    'f() { printf \'%s\' "$1"; }; f "$0"',
    'true $2# "foo $0',
)


def whole(body: str) -> str:
    return "".join(piece.text if isinstance(piece, Words) else f"<{piece.command}>" for piece in pieces(body))


@pytest.mark.behaviour("B-1153")
@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("!`git status`", "<git status>"),
        ("- Status: !`git status --short`\nx", "- Status: <git status --short>\nx"),
        ("a!`no` (!`no`) `!`no", "a!`no` (!`no`) `!`no"),
        ("!`` !`a\nb`", "!`` !`a\nb`"),
        ("x\n```!\ngit log | head -3\necho `date`\n```\ny", "x\n<git log | head -3\necho `date`>\ny"),
        ("  ```!  \nls\n  ```\n", "  <ls>\n".removeprefix("  ")),
        ("```!\nnever closed\n!`x`", "```!\nnever closed\n!`x`"),
        ("```bash\n!`git diff`\n```", "```bash\n<git diff>\n```"),
        ("!`a` !`b`", "<a> <b>"),
    ],
)  # fmt: skip
def test_commands_are_found_where_they_are_written(body: str, found: str) -> None:
    assert whole(body) == found


def test_many_openings_are_read_in_time() -> None:
    assert not any(isinstance(piece, Shell) for piece in pieces("```!\n" * 50_000))


@given(st.text(alphabet="!`` \n\\ab$0", max_size=60))
def test_any_body_comes_apart_and_none_of_its_text_is_lost(body: str) -> None:
    text = "".join(piece.text if isinstance(piece, Words) else "" for piece in pieces(body))
    assert len(text) <= len(body) and set(text) <= set(body)


def run(template: str, arguments: str, folder: Path) -> str | None:
    """What a shell prints; None when the words were refused a place there."""
    try:
        command, _ = placed(template, Given(arguments))
    except Unplaceable:
        return None
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=20, check=False
    )
    return done.stdout.decode("utf-8", "replace")


@pytest.mark.behaviour("B-1154")
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_typed_word_never_becomes_a_command(template: str, tmp_path: Path) -> None:
    for attack in ATTACKS:
        run(template, attack, tmp_path)
        run(template, f"'{attack}'", tmp_path)
        run(template, f"a {attack} b", tmp_path)
        assert not list(tmp_path.iterdir()), (template, attack)


@pytest.mark.behaviour("B-1154")
def test_a_typed_word_stays_the_word_it_is(tmp_path: Path) -> None:
    for attack in ATTACKS:
        quoted = "'" + attack.replace("'", "'\\''") + "'"
        for template in ("printf %s $0", 'printf %s "$0"', "printf %s '$0'"):
            assert run(template, quoted, tmp_path) == attack, (template, attack)
    assert run("printf '%s|' $ARGUMENTS", "main -- 'a b'", tmp_path) == "main|--|a b|"
    assert run("printf '%s|' a $ARGUMENTS", "", tmp_path) == "a|"
    assert run("printf '%s|' $0", "''", tmp_path) == "|"
    assert run("cat <<EOF\n$0\nEOF", "feature/x-1", tmp_path) == "feature/x-1\n"
    assert run("echo a | awk '{print \\$1}'", "x", tmp_path) == "a\n"


WORDS = st.text(alphabet=st.sampled_from("ab;|&$()`'\"\\\n #<>{}[]=*?~!-"), min_size=1, max_size=14)


@pytest.mark.behaviour("B-1154")
@settings(max_examples=60, deadline=None)
@given(word=WORDS, template=st.sampled_from(TEMPLATES[:7]))
def test_whatever_is_typed_runs_nothing(word: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("x")
    run(template, f"{word} $(touch pwned) `touch pwned`; touch pwned", folder)
    run(template, f"$(touch pwned){word}", folder)
    assert not list(folder.iterdir())
