"""`coder rewind` after real runs of `coder -p`: what it lists, shows, does and undoes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.support.cli import DEADLINE, Done, Place
from tests.support.fakeapi import RunningApi, fake_api, rule, tool, turn
from tests.support.rewinding import git, git_state, tree

BYPASS = ("--permission-mode", "bypassPermissions")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place.make(tmp_path)
    (place.project / "app.py").write_text("one\ntwo\n")
    yield place


def run(place: Place, prompt: str, *calls: Any, more: tuple[str, ...] = ()) -> Done:
    """One prompt, whose reply makes these calls."""
    with fake_api([*(turn(call) for call in calls), turn("Done.")]) as api:
        return place.coder("-p", prompt, *BYPASS, *more, url=api.url)


def rewind(place: Place, *args: str) -> Done:
    return place.coder("rewind", *args)


def bash(command: str) -> Any:
    return tool("Bash", command=command)


@pytest.mark.behaviour("B-451")
def test_points_are_listed_with_what_came_after_them(place: Place) -> None:
    run(place, "improve greet", bash("echo three >> app.py"))
    run(place, "add tests", bash("mkdir tests; echo t > tests/t.py; echo u > u.py"), more=("-c",))
    done = rewind(place)
    assert done.code == 0
    lines = done.stdout.splitlines()
    assert "improve greet" in lines[1] and "app.py +1 -0, 1 command" in lines[1]
    assert "add tests" in lines[2] and "2 files, 1 command" in lines[2]
    listed = json.loads(rewind(place, "--json").stdout)["points"]
    assert [point["text"] for point in listed] == ["improve greet", "add tests"]


@pytest.mark.behaviour("B-452")
def test_a_preview_changes_nothing_and_says_how_to_go_on(place: Place) -> None:
    run(place, "improve greet", bash("echo three >> app.py; rm -f gone; echo new > new.txt"))
    before = tree(place.project)
    done = rewind(place, "1")
    assert done.code == 0
    assert "Would restore:\n    app.py (+0 -1)" in done.stdout
    assert "Would delete:\n    new.txt" in done.stdout
    assert "Also undoes what 1 command changed here" in done.stdout
    assert "Cannot undo outside this folder: nothing known" in done.stdout
    assert "add -y" in done.stdout
    assert tree(place.project) == before


@pytest.mark.behaviour("B-453")
def test_going_back_and_undoing_it(place: Place) -> None:
    first = tree(place.project)
    run(place, "improve greet", bash("echo three >> app.py; mkdir d; echo new > d/new.txt"))
    second = tree(place.project)
    assert '✓ Back to before "improve greet" · ' in rewind(place, "1", "-y").stdout
    assert tree(place.project) == first
    assert '✓ Undo: back to before "improve greet" · ' in rewind(place, "--undo", "-y").stdout
    assert tree(place.project) == second
    assert '✓ Undo: undo: back to before "improve greet" · ' in rewind(place, "--undo", "-y").stdout
    assert tree(place.project) == first


@pytest.mark.behaviour("B-454")
def test_what_the_person_changed_since_is_left_unless_forced(place: Place) -> None:
    run(place, "improve greet", bash("echo three >> app.py; echo new > new.txt"))
    (place.project / "app.py").write_text("mine\n")
    (place.project / "own.txt").write_text("mine too\n")
    done = rewind(place, "1", "-y", "--files")
    assert "Would be left, since somebody else changed it:\n    app.py" in done.stdout
    assert (place.project / "app.py").read_text() == "mine\n"
    assert not (place.project / "new.txt").exists()
    rewind(place, "1", "-y", "--files", "--force")
    assert (place.project / "app.py").read_text() == "one\ntwo\n"
    assert (place.project / "own.txt").read_text() == "mine too\n"
    rewind(place, "--undo", "-y")
    assert (place.project / "app.py").read_text() == "mine\n"


@pytest.mark.behaviour("B-455")
def test_a_checkpoint_before_git_drops_work_is_announced_and_leads_back(place: Place) -> None:
    git(place.project, "init", "-q")
    git(place.project, "add", ".")
    git(place.project, "commit", "-qm", "first")
    (place.project / "app.py").write_text("never committed\n")
    dirty = tree(place.project)
    with fake_api([turn(bash("sh -c 'cd . && git reset --hard'")), turn("Done.")]) as api:
        done = place.coder("-p", "go", *BYPASS, "--settings", '{"confirmIrreversible": false}', url=api.url)
        told = json.dumps(api.requests[-1])
    assert tree(place.project) != dirty
    id = told.partition("Checkpoint k")[2][:8]
    assert f"Checkpoint k{id} is taken before git reset --hard" in done.stderr
    own = git_state(place.project)
    shown = rewind(place, "show", f"k{id}").stdout
    assert "git -C" in shown and "/index" in shown
    assert " changed\n" in rewind(place, f"k{id}", "-y").stdout
    assert tree(place.project) == dirty
    assert git_state(place.project) == own


@pytest.mark.behaviour("B-456")
def test_checkpoints_can_be_switched_off(place: Place) -> None:
    with fake_api([turn(bash("echo x > x")), turn("Done.")]) as api:
        place.coder("-p", "go", *BYPASS, url=api.url, env={"CLAUDE_CODE_DISABLE_FILE_CHECKPOINTING": "1"})
    with fake_api([turn(bash("echo y > y")), turn("Done.")]) as api:
        place.coder("-p", "go", *BYPASS, "--settings", '{"fileCheckpointingEnabled": false}', url=api.url)
    with fake_api([turn(bash("echo z > z")), turn("Done.")]) as api:
        place.coder("-p", "go", *BYPASS, "--no-session-persistence", url=api.url)
    assert (place.project / "z").exists()
    assert not (place.home / ".coder" / "file-history").exists()
    folder = place.project / ".coder"
    folder.mkdir()
    (folder / "settings.json").write_text('{"fileCheckpointingEnabled": false}')
    done = run(place, "go", bash("echo more > more"))
    assert "fileCheckpointingEnabled false is never taken from a project" in done.stderr
    assert (place.home / ".coder" / "file-history").exists()


def test_a_point_that_is_not_there_is_said(place: Place) -> None:
    assert "no session in this folder" in rewind(place).stderr
    run(place, "improve greet", bash("echo three >> app.py"))
    done = rewind(place, "7")
    assert done.code != 0 and "there is no point 7" in done.stderr
    assert "nothing to undo" in rewind(place, "--undo").stderr
    done = rewind(place, "elsewhere")
    assert done.code == 1 and "'elsewhere' is no point and no session here" in done.stderr
    assert rewind(place, "--undo", "1", "2").code == 2


@pytest.mark.behaviour("B-451")
def test_a_session_is_named_as_everywhere_and_so_it_is_in_the_commands_that_are_printed(place: Place) -> None:
    run(place, "improve greet", bash("echo three >> app.py"), more=("--name", "Greet work"))
    first = json.loads(rewind(place, "--json").stdout)["session"]
    run(place, "something else")
    for handle in (first, first[:8], "Greet work", "greet"):
        done = rewind(place, handle)
        assert f"Points of session {first}" in done.stdout, (handle, done)
        assert done.stdout.endswith(f"coder rewind {first[:8]} NUMBER\n")
    done = rewind(place, first[:8], "1", "-y", "--files")
    assert f"To undo this: coder rewind {first[:8]} --undo" in done.stdout
    assert (place.project / "app.py").read_text() == "one\ntwo\n"
    assert rewind(place, first[:8], "--undo", "-y").code == 0
    assert (place.project / "app.py").read_text() == "one\ntwo\nthree\n"
    assert rewind(place).stdout.endswith("coder rewind NUMBER\n")


@pytest.mark.behaviour("B-451")
def test_a_number_means_the_same_message_whatever_else_is_listed(place: Place) -> None:
    git(place.project, "init", "-q")
    run(place, "first", bash("git stash list; git clean -n; git reset --hard"))
    run(place, "second", more=("-c",))
    lines = [line.split() for line in rewind(place, "--list").stdout.splitlines()]
    assert [line[:2] for line in lines[1:-1] if not line[0].startswith("k")] == [["1", "first"], ["2", "second"]]
    [checkpoint] = [line[0] for line in lines if line[0].startswith("k")]
    assert 'Back to before "second"' in rewind(place, "2").stdout
    assert 'Back to before "git reset --hard"' in rewind(place, checkpoint).stdout


def test_no_line_of_a_list_or_a_preview_is_wider_than_the_terminal(place: Place) -> None:
    command = "echo wide >> 宽.txt; " + "true && " * 30 + "true"
    run(place, "宽" * 60, bash(command), bash(f"{command}; ls"), bash(f"{command}; pwd"), bash(f"{command}; date"))
    page = rewind(place, "--list").stdout.splitlines()[1:-1] + rewind(place, "1").stdout.splitlines()
    assert "…" in page[0] and "    and 1 more" in page
    assert [line for line in page if cell_len(line) > 80] == []


def said(api: RunningApi) -> str:
    return json.dumps(api.requests[-1]["messages"])


@pytest.mark.behaviour("B-478")
def test_the_conversation_goes_back_with_the_files_and_comes_back_with_an_undo(place: Place) -> None:
    run(place, "improve greet", bash("echo three >> app.py"))
    run(place, "add tests", bash("echo t > t.py"), more=("-c",))
    done = rewind(place, "2", "-y")
    assert done.code == 0 and "the conversation too" in done.stdout
    assert not (place.project / "t.py").exists() and (place.project / "app.py").read_text() == "one\ntwo\nthree\n"
    with fake_api([turn("Other.")]) as api:
        assert place.coder("-p", "add docs instead", "-c", url=api.url).stdout == "Other.\n"
        assert "improve greet" in said(api) and "add tests" not in said(api)
    listed = [point["text"] for point in json.loads(rewind(place, "--json").stdout)["points"]]
    assert listed == ["improve greet", "add docs instead"]
    undone = rewind(place, "--undo", "-y")
    assert undone.code == 0 and (place.project / "t.py").read_text() == "t\n"
    with fake_api([turn("Back.")]) as api:
        place.coder("-p", "and now?", "-c", url=api.url)
        assert "add tests" in said(api) and "add docs instead" not in said(api)


@pytest.mark.behaviour("B-478")
def test_the_first_request_after_going_back_says_that_the_past_was_edited(place: Place) -> None:
    with fake_api([turn("One."), turn("Two."), turn("Three.")]) as api:
        place.coder("-p", "first", url=api.url)
        place.coder("-p", "second", "-c", url=api.url)
        assert rewind(place, "2", "--conversation", "-y").code == 0
        assert place.coder("-p", "third", "-c", url=api.url).stdout == "Three.\n"
        assert "second" not in said(api) and "first" in said(api)
        assert api.context_edits == ["rewind"]


@pytest.mark.behaviour("B-478")
def test_the_conversation_alone_goes_back_and_can_come_back(place: Place) -> None:
    run(place, "improve greet", bash("echo three >> app.py"))
    run(place, "add tests", bash("echo t > t.py"), more=("-c",))
    done = rewind(place, "2", "--conversation", "-y")
    assert done.code == 0 and "No file changes." in done.stdout and (place.project / "t.py").exists()
    assert rewind(place, "--undo", "-y").code == 0 and (place.project / "t.py").exists()
    with fake_api([turn("Still here.")]) as api:
        place.coder("-p", "and now?", "-c", url=api.url)
        assert "add tests" in said(api)
    assert rewind(place, "2", "-y").code == 0 and not (place.project / "t.py").exists()


@pytest.mark.behaviour("B-478")
def test_of_an_open_session_only_the_files_go_back(place: Place) -> None:
    run(place, "improve greet", bash("echo three >> app.py"))
    wait = rule({"last_user_contains": "wait"}, bash("touch begun; while [ ! -e go ]; do sleep 0.02; done"))
    with fake_api({"rules": [wait], "otherwise": "Done."}) as api:
        running = place.start("-p", "wait", "-c", *BYPASS, url=api.url)
        api.wait_until(lambda _: (place.project / "begun").exists())
        refused = rewind(place, "1", "-y")
        assert refused.code != 0 and f"process {running.pid}" in refused.stderr and "--files" in refused.stderr
        assert (place.project / "app.py").read_text() == "one\ntwo\nthree\n"
        assert rewind(place, "1", "--files", "-y").code == 0
        assert (place.project / "app.py").read_text() == "one\ntwo\n"
        (place.project / "go").touch()
        running.communicate(timeout=DEADLINE)


CUT_OFF = """
import asyncio, os, sys
from pathlib import Path
from coder.app.conversation import StoredConversation
from coder.app.rewinding import checkpoints_of, transcript_for

