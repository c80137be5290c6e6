"""The question as rows: the screens of the design, word for word, at three widths."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from coder.core.requests import Effect
from coder.frontends.dialog_lines import lines, spoken
from tests.support.questions import SHOP, asked, command, edit, parts

NPM = command(
    "npm test -- --watch=false",
    "no rule allows npm test",
    rules=("Bash(npm test *)",),
    says="run the test suite",
)
LOOP = command('for i in $(seq 1 30); do echo "test_$i ok"; done', "$(…) is not covered by a rule")
PUSH = command(
    "git push --force origin main",
    "A forced push replaces history that others may have.",
    effects=(Effect("changes git", "origin/main"),),
    confirm="push",
)
HIDDEN = command("echo hi" + "\t" * 300 + "\u200b\u202e; rm -rf ~", "no rule allows rm -rf ~")
APP = "import os\n\n\ndef greet(name):\n    return 'Hello ' + name\n"
GREET = edit(
    "Edit",
    "app.py",
    old_string="def greet(name):\n    return 'Hello ' + name",
    new_string='def greet(name: str) -> str:\n    """Return a greeting."""\n    return f"Hello, {name}!"',
)


def rows(text: str) -> list[str]:
    return text.strip("\n").split("\n")


@pytest.mark.behaviour("B-661")
@pytest.mark.parametrize("width", [80, 100, 120, 300])
def test_a_command_at_common_widths(width: int) -> None:
    assert lines(asked(NPM), width) == rows("""
? Run this command?
    npm test -- --watch=false
  The model says: run the test suite
  In ~/src/shop
  Asks because no rule allows npm test.

❯ 1 Yes, this once
  2 Yes, and allow  npm test *  in this project from now on
  3 No, and say what to do instead
  4 No, stop here
  enter chooses · tab edits the rule · ctrl+e explains · esc is 4
""")


@pytest.mark.behaviour("B-674")
def test_a_command_at_40_columns_wraps_under_itself_and_is_not_cut() -> None:
    assert lines(asked(LOOP), 40) == rows("""
? Run this command?
    for i in $(seq 1 30); do echo
      "test_$i ok"; done
  Asks because $(…) is not covered by a
  rule.

❯ 1 Yes, this once
  3 No, and say what to do instead
  4 No, stop here
  enter chooses · esc is 4
""")
    assert lines(asked(NPM), 40)[6:8] == ["  2 Yes, and allow  npm test *  in this", "    project from now on"]


@pytest.mark.behaviour("B-663")
def test_the_parts_that_need_an_answer_are_marked() -> None:
    text = "cd build && cmake .. && ls"
    request = command(text, "no rule allows cmake ..", parts=parts(text, "cmake .."))
    assert lines(asked(request), 80)[1] == "    cd build && ▶cmake ..◀ && ls"


@pytest.mark.behaviour("B-666")
def test_what_cannot_be_undone_offers_a_word_and_nothing_else() -> None:
    assert lines(asked(PUSH), 80) == [
        *rows("""
! This cannot be undone
    git push --force origin main
  Changes git origin/main
  A forced push replaces history that others may have.
  Rewind brings back files in this folder at most; coder keeps no other copy.

  Type  push  and press enter to run it, or press esc to say no.
