"""What the model is told of the repository, in processes as people start them. The fake API checks that no request
changes what was sent before."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, rule, tool, turn
from tests.support.processes import is_alive
from tests.support.repositories import Repository

GIT = shutil.which("git") or "git"
BYPASS = ("--permission-mode", "bypassPermissions")
SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}


def texts(message: dict[str, Any]) -> list[str]:
    return [block["text"] for block in message["content"] if block["type"] == "text"]


def told(api: RunningApi, at: int = -1) -> list[str]:
    """All that the model was told of the repository, in order."""
    messages = api.requests[at]["messages"]
    return [text for message in messages for text in texts(message) if text.startswith("<git>\n")]


def environment(api: RunningApi, at: int = -1) -> str:
    found = texts(api.requests[at]["messages"][0])[0]
    return next(line for line in found.split("\n") if line.startswith("Git repository: "))


def fake_git(place: Place, *lines: str) -> dict[str, str]:
    """A git of the person's own that comes first on PATH."""
    folder = place.home / "bin"
    folder.mkdir()
    (folder / "git").write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
    (folder / "git").chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def record(place: Place) -> dict[str, Any]:
    (path,) = place.home.rglob("git.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    return found


@pytest.mark.behaviour("B-1440")
def test_the_first_message_ends_with_the_repository(place: Place) -> None:
    made = Repository.shop(place)
    made.publish()
    made.git("checkout", "-q", "-b", "work", "--track", "origin/main")
    made.write("CLAUDE.md", "MEMORY")
    made.commit("work: begin")
    made.write("README.md", "changed")
    made.write("shop/tax.py", "RATE = 7\n")
    made.git("add", "shop/tax.py")
    for number in range(12):
        made.write(f"new{number:02}.txt", "")
    with fake_api([turn("ok", repeat=2)]) as api:
        done = place.coder("-p", "hi", url=api.url)
        assert (done.code, done.stderr) == (0, "")
        place.coder("-p", "hi", url=api.url)
    *_, last, prompt = texts(api.requests[0]["messages"][0])
    assert prompt == "hi"
    lines = last.split("\n")
    assert lines[0] == "<git>" and lines[-1] == "</git>"
    assert lines[2:16] == [
        "Branch: work (upstream origin/main: 1 ahead)",
        "Main branch: main",
        "Changes: 1 staged, 1 not staged, 12 untracked",
        " M  shop/tax.py",
        "  M README.md",
        *(f" ?? new{number:02}.txt" for number in range(8)),
        " … 4 more",
    ]
    assert lines[16] == "Last commits:" and [line.split(" ", 2)[2] for line in lines[17:-1]] == [
        "work: begin",
        "tax: know the rate",
        "cart: add up what is in the cart",
        "shop: begin a shop that adds up prices",
    ]
    assert environment(api) == f"Git repository: yes, {place.project}"
    assert api.requests[0]["messages"] == api.requests[1]["messages"]


@pytest.mark.behaviour("B-1442")
@pytest.mark.behaviour("B-1443")
def test_what_others_changed_is_told_once_and_what_the_model_did_is_no_news(place: Place) -> None:
    made = Repository.shop(place)
    made.write("mine.txt", "")
    own = "echo x > made.txt; git checkout -q -b side && git add shop && git commit -q --allow-empty -m own"
    with fake_api([turn("ok"), turn(tool("Bash", command=own)), turn("done"), turn("ok", repeat=9)]) as api:
        place.coder("-p", "hi", url=api.url)
        place.coder("-p", "-c", "work", *BYPASS, url=api.url)
        place.coder("-p", "-c", "what now", url=api.url)
        assert len(told(api)) == 1
        made.write("shop/cart.py", "x = 1\n")
        made.git("commit", "-qam", "cart: by hand")
        made.write("README.md", "by hand")
        (place.project / "mine.txt").unlink()
        place.coder("-p", "-c", "what now", url=api.url)
        _, changed = told(api)
        assert "by hand" in changed and "Branch" not in changed
        assert ", 1 new commit; it was " in changed and "cart: by hand" in changed
        assert "Changed since:\n  M README.md\n" in changed and "No longer changed:\n mine.txt\n" in changed
        assert "made.txt" not in changed
        place.coder("-p", "-c", "and now", url=api.url)
        assert len(told(api)) == 2
        made.git("stash", "-q")
        made.git("checkout", "-q", "main")
        place.coder("-p", "-c", "and now", url=api.url)
        assert "Branch: main; it was side\n" in told(api)[2]
        assert ", with 2 commits that it does not have\n" in told(api)[2]
    assert api.context_edits == []


@pytest.mark.behaviour("B-1443")
def test_a_conversation_that_does_not_hold_it_is_told_all_of_it(place: Place) -> None:
    made = Repository.shop(place)
    with fake_api([turn("ok", repeat=9)]) as api:
        place.coder("-p", "hi", url=api.url)
        made.write("new.txt", "")
        place.coder("-p", "-c", "again", "--fork-session", url=api.url)
        first, whole = told(api)
        assert "Changes: none" in first and "Changes: 1 untracked" in whole and "Last commits:" in whole
        for path in place.home.rglob("git.json"):
            path.write_text('{"told": 1}')
        place.coder("-p", "-c", "again", url=api.url)
        assert len(told(api)) == 3
    assert api.context_edits == []


@pytest.mark.behaviour("B-1444")
@pytest.mark.parametrize("with_news", [False, True])
def test_a_compacted_conversation_begins_with_the_repository_as_it_is(place: Place, with_news: bool) -> None:
    made = Repository.shop(place)
    made.write("long.txt", "a line of words\n" * 900)
    reads = [turn(tool("Read", file_path=str(place.project / "long.txt"), limit=n)) for n in (900, 800, 700, 600, 500)]
    script = {"rules": [rule(SUMMARISES, "THE-SUMMARY")], "turns": [*reads, turn("Read.")], "otherwise": "Noted."}
    with fake_api(script) as api:
        place.coder("-p", "read", url=api.url)
        made.commit("docs: a long one")
        if with_news:
            place.coder("-p", "-c", "go on", url=api.url)
            assert len(told(api)) == 2
        made.git("checkout", "-q", "-b", "later")
        done = place.coder("-p", "-c", "/compact", url=api.url)
        assert done.stdout.startswith("Compacted: "), done
        place.coder("-p", "-c", "go on", url=api.url)
    now, *later = told(api)
    assert "THE-SUMMARY" in json.dumps(api.requests[-1])
    assert "Branch: later\n" in now and "docs: a long one" in now and "Changes: none" in now
    assert now in texts(api.requests[-1]["messages"][0])
    assert len(later) == 2 * with_news and all("Branch: later\n" in last for last in later[-1:])  # old news comes first


@pytest.mark.timeout(50)
@pytest.mark.behaviour("B-1445")
def test_a_git_that_hangs_holds_nothing_up_and_is_ended(place: Place) -> None:
    Repository.shop(place)
    env = fake_git(place, f'echo $$ >> "{place.home}/pids"', "sleep 60 &", f'echo $! >> "{place.home}/pids"', "wait")
    with fake_api([turn("ok", repeat=2)]) as api:
        assert place.coder("-p", "hi", url=api.url, env=env).code == 0
        (first,) = told(api)
        assert "Branch: main\n" in first and "Changes: not known, git took too long\n" in first
        begun = (place.home / "pids").read_text().split()
        assert begun and not [pid for pid in begun if is_alive(int(pid))]
        place.coder("-p", "-c", "again", url=api.url)  # with a git that answers
        assert "Changes: none" in told(api)[1]


@pytest.mark.timeout(50)
@pytest.mark.behaviour("B-1445")
def test_a_start_that_fails_leaves_no_git(place: Place) -> None:
    Repository.shop(place)
    env = fake_git(place, f'echo $$ >> "{place.home}/pids"', "exec sleep 60")
    done = place.coder(
        "-p", "hi", "--resume", "6a8c2f5e-0000-4000-8000-000000000000", url="http://127.0.0.1:9", env=env
    )
    assert done.code != 0
    begun = (place.home / "pids").read_text().split() if (place.home / "pids").exists() else []
    assert not [pid for pid in begun if is_alive(int(pid))]


@pytest.mark.behaviour("B-1446")
@pytest.mark.parametrize(
    ("args", "extra", "is_repository"),
    [
        (("--settings", '{"includeGitInstructions": false}'), {}, True),
        ((), {"CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS": "1"}, True),
        ((), {}, False),
    ],
)
def test_where_it_is_not_told_no_git_runs(
    place: Place, args: tuple[str, ...], extra: dict[str, str], is_repository: bool
) -> None:
    if is_repository:
        Repository.shop(place)
    env = fake_git(place, f'echo "$@" >> "{place.home}/calls"', f'exec "{GIT}" "$@"') | extra
    with fake_api([turn("ok")]) as api:
        assert place.coder("-p", "hi", *args, url=api.url, env=env).code == 0
    assert not (place.home / "calls").exists() and told(api) == []
    state = f"yes, {place.project}, on branch main" if is_repository else "no"
    assert environment(api) == f"Git repository: {state}"


@pytest.mark.behaviour("B-1447")
def test_without_git_the_files_are_asked(place: Place) -> None:
    Repository.shop(place)
    (place.home / "empty").mkdir()
    with fake_api([turn("ok")]) as api:
        assert place.coder("-p", "hi", url=api.url, env={"PATH": str(place.home / "empty")}).code == 0
    assert "Branch: main\n" in told(api)[0] and "Changes: not known, git is not installed" in told(api)[0]


@pytest.mark.behaviour("B-1448")
def test_what_was_changed_before_is_kept_with_the_session(place: Place) -> None:
    made = Repository.shop(place)
    for number in range(40):
        made.write(f"a{number}.txt", "")
    made.write("README.md", "x")
    with fake_api([turn(tool("Bash", command="echo > begun; rm a0.txt; sleep 60")), turn("ok", repeat=9)]) as api:
        running = place.start("-p", "hi", *BYPASS, url=api.url)
        while not (place.project / "begun").exists():
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        earlier = {"README.md", *(f"a{number}.txt" for number in range(40))}
        assert set(record(place)["earlier"]) == earlier
        made.write("b.txt", "")
        assert place.coder("-p", "-c", "go on", url=api.url).code == 0
        assert set(record(place)["earlier"]) == earlier and "b.txt" in record(place)["seen"]["letters"]


@pytest.mark.behaviour("B-1449")
def test_asking_runs_nothing_of_the_repository(place: Place) -> None:
    made = Repository.shop(place)
    canary = place.home / "canary"
    program = place.home / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $@" >> "{canary}"\ncat\n')
    program.chmod(0o755)
    for name in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "gpg.program", "core.pager", "pager.log"):
        made.git("config", name, str(program))
    made.git("config", "log.showSignature", "true")
    made.write(".gitattributes", "*.py filter=x\n")
    for name in ("post-index-change", "reference-transaction", "pre-auto-gc"):
        made.hook(name, f'echo {name} >> "{canary}"')
    os.utime(place.project / "shop" / "cart.py")
    made.git("status")
    assert canary.exists()  # so much for git itself
    os.utime(place.project / "shop" / "cart.py")
    canary.unlink()
    with fake_api([turn("ok", repeat=2)]) as api:
        place.coder("-p", "hi", url=api.url)
        made_head = (place.project / ".git" / "HEAD").read_text()
        (place.project / ".git" / "HEAD").write_text(made.git("rev-parse", "HEAD~1") + "\n")
        canary.unlink(missing_ok=True)
        place.coder("-p", "-c", "again", url=api.url)
        (place.project / ".git" / "HEAD").write_text(made_head)
    assert len(told(api)) == 2 and "tax: know the rate" in told(api)[0]
    assert not canary.exists()


@pytest.mark.behaviour("B-1450")
def test_denied_files_are_counted_and_not_named(place: Place) -> None:
    made = Repository.shop(place)
    for name in ("secret.env", "open.txt", "more.env"):
        made.write(name, "")
    rules = json.dumps({"permissions": {"deny": ["Read(*.env)"]}})
    with fake_api([turn("ok", repeat=2)]) as api:
        place.coder("-p", "hi", "--settings", rules, url=api.url)
        made.write("other.env", "")
        place.coder("-p", "-c", "hi", "--settings", rules, url=api.url)
    first, changed = told(api)
    assert "Changes: 3 untracked\n ?? open.txt\n … 2 more\n" in first
    assert "Changed since:\n … 1 more\n" in changed


def test_a_place_below_the_top_names_files_from_there(place: Place) -> None:
    made = Repository.shop(place)
    made.write("README.md", "x")
    made.write("shop/new.txt", "")
    below = Place(place.home, Path(place.project / "shop"))
    with fake_api([turn("ok")]) as api:
        below.coder("-p", "hi", url=api.url)
    assert "  M ../README.md\n ?? new.txt\n" in told(api)[0]