class Dies(StoredConversation):
    def rewind_to(self, prompt):
        os.kill(os.getpid(), 9)

home, cwd = Path(sys.argv[1]), Path(sys.argv[2])
path = transcript_for(home, cwd, None)

async def main():
    checkpoints = checkpoints_of(path, home, os.environ, Dies(path))
    points = await checkpoints.points()
    await checkpoints.rewind(points[-1].id)

asyncio.run(main())
"""


@pytest.mark.behaviour("B-478")
def test_a_rewind_killed_between_files_and_conversation_is_completed_at_the_next_start(place: Place) -> None:
    run(place, "improve greet", bash("echo three >> app.py"))
    run(place, "add tests", bash("echo t > t.py"), more=("-c",))
    command = [sys.executable, "-c", CUT_OFF, str(place.home / ".coder"), str(place.project)]
    assert subprocess.run(command, cwd=place.project, env=place.env(None), check=False).returncode == -9
    assert not (place.project / "t.py").exists()
    with fake_api([turn("Fine.")]) as api:
        done = place.coder("-p", "something else", "-c", url=api.url)
        assert "the conversation went back too" in done.stderr
        assert "add tests" not in said(api) and "improve greet" in said(api)
    assert not list((place.home / ".coder" / "file-history" / "pending").iterdir())


def test_a_fork_goes_back_behind_the_fork_and_the_original_still_can(place: Place) -> None:
    first = tree(place.project)
    run(place, "improve greet", bash("echo three >> app.py"))
    run(place, "add tests", bash("echo t > t.py"), more=("-c",))
    original = json.loads(rewind(place, "--json").stdout)["session"]
    run(place, "add docs", bash("echo d > docs.md"), more=("-c", "--fork-session"))
    listed = json.loads(rewind(place, "--json").stdout)["points"]
    assert [(point["text"], len(point["files"])) for point in listed] == [
        ("improve greet", 1),
        ("add tests", 1),
        ("add docs", 1),
    ]
    fork = json.loads(rewind(place, "--json").stdout)["session"]
    assert fork != original
    done = rewind(place, original, "1", "-y")
    assert "left" not in done.stdout and not (place.project / "t.py").exists()
    assert (place.project / "app.py").read_text() == "one\ntwo\n" and (place.project / "docs.md").exists()
    assert rewind(place, fork, "1", "-y").code == 0
    assert tree(place.project) == first


def test_a_fork_takes_back_what_was_done_before_it(place: Place) -> None:
    first = tree(place.project)
    run(place, "improve greet", bash("echo three >> app.py"))
    run(place, "add docs", bash("echo d > docs.md"), more=("-c", "--fork-session"))
    assert "left" not in rewind(place, "1", "-y").stdout
    assert tree(place.project) == first
