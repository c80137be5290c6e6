"""`-w` as people use it: made, entered, filled, left, listed, resumed, removed."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.hooked import group, keeps, settings, write
from tests.support.worktrees import WORK, Ground

NOBODY = "http://127.0.0.1:9"
HELD = "echo precious > fresh.txt"


@pytest.fixture
def ground(place: Place) -> Ground:
    return Ground.make(place)


@pytest.mark.behaviour("B-1491")
def test_a_session_runs_on_a_branch_of_its_own_and_comes_back_to_it(ground: Ground) -> None:
    done = ground.run(work=f"{HELD}; git branch --show-current > branch.txt; pwd > here.txt")
    assert done.stdout == "Done.\n" and done.stderr.count("info/exclude") == 1
    tree = ground.tree()
    assert (tree / "branch.txt").read_text() == "worktree-task\n" and (tree / "here.txt").read_text() == f"{tree}\n"
    assert not (ground.repository.folder / "fresh.txt").exists()
    assert ground.repository.git("status", "--porcelain") == ""
    again = ground.run(work="cp fresh.txt again.txt")
    assert (tree / "again.txt").read_text() == "precious\n" and "info/exclude" not in again.stderr
    rows = json.loads(ground.place.coder("worktree", "list", "--json").stdout)
    assert [(row["name"], row["untracked"]) for row in rows] == [("task", 4)]


@pytest.mark.behaviour("B-1491")
def test_from_inside_a_worktree_another_one_is_made_beside_it(ground: Ground) -> None:
    ground.run(work=HELD, name="one")
    inner = Ground(Place(ground.place.home, ground.tree("one")), ground.repository)
    inner.run(work=HELD, name="two")
    assert (ground.tree("two") / "fresh.txt").exists() and not (ground.tree("one") / ".claude").exists()


@pytest.mark.behaviour("B-1564")
def test_the_branch_of_an_auto_commit_is_named_when_the_worktree_goes(ground: Ground) -> None:
    done = ground.run("--auto-commit", work=HELD)
    left = next(name for name in ground.branches() if name.startswith("coder/"))
    assert done.stderr.endswith(f"is removed, with its branch worktree-task. It was on {left}, which stays.\n")
    assert ground.repository.git("show", f"{left}:fresh.txt") == "precious"
    assert "It was on" not in ground.run().stderr


@pytest.mark.behaviour("B-1491")
def test_without_a_name_it_gets_one(ground: Ground) -> None:
    with fake_api([turn("Hi.")]) as api:
        done = ground.place.coder("-p", "go", "-w", url=api.url)
    assert done.code == 0 and "is removed, with its branch worktree-" in done.stderr
    with fake_api([turn("Hi.")]) as api:
        assert ground.place.coder("-p", "go", "-w", "-c", url=api.url).code == 2


@pytest.mark.behaviour("B-1494")
def test_ignored_files_that_are_named_are_copied_and_keep_nothing(ground: Ground, tmp_path: Path) -> None:
    project = ground.repository.folder
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("SECRET")
    ground.repository.write(".gitignore", ".env*\nbuild/\nway/\nlink\nplain\n")
    ground.repository.write(
        ".worktreeinclude", "# what a test run needs\n.env*\n!.env.old\nREADME.md\nsecret\nlink\nfree.txt\n"
    )
    ground.repository.commit("shop: say what a worktree needs")
    ground.repository.write(".env", "KEY=1\n").chmod(0o640)
    ground.repository.write(".env.old", "KEY=0\n")
    ground.repository.write("plain", "not named\n")
    ground.repository.write("build/.env", "KEY=2\n")
    (project / "link").symlink_to(tmp_path / "outside" / "secret")
    (project / "way").symlink_to(tmp_path / "outside")
    listing = "find . -name .git -prune -o \\( -type f -o -type l \\) -print; stat -c %a .env; cat build/.env"
    with fake_api([turn(tool("Bash", command=listing)), turn("Done.")], allow_violations=True) as api:
        done = ground.place.coder("-p", "go", "--permission-mode", "bypassPermissions", "-w", "task", url=api.url)
    seen = json.dumps(api.requests[-1]["messages"])
    assert "./.env\\n" in seen and "640" in seen and "KEY=2" in seen
    assert not any(name in seen for name in (".env.old", "./plain", "./link", "./way", "SECRET"))
    assert "link (" in done.stderr and "is removed" in done.stderr
    changed = ground.run(work="echo KEY=3 > .env")
    assert "1 ignored file (.env)" in changed.stderr and (project / ".env").read_text() == "KEY=1\n"


@pytest.mark.behaviour("B-1497")
def test_the_settings_of_worktrees_count(ground: Ground) -> None:
    project = ground.repository.folder
    ground.repository.write(".gitignore", "node_modules/\n")
    old = ground.repository.commit("shop: packages are not ours")
    ground.repository.git("branch", "older", old)
    ground.repository.write("new.txt", "new\n")
    ground.repository.commit("shop: new")
    ground.repository.write("node_modules/left/pad.js", "pad\n")
    wanted = {"baseRef": "older", "symlinkDirectories": ["node_modules", "../outside", "shop"], "sparsePaths": ["shop"]}
    settings(ground.place, {}, worktree=wanted)
    done = ground.run(
        work="ls > seen.txt; cat node_modules/left/pad.js >> seen.txt; git status --porcelain >> seen.txt"
    )
    seen = (ground.tree() / "seen.txt").read_text().split()
    assert "pad" in seen and "shop" in seen and "tests" not in seen and "new.txt" not in seen
    assert seen[-2:] == ["??", "seen.txt"]
    assert "../outside is no link" in done.stderr and "shop is no link" in done.stderr
    emptied = ground.run(work="rm seen.txt")
    assert "is removed" in emptied.stderr, emptied.stderr
    assert (project / "node_modules" / "left" / "pad.js").read_text() == "pad\n"
    settings(ground.place, {}, worktree={"baseRef": "--help"})
    assert ground.run().code == 2 and not ground.tree().exists()


@pytest.mark.behaviour("B-1498")
def test_hooks_make_and_remove_it(ground: Ground, tmp_path: Path) -> None:
    told, place = tmp_path / "told", tmp_path / "made by a hook"
    make = (
        f"git worktree add -q -b hooked {shlex.quote(str(place))} >&2 && echo first && echo {shlex.quote(str(place))}"
    )
    drop = f"git worktree remove {shlex.quote(str(place))}"
    hooks = {"WorktreeCreate": [group(keeps(told, make))], "WorktreeRemove": [group(keeps(told, drop))]}
    settings(ground.place, hooks)
    kept = ground.run(work=HELD)
    assert (place / "fresh.txt").exists() and "is kept: 1 untracked file (fresh.txt)" in kept.stderr
    assert not ground.tree().exists()
    gone = ground.run(work="rm fresh.txt")
    assert "is removed" in gone.stderr and not place.exists() and "hooked" in ground.branches()
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    assert [line["hook_event_name"] for line in lines] == ["WorktreeCreate", "WorktreeRemove"]
    assert lines[0]["name"] == "task" and lines[1]["worktree_path"] == str(place)


@pytest.mark.behaviour("B-1498")
@pytest.mark.parametrize("command", ["echo no >&2; exit 1", "exit 3", "echo relative", "true", "echo /no/such/folder"])
def test_a_hook_that_makes_none_is_the_end(ground: Ground, command: str) -> None:
    settings(ground.place, {"WorktreeCreate": [group(command)]})
    done = ground.place.coder("-p", "go", "-w", "task", url=NOBODY)
    assert done.code == 2 and "WorktreeCreate hook" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not ground.tree().exists() and ground.branches() == ["main"]


@pytest.mark.behaviour("B-1499")
@pytest.mark.parametrize("state", ["untrusted", "trusted", "changed"])
def test_trust_goes_by_content(ground: Ground, tmp_path: Path, state: str) -> None:
    ran = tmp_path / "ran"
    file = ground.repository.folder / ".claude" / "settings.json"
    write(file, {"hooks": {"SessionStart": [group(f"touch '{ran}'")]}})
    ground.repository.commit("shop: a hook")
    if state != "untrusted":
        assert ground.place.coder("trust", "add", "--yes").code == 0
    if state == "changed":
        write(file, {"hooks": {"SessionStart": [group(f"touch '{ran}' '{ran}.2'")]}})
        ground.repository.commit("shop: another hook")
    ground.run()
    assert ran.exists() is (state == "trusted")
    trusted = (
        json.loads((ground.place.home / ".coder" / "trust.json").read_text())
        if state != "untrusted"
        else {"folders": {}}
    )
    assert str(ground.tree()) not in trusted["folders"]
    assert (str(ground.repository.folder) in trusted["folders"]) is (state != "untrusted")


@pytest.mark.behaviour("B-1500")
def test_nobody_removes_it_while_a_session_works_there(ground: Ground) -> None:
    ready = ground.place.home / "ready"
    command = f"echo now > '{ready}'; sleep 600"
    args = ("-p", "go", "--permission-mode", "bypassPermissions", "-w", "task")
    with fake_api([turn(tool("Bash", command=command, timeout=600_000))], allow_violations=True) as api:
        process = ground.place.start(*args, url=api.url)
        while not ready.exists():
            assert process.poll() is None
        listed = ground.repository.git("worktree", "list", "--porcelain")
        assert "locked coder session " in listed and f" pid {process.pid}" in listed
        row = json.loads(ground.place.coder("worktree", "list", "--json").stdout)[0]
        assert row["live"] is True and row["left_behind"] is False
        for more in ((), ("--force",)):
            refused = ground.place.coder("worktree", "remove", "task", *more)
            assert refused.code == 2 and "another session works there" in refused.stderr
        with fake_api([turn("Hi.")]) as other:
            beside = ground.place.coder("-p", "go", "-w", "task", url=other.url)
        assert "Another session works in this worktree too" in beside.stderr and "is kept" in beside.stderr
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=DEADLINE)
    assert json.loads(ground.place.coder("worktree", "list", "--json").stdout)[0]["left_behind"] is True
    after = ground.run()
    assert "did not end as it should" in after.stderr and "is removed" in after.stderr


@pytest.mark.behaviour("B-1496")
def test_nobody_is_pulled_the_floor_from_under(ground: Ground) -> None:
    ground.cut(signal.SIGTERM, "true")
    with subprocess.Popen(["sleep", "600"], cwd=ground.tree()) as standing:
        refused = ground.place.coder("worktree", "remove", "task", "--force")
        standing.kill()
    assert refused.code == 2 and f"process {standing.pid} (sleep) works there" in refused.stderr
    assert ground.place.coder("worktree", "remove", "task").code == 0


@pytest.mark.behaviour("B-1490")
def test_of_two_that_hold_the_same_commit_the_last_one_is_kept(ground: Ground) -> None:
    ground.run(work=WORK["committed"], name="one")
    settings(ground.place, {}, worktree={"baseRef": "worktree-one"})
    second = ground.run(name="two")
    assert "is removed" in second.stderr
    ground.run(work="git commit -q --allow-empty -m more -n --author 'A <a@x>' || true; touch x", name="two")
    (ground.tree("two") / "x").unlink()
    ground.repository.git("-C", str(ground.tree("two")), "reset", "-q", "--hard", "worktree-one")
    first, last = (ground.place.coder("worktree", "remove", name) for name in ("one", "two"))
    assert sorted((first.code, last.code))[-1] == 2 and "precious" in ground.repository.git("log", "--all", "-p")


@pytest.mark.behaviour("B-1501")
def test_a_session_goes_on_where_it_was(ground: Ground) -> None:
    ground.run("-n", "Prices of the shop", work=HELD)
    with fake_api([turn("Again.")]) as api:
        again = ground.place.coder(
            "worktree", "resume", "task", "-p", "and now?", "--output-format", "json", url=api.url
        )
    assert again.code == 0 and json.loads(again.stdout)["result"] == "Again."
    assert len(api.requests[0]["messages"]) > 2 and len(ground.place.transcripts()) == 1
    assert "Prices of the shop" in ground.place.coder("worktree", "list").stdout
    with fake_api([turn("Found.")]) as api:
        found = ground.place.coder("-p", "go", "-r", "Prices of the shop", url=api.url)
    assert found.stdout == "Found.\n" and len(api.requests[0]["messages"]) > 4
    assert ground.place.coder("worktree", "resume", "nothing", "-p", "x").code == 2


@pytest.mark.behaviour("B-1491")
def test_paths_of_the_command_line_mean_what_they_mean_where_they_are_typed(ground: Ground) -> None:
    ground.repository.write("deny.json", json.dumps({"permissions": {"deny": ["Bash"]}}))
    done = ground.run("--settings", "deny.json", work="touch ran")
    assert done.stdout == "Done.\n" and not (ground.tree() / "ran").exists() and "is removed" in done.stderr


@pytest.mark.behaviour("B-1503")
def test_the_local_settings_of_the_main_checkout_count(ground: Ground) -> None:
    local = ground.repository.folder / ".coder" / "settings.local.json"
    ground.repository.write(".gitignore", ".coder/\n")
    ground.repository.commit("shop: coder is mine")
    write(local, {"permissions": {"deny": ["Bash(touch denied*)"], "allow": ["Bash(touch *)"]}})
    calls = [turn(tool("Bash", command="touch denied.txt"), tool("Bash", command="touch allowed.txt")), turn("Done.")]

    def ran() -> set[str]:
        with fake_api(calls, allow_violations=True) as api:
            ground.place.coder("-p", "go", "-w", "task", url=api.url)
        return {path.name for path in ground.tree().glob("*ed.txt")}

    assert ran() == set()
    assert ground.place.coder("trust", "add", "--yes").code == 0
    assert ran() == {"allowed.txt"}


@pytest.mark.behaviour("B-1503")
def test_a_folder_that_only_claims_to_be_a_worktree_gets_nothing(ground: Ground, tmp_path: Path) -> None:
    write(ground.repository.folder / ".coder" / "settings.local.json", {"permissions": {"allow": ["Bash(touch *)"]}})
    assert ground.place.coder("trust", "add", "--yes").code == 0
    ground.run(work=HELD)
    claims = tmp_path / "claims"
    claims.mkdir()
    (claims / ".git").write_text((ground.tree() / ".git").read_text())
    hostile = Place(ground.place.home, claims)
    with fake_api([turn(tool("Bash", command="touch ran")), turn("Done.")], allow_violations=True) as api:
        hostile.coder("-p", "go", url=api.url)
    assert not (claims / "ran").exists()
    refused = hostile.coder("-p", "go", "-w", "task", url=NOBODY)
    assert refused.code == 2 and "knows nothing of this folder" in refused.stderr


@pytest.mark.behaviour("B-1498")
def test_a_hook_is_told_of_a_removal_by_command(ground: Ground, tmp_path: Path) -> None:
    ground.cut(signal.SIGTERM, "true")
    settings(ground.place, {"WorktreeRemove": [group(keeps(tmp_path / "told"))]})
    assert ground.place.coder("worktree", "remove", "task").code == 0
    assert json.loads((tmp_path / "told").read_text())["worktree_path"] == str(ground.tree())
    assert not ground.tree().exists()


@pytest.mark.behaviour("B-1491")
def test_the_memory_of_the_repository_is_read_once(ground: Ground) -> None:
    ground.repository.write("CLAUDE.md", "REMEMBER-ONCE\n")
    ground.repository.commit("shop: what to remember")
    ground.repository.write("CLAUDE.local.md", "MINE-ALONE\n")
    with fake_api([turn("Hi.")]) as api:
        ground.place.coder("-p", "go", "-w", "task", url=api.url)
    sent = json.dumps(api.requests[0])
    assert sent.count("REMEMBER-ONCE") == 1 and sent.count("MINE-ALONE") == 1
