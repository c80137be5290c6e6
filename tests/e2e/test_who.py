"""`coder who` after real runs of `coder -p`: who changed a file, who moved HEAD, a branch, the stash; and who not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.support.cli import CODER, DEADLINE, Done, Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.repositories import Repository

ALLOWED = ("--permission-mode", "bypassPermissions", "--settings", '{"confirmIrreversible": false}')


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    yield Place.make(tmp_path)


@pytest.fixture
def repository(place: Place) -> Repository:
    made = Repository.make(place)
    made.write("app.py", "one\ntwo\n")
    made.commit("first")
    made.write("app.py", "one\ntwo\nthree\n")
    made.commit("second")
    return made


def run(place: Place, prompt: str, *calls: Any, more: tuple[str, ...] = ()) -> Done:
    with fake_api([*(turn(call) for call in calls), turn("Done.")]) as api:
        done = place.coder("-p", prompt, *ALLOWED, *more, url=api.url)
    assert done.code == 0, done.stderr
    return done


def bash(command: str, **more: Any) -> Any:
    return tool("Bash", command=command, **more)


def who(place: Place, *args: str) -> dict[str, Any]:
    done = place.coder("who", *args, "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.code == (0 if found["found"] else 1), done.stderr
    return found


def said(found: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(each.get("how", ""), each["by"]["said"], each["by"]["prompt"]) for each in found["changes"]]


def page(place: Place, *args: str, columns: int = 80) -> str:
    done = place.coder("who", *args, env={"COLUMNS": str(columns)})
    assert done.stderr == ""
    assert all(cell_len(line) <= columns for line in done.stdout.splitlines())
    return done.stdout


@pytest.mark.behaviour("B-1510")
def test_every_change_of_a_file_has_its_session_prompt_and_call(place: Place) -> None:
    app = place.project / "app.py"
    app.write_text("one\ntwo\n")
    edit = tool("Edit", file_path=str(app), old_string="two", new_string="2\n3")
    run(place, "improve it", tool("Read", file_path=str(app)), edit)
    run(place, "rename it", bash("mv app.py moved.py"), bash("echo four >> moved.py; rm moved.py"))
    found = who(place, "app.py")
    edited = f"Edit {app}"
    assert said(found) == [("moved_away", "mv app.py moved.py", "rename it"), ("changed", edited, "improve it")]
    last = found["changes"][1]
    assert (last["before"]["lines"], last["after"]["lines"], last["before"]["bytes"]) == (2, 3, 8)
    assert last["by"]["title"] == "improve it"
    assert len(last["by"]["session"]) == 36
    shown = page(place, "app.py", "--diff")
    assert "app.py: 2 changes\n" in shown
    assert "changed by Edit · 2 → 3 lines (+2 -1)\n" in shown
    assert 'after "improve it" · improve it (' in shown
    assert "    -two\n    +2\n    +3\n" in shown
    deleted = who(place, "deleted", "moved.py")
    assert said(deleted) == [("deleted", "echo four >> moved.py; rm moved.py", "rename it")]
    assert who(place, "created", "moved.py")["changes"][0]["other_path"] == str(app)


@pytest.mark.behaviour("B-1511")
def test_folders_globs_and_links_mean_what_lies_in_them(place: Place) -> None:
    (place.project / "src").mkdir()
    (place.project / "link").symlink_to("src")
    run(place, "write", bash("echo a > src/a.py; echo b > src/b.txt; mkdir src/deep; echo c > src/deep/c.py"))
    run(place, "delete", bash("rm -r src"))
    paths = {change["path"].removeprefix(f"{place.project}/") for change in who(place, "src")["changes"]}
    assert paths == {"src", "src/a.py", "src/b.txt", "src/deep", "src/deep/c.py"}
    assert {Path(change["path"]).name for change in who(place, "src/**/*.py")["changes"]} == {"a.py", "c.py"}
    (place.project / "src").mkdir()
    assert [each[0] for each in said(who(place, "link/a.py"))] == ["deleted", "created"]
    (place.project / "to-a").symlink_to("src/a.py")
    assert [each[0] for each in said(who(place, "to-a"))] == ["deleted", "created"]
    assert len(who(place, "src/a.py", "src/b.txt")["changes"]) == 4


@pytest.mark.behaviour("B-1512")
def test_what_nobody_recorded_is_said_with_what_is_known(place: Place, repository: Repository) -> None:
    found = who(place, "app.py")
    assert not found["found"]
    assert found["now"]["commits"][0]["subject"] == "second"
    shown = page(place, "app.py")
    assert "No session of coder that is still recorded changed app.py." in shown
    assert "Its last commit: " in shown and "second (Ada, " in shown
    run(place, "change", bash("echo x >> app.py"))
    assert who(place, "app.py")["now"]["differs"] is False
    repository.write("app.py", "mine\n")
    assert who(place, "app.py")["now"]["differs"] is True
    assert "Since then changed by hand or another program, last at " in page(place, "app.py")
    (place.project / "app.py").unlink()
    assert "Since then deleted by hand or another program." in page(place, "app.py")
    assert who(place, "APP.PY")["near"] == [str(place.project / "app.py")]


@pytest.mark.behaviour("B-1512")
def test_sessions_whose_checkpoints_are_gone_are_named(place: Place) -> None:
    app = place.project / "app.py"
    app.write_text("one\n")
    edit = tool("Edit", file_path=str(app), old_string="one", new_string="two")
    run(place, "change it", tool("Read", file_path=str(app)), edit)
    run(place, "only look", bash("ls"))
    for journal in (place.home / ".coder" / "file-history").glob("*/changes.jsonl"):
        journal.unlink()
    found = who(place, "app.py")
    assert [(gap["title"], gap["names_it"]) for gap in found["gaps"]] == [("change it", True)]
    assert "Not known is what these sessions changed" in page(place, "app.py")


@pytest.mark.behaviour("B-1515")
def test_it_was_coder_that_reset_head(place: Place, repository: Repository) -> None:
    before = repository.git("rev-parse", "HEAD")
    run(place, "start over", bash("git reset --hard HEAD~1"), bash("sh -c 'git reset -q --hard'"))
    found = who(place, "HEAD")
    assert (found["by_coder"], found["by_others"]) == (2, 2)
    again, reset = found["changes"][:2]
    assert (reset["before"], reset["after"]) == (before, repository.git("rev-parse", "HEAD"))
    assert (reset["before_subject"], reset["after_subject"], reset["branch"]) == ("second", "first", "main")
    assert (reset["by"]["said"], reset["by"]["prompt"]) == ("git reset --hard HEAD~1", "start over")
    assert again["before"] == again["after"]
    shown = page(place, "HEAD")
    assert "HEAD: 4 moves, 2 by sessions of coder, 2 by hand or another program\n" in shown
    assert f"main · {before[:7]} second → {reset['after'][:7]} first\n" in shown


@pytest.mark.behaviour("B-1515")
def test_it_was_not_coder_that_reset_head(place: Place, repository: Repository) -> None:
    """The reporter of a public issue had `git reset --hard` every ten minutes, from a tool of their own."""
    run(place, "look round", bash("git status"), bash("echo note > note.txt"))
    for _ in range(6):
        repository.git("reset", "-q", "--hard", "HEAD")
    run(place, "look again", bash("cat note.txt; touch other"))
    found = who(place, "HEAD")
    assert (found["by_coder"], found["by_others"]) == (0, 8)
    assert [each["by"]["said"] for each in found["changes"][:6]] == ["reset: moving to HEAD"] * 6
    shown = page(place, "HEAD")
    assert "HEAD: 8 moves, none by a session of coder\n" in shown
    assert "by hand or another program; git's log: reset: moving to HEAD\n" in shown


@pytest.mark.behaviour("B-1516")
def test_branches_are_told_with_what_made_moved_renamed_and_deleted_them(place: Place, repository: Repository) -> None:
    run(
        place,
        "branch",
        bash("git switch -qc feature && git commit -q --allow-empty -m wip"),
        bash("git switch -q main; git branch -D feature"),
        bash("git branch one; git branch -m one two"),
    )
    gone = who(place, "feature")
    assert [each["after"] is None for each in gone["changes"]] == [True, False]
    assert gone["changes"][0]["by"]["said"] == "git switch -q main; git branch -D feature"
    assert gone["changes"][0]["before_subject"] == "wip"
    shown = page(place, "feature")
    assert "while git has it: git branch" in shown
    repository.git("branch", "feature", gone["changes"][0]["before"])
    assert who(place, "feature")["by_others"] == 1
    run(place, "rename", bash("git branch -m two three"))
    three = who(place, "refs/heads/three")
    assert three["changes"][0]["other_name"] == "two"
    assert three["by_others"] == 0
    head = who(place, "HEAD")["changes"]
    assert [(each["branch_before"], each["branch"]) for each in head[:2]] == [("feature", "main"), ("main", "feature")]
    assert len(head[1]["steps"]) == 2


@pytest.mark.behaviour("B-1517")
def test_stash_entries_and_work_trees_are_told(place: Place, repository: Repository) -> None:
    repository.write("app.py", "mine\n")
    repository.git("stash")
    run(
        place,
        "put away",
        bash("echo x >> app.py; git stash push -q -m 'coder: x'"),
        bash("git stash drop -q"),
        bash("git worktree add -q ../side -b side"),
    )
    found = who(place, "stash")
    assert [(each["before"], each["after"]) for each in found["changes"][:2]] == [
        ("On main: coder: x", None),
        (None, "On main: coder: x"),
    ]
    assert found["changes"][0]["by"]["said"] == "git stash drop -q"
    assert found["by_others"] == 1
    commit = found["changes"][0]["name"]
    assert f"git stash apply {commit[:8]}" in " ".join(page(place, "stash").split())
    (added,) = who(place, "worktrees")["changes"]
    assert (added["name"], added["after"]) == (str(place.project.parent / "side"), "side")


@pytest.mark.behaviour("B-1516")
def test_a_rebase_is_one_row_with_its_steps(place: Place, repository: Repository) -> None:
    repository.git("switch", "-qc", "side", "HEAD~1")
    repository.write("other", "x\n")
    repository.commit("on the side")
    run(place, "rebase", bash("git rebase -q main"))
    first = who(place, "HEAD")["changes"][0]
    assert first["by"]["said"] == "git rebase -q main"
    assert len(first["steps"]) >= 2
    assert first["after_subject"] == "on the side"
    branch = who(place, "side")["changes"][0]
    assert branch["by"]["said"] == "git rebase -q main"
    assert who(place, "side")["by_coder"] == 1


def test_a_rebase_that_stops_is_under_way(place: Place, repository: Repository) -> None:
    repository.git("switch", "-qc", "side", "HEAD~1")
    repository.write("app.py", "another\n")
    repository.commit("on the side")
    run(place, "rebase", bash("git rebase -q main || true"), bash("git rebase --abort"))
    aborted, stopped = who(place, "HEAD")["changes"][:2]
    assert (stopped["began"], aborted["ended"]) == ("a rebase", "a rebase")
    assert "a rebase began" in page(place, "HEAD")


@pytest.mark.behaviour("B-1518")
def test_two_sessions_a_rewind_and_the_background_are_told_apart(place: Place) -> None:
    app = place.project / "app.py"
    app.write_text("one\n")
    run(place, "first session", bash("echo two >> app.py"))
    run(place, "second session", bash("echo three >> app.py"))
    assert place.coder("rewind", "1", "-y", "--files").code == 0
    run(place, "in the background", bash("echo four > late.txt", run_in_background=True), bash("true; sleep 0.2"))
    found = who(place, "app.py")
    assert [(each["by"]["what"], each["by"]["title"]) for each in found["changes"]] == [
        ("rewind", "second session"),
        ("command", "second session"),
        ("command", "first session"),
    ]
    assert "by going back: back to before" in page(place, "app.py").lower()
    assert who(place, "late.txt")["changes"][0]["by"]["what"] in ("background", "command")


@pytest.mark.behaviour("B-1518")
def test_a_forks_journal_is_not_told_twice(place: Place) -> None:
    run(place, "first", bash("echo one > app.py"))
    run(place, "in the fork", bash("echo two >> app.py"), more=("-c", "--fork-session"))
    first = who(place, "app.py")["changes"][-1]["by"]["session"]
    run(place, "first goes on", bash("echo three >> app.py"), more=("-r", first))
    found = who(place, "app.py")
    assert [each["by"]["prompt"] for each in found["changes"]] == ["first goes on", "in the fork", "first"]
    assert [each["by"]["session"] == first for each in found["changes"]] == [True, False, True]


@pytest.mark.behaviour("B-1514")
def test_a_session_that_was_killed_in_a_command_is_told(place: Place, repository: Repository) -> None:
    session = "11111111-2222-4333-8444-555555555555"
    fifo = place.project.parent / "fifo"
    os.mkfifo(fifo)
    command = f"git commit -q --allow-empty -m half; rm app.py; echo now > {fifo}; sleep 60"
    with fake_api([turn(bash(command)), turn("Done.")]) as api:
        argv = [*CODER, "-p", "cut off", *ALLOWED, "--session-id", session]
        process = subprocess.Popen(
            argv, cwd=place.project, env=place.env(api.url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        fifo.read_text()
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE)
    run(place, "go on", bash("echo more > more"), more=("-r", session))
    head = who(place, "HEAD")["changes"][0]
    assert head["by"]["said"] == f"{command} (cut off)"
    assert (head["after_subject"], head["by"]["prompt"]) == ("half", "cut off")
    assert who(place, "app.py")["changes"][0]["by"]["said"] == f"{command} (cut off)"


@pytest.mark.behaviour("B-1519")
def test_the_newest_are_told_and_all_when_asked(place: Place) -> None:
    calls = [bash(f"echo {number} >> app.py") for number in range(25)]
    run(place, "write much", *calls)
    found = who(place, "app.py")
    assert (len(found["changes"]), found["left_out"]) == (20, 5)
    assert "5 older: --all" in page(place, "app.py")
    assert len(who(place, "app.py", "--all")["changes"]) == 25
    assert who(place, "app.py", "--since", "2h")["left_out"] == 5
    assert not who(place, "app.py", "--since", "2199-01-01")["found"]


@pytest.mark.behaviour("B-1519")
@pytest.mark.parametrize("args", [["HEAD"], ["app.py", "--since", "soon"], ["--nothing"], [""]])
def test_a_wrong_question_is_answered_on_one_line(place: Place, args: list[str]) -> None:
    done = place.coder("who", *args)
    assert done.code == 2
    assert "Traceback" not in done.stderr


@pytest.mark.behaviour("B-1520")
def test_foreign_words_cannot_draw_on_the_terminal(place: Place, repository: Repository) -> None:
    name = "a\x1b[31m\u202eb.txt"
    run(place, "say \x1b]0;x\x07 this", bash(f"echo x > $'{name}'; git add -A; git commit -qm $'red \x1b[31m now'"))
    for args in ((".",), ("HEAD",), (name,)):
        shown = page(place, *args, columns=60)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    page(place, ".", columns=40)


@pytest.mark.behaviour("B-1520")
def test_nothing_of_a_hostile_repository_runs(place: Place, repository: Repository) -> None:
    canary = place.home / "canary"
    canary.write_text(f"#!/bin/sh\necho fired >> {place.home}/fired\nexec cat\n")
    canary.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "pager.log", "diff.external", "gpg.program", "filter.x.clean"):
        repository.git("config", name, str(canary))
    for name in ("log.showSignature", "diff.x.textconv", "filter.x.process", "core.sshCommand"):
        repository.git("config", name, "true" if name.startswith("log") else str(canary))
    repository.write(".gitattributes", "* filter=x diff=x\n")
    for args in (("HEAD",), ("app.py",), ("main",), ("stash",), ("worktrees",), (".",)):
        place.coder("who", *args)
    assert not (place.home / "fired").exists()
    assert who(place, "app.py")["now"]["commits"]