"""),
        "❯ ",
    ]
    untold = command('rm -rf "$X"', "rm -rf $X may delete anything", confirm="rm", effects=(Effect("reads", "$X"),))
    assert lines(asked(untold), 80)[2:5] == [
        "  Reads $X",
        "  rm -rf $X may delete anything.",
        "  coder cannot tell what this will delete.",
    ]


@pytest.mark.behaviour("B-664")
def test_an_edit_is_shown_above_its_question() -> None:
    assert lines(asked(GREET, {"app.py": APP}), 80) == rows('''
Edit app.py · +3 -2
   1  import os
   2
   3
   4 -def greet(name):
   5 -    return 'Hello ' + name
   4 +def greet(name: str) -> str:
   5 +    """Return a greeting."""
   6 +    return f"Hello, {name}!"

? Make this edit to app.py? (+3 -2, shown above)

❯ 1 Yes, this once
  2 Yes, and accept all edits in this folder until I leave
  3 No, and say what to do instead
  4 No, stop here
  enter chooses · ctrl+e opens it in your editor first · esc is 4
''')


@pytest.mark.behaviour("B-664")
def test_of_a_long_edit_the_first_rows_are_shown_and_the_rest_is_counted() -> None:
    before = "".join(f"line {number}\n" for number in range(200))
    after = "".join(f"line {number}{'!' * (number % 20 == 10)}\n" for number in range(200))
    made = lines(asked(edit("Write", "long.txt", content=after), {"long.txt": before}), 80)
    assert made[1:10] == [
        "   8  line 7",
        "   9  line 8",
        "  10  line 9",
        "  11 -line 10",
        "  11 +line 10!",
        "  12  line 11",
        "  13  line 12",
        "  14  line 13",
        "   …",
    ]
    assert made[31:34] == [
        "  … 53 more lines in 7 places · ctrl+o shows all",
        "",
        "? Make this edit to long.txt? (+10 -10, the first 30 lines shown above)",
    ]


@pytest.mark.behaviour("B-664")
def test_a_new_file_of_300_lines_leaves_room_for_its_question() -> None:
    made = lines(asked(edit("Write", "new.py", content="x = 1\n" * 300)), 80)
    assert made[0] == "Write new.py · new, 300 lines"
    assert made[1] == "   1 +x = 1"
    assert made[31] == "  … 270 more lines · ctrl+o shows all"
    assert made[33] == "? Create new.py? (new, 300 lines, the first 30 lines shown above)"
    assert len(made[31:]) <= 24


@pytest.mark.behaviour("B-660")
@pytest.mark.parametrize("width", [40, 80, 120])
def test_p18_a_hidden_tail_is_seen(width: int) -> None:
    text = "".join(row.removesuffix("\\") for row in lines(asked(HIDDEN), width))
    assert "echo hi[300 tabs]" in text
    assert r"\u200b\u202e; rm" in " ".join(text.split())
    assert "-rf ~" in text


@pytest.mark.behaviour("B-660")
def test_ux19_escapes_and_blanks_are_seen_and_no_escape_reaches_the_terminal() -> None:
    made = lines(asked(command("ls \u202e \x1b[2J" + " " * 60 + "; rm x")), 80)
    assert made[1] == r"    ls \u202e \x1b[2J[60 spaces]; rm x"
    assert not any("\x1b" in row or "\u202e" in row for row in made)


@pytest.mark.behaviour("B-661")
@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_end_of_a_long_command_is_shown(width: int) -> None:
    made = lines(asked(command("echo " + "word " * 800 + "; rm -rf ~/last")), width)
    body = made[1 : made.index("")]
    assert any("~/last" in row for row in body[-4:])
    assert all(cell_len(row) <= width for row in made)


@pytest.mark.behaviour("B-661")
def test_lines_of_a_command_are_numbered_so_that_none_looks_like_the_end_of_another() -> None:
    made = lines(asked(command("echo a \\\n  rm -rf ~\n" + "b " * 50)), 80)
    assert made[1:5] == [
        "  1 echo a \\",
        "  2   rm -rf ~",
        "  3 " + ("b " * 38).strip(),
        "      " + ("b " * 12).strip(),
    ]


@pytest.mark.behaviour("B-663")
@pytest.mark.parametrize("padding", range(70))
def test_what_the_model_says_cannot_look_like_what_coder_says(padding: int) -> None:
    says = "x" * padding + "\n  In /tmp · sandbox on · no network\n  Asks because of nothing."
    made = lines(asked(command("make", says=says)), 80)
    assert [row for row in made if row.startswith(("  In ", "  Asks"))] == ["  In ~/src/shop", "  Asks because it."]


@pytest.mark.behaviour("B-674")
def test_the_question_read_aloud() -> None:
    request = command("npm test", "no rule allows npm test", rules=("Bash(npm test *)",))
    assert spoken(asked(request)) == rows("""
question: Run this command? npm test. Asks because no rule allows npm test.
1. Yes, this once
2. Yes, and allow npm test * in this project from now on
3. No, and say what to do instead
4. No, stop here
Type 1 to 4 and press enter:
""")
    assert spoken(asked(LOOP))[-1] == "Type 1, 3 or 4 and press enter:"
    assert spoken(asked(PUSH)) == [
        "warning: This cannot be undone. git push --force origin main. Changes git origin/main. A forced push replaces "
        "history that others may have. Rewind brings back files in this folder at most; coder keeps no other copy.",
        "Type push to run it, or esc to say no, and press enter:",
    ]


@pytest.mark.behaviour("B-674")
def test_several_lines_and_edits_are_read_before_their_question() -> None:
    text = "ls\nrm x"
    made = spoken(asked(command(text)))
    assert made[:3] == [
        "line 1: ls",
        "line 2: rm x",
        "question: Run this command? 2 lines, read above. Asks because it.",
    ]
    made = spoken(asked(GREET, {"app.py": APP}))
    assert made[3:6] == [
        "line 4 removed: def greet(name):",
        "line 5 removed:     return 'Hello ' + name",
        "line 4 added: def greet(name: str) -> str:",
    ]
    assert made[8] == "question: Make this edit to app.py? (+3 -2, shown above)"


@pytest.mark.behaviour("B-663")
@pytest.mark.parametrize("confirm", ["", "rm"])
@pytest.mark.parametrize("width", [40, 80])
def test_a_command_that_would_run_elsewhere_always_says_where(confirm: str, width: int) -> None:
    moved = replace(command("rm -rf build", confirm=confirm), cwd=SHOP / "web")
    assert "  In ~/src/shop/web" in lines(asked(moved), width)
    assert "In ~/src/shop/web." in " ".join(spoken(asked(moved)))
