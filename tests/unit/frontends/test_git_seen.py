"""Calls of the Git tool, as people see and hear them: the question, the rows, the transcript."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest

from coder.core.events import PermissionDenied, ToolFinished, ToolStarted
from coder.core.messages import Json, Text, ToolResult, ToolUse
from coder.core.requests import Allow, Effect, PermissionRequest, Reason
from coder.frontends import git_calls
from coder.frontends.desk import Shown
from coder.frontends.dialog import answer
from coder.frontends.dialog_fitting import fitted
from coder.frontends.dialog_lines import question_lines, spoken
from coder.frontends.render.calls import call_rows, can_merge, merged_rows
from coder.frontends.render.ending import exit_rows
from coder.frontends.render.theme import Theme
from coder.frontends.render.whole import whole
from coder.frontends.spoken.calls import Calls
from coder.frontends.styled import plain, width_of
from coder.frontends.text import TextOut
from coder.tools.git.changer import command
from coder.tools.git.verbs import reading
from tests.support.questions import HOME, SHOP, asked

CUT = "One was off by a cent; it's gone.\n\n\u202eabc\x1b[31m"


def request(*words: str, told: tuple[Effect, ...], why: str = "no rule allows git commit") -> PermissionRequest:
    return PermissionRequest(
        *(ToolUse("t1", "Git", {"action": words[0]}), f"Git {words[0]}", (Reason("default", why),)),
        suggestions=(f"Bash(git {words[0]} *)",),
        effects=told,
        cwd=SHOP,
        command=command(*words).command,
        is_foretold=True,
    )


def said(*clauses: str) -> tuple[Effect, ...]:
    return tuple(Effect("changes git", clause) for clause in clauses)


def done(given: Json, summary: str, text: str = "", *, failed: bool = False) -> ToolFinished:
    call = ToolUse("t1", "Git", given)
    return ToolFinished(
        call=call, result=ToolResult("t1", (Text(text),), is_error=failed), seconds=0.2, summary=summary, data={}
    )


@pytest.mark.behaviour("B-1540")
def test_the_question_is_that_of_the_command_with_what_it_does_in_sentences() -> None:
    told = (*said("commits 2 files on main: a.py, b.py"), Effect("runs", "the hook pre-commit"))
    dialog = asked(request("commit", "-m", "feat: add up", told=told))
    assert question_lines(dialog, 80) == [
        "? Run this command?",
        "    git commit -m 'feat: add up'",
        "  In ~/src/shop",
        "  Commits 2 files on main: a.py, b.py.",
        "  Runs the hook pre-commit.",
        "  Asks because no rule allows git commit.",
        "",
        "❯ 1 Yes, this once",
        "  2 Yes, and allow  git commit *  in this project from now on",
        "  3 No, and say what to do instead",
        "  4 No, stop here",
        "  enter chooses · tab edits the rule · ctrl+e explains · esc is 4",
    ]
    assert answer(dialog, "2") == Allow(remember=("Bash(git commit *)",))
    assert spoken(dialog)[0] == (
        "question: Run this command? git commit -m 'feat: add up'. Commits 2 files on main: a.py, b.py. "
        "Runs the hook pre-commit. Asks because no rule allows git commit."
    )


@pytest.mark.behaviour("B-1541")
@pytest.mark.parametrize("width", [40, 80, 120])
def test_long_messages_many_paths_and_odd_characters_are_shown_whole(width: int) -> None:
    paths = [f"src/module_{number}/it's {number}.py" for number in range(200)]
    dialog = asked(
        request("commit", "-m", f"fix: add\n\n{CUT}", "--only", "--", *paths, told=said("commits 200 files: a, b"))
    )
    above, below = fitted(dialog, width, 9)
    rows = [*above, *question_lines(below, width)]
    text = "\n".join(rows)
    assert max(map(len, rows)) <= width
    assert "\u202e" not in text and "\x1b" not in text
    joined = re.sub(r"\\?\n *", "", text).replace(" ", "")
    assert r"\u202eabc\x1b[31m" in joined
    assert all(f"module_{number}/it's{number}.py" in joined for number in range(200))
    assert "Commits 200 files …" in text and "'\"'\"'" not in text


def test_quotes_that_mean_something_to_a_shell_are_quoted_for_it() -> None:
    assert command("commit", "-m", "it's $HOME").command == "git commit -m 'it'\"'\"'s $HOME'"
    assert command("add", "--", "it's").command == 'git add -- "it\'s"'


LOOKED = (
    ({"action": "status"}, "status"),
    ({"action": "diff", "staged": True, "paths": [f"{SHOP}/src/a.py"]}, "diff staged src/a.py"),
    ({"action": "diff", "base": "main"}, "diff since main"),
    ({"action": "log", "rev": "main..", "grep": "cart", "limit": 3}, 'log main.. "cart"'),
    ({"action": "show", "rev": "HEAD~1"}, "show HEAD~1"),
    ({"action": "blame", "paths": ["a.py"], "lines": "4-6"}, "blame a.py 4-6"),
    ({"action": "commit", "message": "feat: x\n\nbody", "paths": ["a.py"]}, 'commit "feat: x"'),
    ({"action": "commit", "amend": True}, "commit --amend"),
    ({"action": "switch", "rev": "topic", "create": True, "base": "main"}, "switch to the new branch topic from main"),
    ({"action": "unstash", "rev": "\x1b[31m\u202e"}, r"unstash \x1b[31m\u202e"),
    ({"action": 3, "paths": "no"}, ""),
)


@pytest.mark.behaviour("B-1543")
@pytest.mark.parametrize(("given", "words"), LOOKED, ids=lambda value: str(value)[:40])
def test_a_row_and_a_spoken_line_name_the_action_and_what_it_is_about(given: Json, words: str) -> None:
    finished = done(given, "main: clean")
    (row,) = map(plain, call_rows(finished, width=80, folder=SHOP, home=HOME))
    name = f"Git {words}".rstrip()
    assert row == f"✓ {name} · main: clean"
    (line,) = Calls(SHOP, HOME).finished(Shown(1, finished))
    assert line == f"tool: {name}, done, main: clean."


@pytest.mark.behaviour("B-1543")
def test_the_lines_of_print_mode_name_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    out = TextOut(sys.stdout, sys.stderr, verbose=True)
    finished = done({"action": "commit"}, "1a2b3c4 on main")
    out.emit(ToolStarted(call=finished.call, summary='Git commit "feat: x"'))
    out.emit(finished)
    denied = PermissionDenied(call=finished.call, summary="Git switch main", reasons=(), message="no", nobody=False)
    out.emit(denied)
    assert capsys.readouterr().err.splitlines() == [
        'coder: ✓ Git commit "feat: x" · 1a2b3c4 on main · 0.2s',
        "coder: not allowed: Git switch main (no)",
    ]


@pytest.mark.behaviour("B-1542")
def test_actions_that_only_look_fold_and_others_do_not() -> None:
    every = [done({"action": action}, "") for action in ("diff", "status", "diff")]
    read = replace(every[0], call=ToolUse("t2", "Read", {"file_path": "a"}))
    assert all(map(can_merge, [*every, read]))
    (row,) = merged_rows([*every, read], width=80, folder=SHOP, home=HOME)
    assert plain(row) == "✓ Read 1 file, asked git for status, diff · 0.2s"
    assert not can_merge(done({"action": "commit"}, ""))
    assert not can_merge(done({"action": "status"}, "failed", failed=True))
    assert tuple(reading({})) == git_calls.READING


@pytest.mark.behaviour("B-1544")
def test_the_transcript_colours_what_a_diff_shows() -> None:
    text = "M a.py +1 -1\n@@ -1 +1 @@\n-old\n+new"
    theme = Theme("dark", "names", "dark")
    shown = whole(done({"action": "diff"}, "", text), theme, 80, folder=SHOP, home=HOME)
    assert theme.painted([("+new", theme.sgr("added"))]) in shown
    assert theme.painted([("-old", theme.sgr("removed"))]) in shown
    assert theme.painted([("+new", theme.sgr("added"))]) not in whole(
        done({"action": "status"}, "", text), theme, 80, folder=SHOP, home=HOME
    )


@pytest.mark.behaviour("B-1546")
def test_a_session_of_another_folder_is_gone_on_with_by_its_id() -> None:
    rows = exit_rows(title="", prompts=1, files_changed=0, cost=0.1, session="7f3a91c2-0c51", elsewhere=True)
    assert plain(rows[-1]) == "Continue with: coder -r 7f3a91c2"
    assert all(width_of(row) <= 80 for row in rows)
    here = exit_rows(title="", prompts=1, files_changed=0, cost=0.1, session="7f3a91c2-0c51")
    assert plain(here[-1]) == "Continue with: coder -c     or: coder -r 7f3a91c2"
