from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from coder.core.config import RuleText
from coder.core.messages import ToolUse
from coder.core.tools import Reads, Writes
from coder.permissions.decide import decide
from coder.permissions.rules import parse_rules
from tests.support.policy import folding, policy, project


@pytest.mark.behaviour("B-366")
def test_reads_inside_are_free_and_reads_outside_ask(tmp_path: Path) -> None:
    judge = policy(project(tmp_path))
    inside, outside = judge.read("src/a.py"), judge.read("../other/a.py")
    assert (inside.verdict, inside.read_only) == ("allow", True)
    assert (outside.verdict, outside.read_only) == ("ask", True)
    assert judge.read(f"../{judge.root.name}-evil/a.py").verdict == "ask"
    assert judge.read("/etc/passwd", tool="Grep").verdict == "ask"


def test_added_and_readable_folders_are_inside(tmp_path: Path) -> None:
    world = project(tmp_path)
    extra, spill = tmp_path / "extra", world.config_home / "spill"
    judge = policy(replace(world, roots=(*world.roots, extra), readable=(spill,)), "acceptEdits")
    assert judge.read(str(extra / "a")).verdict == "allow"
    assert judge.write(str(extra / "a")).verdict == "allow"
    assert judge.read(str(spill / "out.txt")).verdict == "allow"
    assert judge.write(str(spill / "out.txt")).verdict == "ask"
    assert judge.bash(f"tail -n 5 {spill}/out.txt").verdict == "allow"


@pytest.mark.behaviour("B-367")
def test_a_link_must_be_allowed_by_its_name_and_by_its_target(tmp_path: Path) -> None:
    world = project(tmp_path)
    (world.cwd / "out").symlink_to(tmp_path)
    (world.cwd / "dangling").symlink_to(tmp_path / "missing")
    (tmp_path / "in").symlink_to(world.cwd)
    judge = policy(world, "acceptEdits")
    assert judge.read("out/x").verdict == "ask"
    assert judge.write("out/new/x").verdict == "ask"
    assert judge.write("dangling").verdict == "ask"
    assert judge.read(str(tmp_path / "in" / "a")).verdict == "ask"
    assert judge.bash("cat out/x").verdict == "ask"
    assert judge.bash("cat out/../x").verdict == "ask"
    by_name = policy(world, allow=["Edit(out/**)"])
    assert by_name.write("out/x").verdict == "ask"


def test_a_start_folder_spelled_through_a_link_is_still_the_start_folder(tmp_path: Path) -> None:
    world = project(tmp_path)
    (tmp_path / "short").symlink_to(world.cwd)
    typed = replace(world, cwd=tmp_path / "short", roots=(tmp_path / "short",))
    judge = policy(typed, "acceptEdits", deny=["Read(.env)"])
    assert judge.read("a").verdict == "allow"
    assert judge.read(str(world.cwd / "a")).verdict == "allow"
    assert judge.write("a").verdict == "allow"
    assert judge.read(str(world.cwd / ".env")).verdict == "deny"


@pytest.mark.behaviour("B-368")
@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        "sub/.git/hooks/x",
        ".GIT/config",
        ".vscode/tasks.json",
        ".claude/settings.json",
        ".coder/settings.json",
        ".config/git/config",
        ".mcp.json",
        "sub/.npmrc",
        ".bashrc",
        "lefthook.yml",
        "gitlink/config",
        ".claude/worktrees/a/.git/x",
        "../.coder/settings.json",
    ],
)
def test_protected_paths_ask_whatever_is_allowed(tmp_path: Path, path: str) -> None:
    world = project(tmp_path)
    (world.cwd / "gitlink").symlink_to(".git")
    judge = policy(replace(world, roots=(*world.roots, world.home)), "acceptEdits", allow=["Edit", "Edit(//**)"])
    decision = judge.write(path)
    assert decision.verdict == "ask"
    assert "protected" in decision.reasons[0].text
    assert decision.remedy == ""
    assert replace(judge, mode="dontAsk").write(path).verdict == "deny"
    assert replace(judge, mode="bypassPermissions").write(path).verdict == "allow"
    assert judge.bash(f"touch {path}").verdict == "ask"
    assert judge.bash(f"echo x > {path}").verdict == "ask"


@pytest.mark.parametrize("path", [".gitignore", "src/git/x", ".github/x.yml", ".claude/worktrees/a/src/x", "claude/x"])
def test_their_neighbours_are_not_protected(tmp_path: Path, path: str) -> None:
    assert policy(project(tmp_path), "acceptEdits").write(path).verdict == "allow"


def test_our_own_settings_are_not_read_unasked_even_from_home(tmp_path: Path) -> None:
    world = project(tmp_path)
    judge = policy(replace(world, cwd=world.home, roots=(world.home,)), "acceptEdits")
    assert judge.read(".coder/credentials.json").verdict == "ask"
    assert judge.read("work/a").verdict == "allow"
    inside = replace(world, config_home=world.home)
    assert policy(inside, "acceptEdits").write("a").verdict == "allow"


Verdict = Literal["allow", "ask", "deny"]


@pytest.mark.behaviour("B-369")
@pytest.mark.parametrize(
    ("rule", "path", "allowed"),
    [
        ("Edit(src/**)", "src/a/b.py", True),
        ("Edit(src/**)", "lib/src/b.py", False),
        ("Edit(./src/**)", "src/b.py", True),
        ("Edit(/src/**)", "src/b.py", True),
        ("Edit(*.py)", "a/b/c.py", True),
        ("Edit(docs/*.md)", "docs/a.md", True),
        ("Edit(docs/*.md)", "docs/x/a.md", False),
        ("Edit(docs/**/*.md)", "docs/x/y/a.md", True),
        ("Edit(~/work/a.py)", "a.py", True),
        ("Edit(~/other/**)", "a.py", False),
        ("Edit(//tmp/**)", "a.py", None),
        ("Edit(a.py)", "sub/a.py", True),
        ("Edit(/a.py)", "sub/a.py", False),
        ("Edit(#a)", "#a", True),
        ("Edit", "a.py", True),
        ("Edit(*)", "a.py", True),
        ("Write", "a.py", False),
        ("Read(src/**)", "src/a.py", False),
    ],
)
def test_path_rules_are_gitignore_patterns_with_anchors(
    tmp_path: Path, rule: str, path: str, allowed: bool | None
) -> None:
    judge = policy(project(tmp_path), allow=[rule])
    expected = str(tmp_path).startswith("/tmp/") if allowed is None else allowed
    assert (judge.write(path).verdict == "allow") is expected


@pytest.mark.parametrize(
    ("rule", "path", "denied"),
    [
        ("Read(src/**)", "lib/src/b.py", True),
        ("Read(.env)", "a/.env", True),
        ("Read(./.env)", "a/.env", True),
        ("Read(/.env)", "a/.env", False),
        ("Read(.env)", ".env.example", False),
        ("Read(secrets/)", "secrets/a", True),
        ("Read(secrets/**)", "secrets", True),
        ("Read(**/*.pem)", "a/b.pem", True),
        ("Read(~/.ssh/**)", "../.ssh/id", True),
        ("Read(~/.ssh/**)", "../.ssh", True),
        ("Read(//**)", "a", True),
    ],
)
def test_deny_rules_reach_wider_than_allow_rules(tmp_path: Path, rule: str, path: str, denied: bool) -> None:
    judge = policy(project(tmp_path), deny=[rule])
    assert (judge.read(path).verdict == "deny") is denied
    assert (judge.read(path, tool="Grep").verdict == "deny") is denied


@pytest.mark.behaviour("B-370")
def test_what_may_not_be_read_may_not_be_edited_either(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), "bypassPermissions", deny=["Read(.env)"])
    assert judge.write(".env").verdict == "deny"
    assert judge.write(".env", tool="Write").verdict == "deny"
    assert judge.write(".env", tool="NotebookEdit").verdict == "allow"


def test_leave_to_edit_is_leave_to_read(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), allow=["Edit(//opt/x/**)"])
    assert judge.read("/opt/x/a").verdict == "allow"


def test_a_rule_speaks_of_the_family_of_its_tool(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), "acceptEdits", deny=["Edit", "Grep"])
    assert judge.write("a", tool="Write").verdict == "deny"
    assert judge.bash("echo x > a").verdict == "deny"
    assert judge.read("a", tool="Grep").verdict == "deny"
    assert judge.read("a").verdict == "allow"


def test_slash_rules_start_at_the_folder_of_their_settings_file(tmp_path: Path) -> None:
    world = project(tmp_path)
    base = tmp_path / "elsewhere"
    rules, _ = parse_rules([RuleText("Edit(/out/**)", "allow", "user", "x", base)])
    for path, expected in ((base / "out" / "a", "allow"), (world.cwd / "out" / "a", "ask")):
        decision = decide(ToolUse("t", "Edit", {}), Writes((path,)), rules, "default", world)
        assert decision.verdict == expected


def test_a_deny_rule_ignores_case_where_the_disk_does(tmp_path: Path) -> None:
    world = project(tmp_path)
    assert policy(world, deny=["Read(Secret.txt)"]).read("SECRET.TXT").verdict == "allow"
    blind = folding(world)
    assert policy(blind, deny=["Read(Secret.txt)"]).read("SECRET.TXT").verdict == "deny"
    assert policy(blind, deny=["Bash(rm *)"]).bash("RM x").verdict == "deny"


def test_odd_names_are_judged_and_never_raise(tmp_path: Path) -> None:
    world = project(tmp_path)
    (world.cwd / "loop").symlink_to("loop")
    judge = policy(world, deny=["Read(.env)"])
    for name in ("a\0b", "\ud800", "loop", "loop/x", "a" * 5000, "[", "\n", "a\\"):
        call, path = ToolUse("t", "Read", {}), Path(f"{world.cwd}/{name}")
        assert decide(call, Reads((path,)), judge.rules, "default", world).verdict in ("allow", "ask")
        assert decide(call, Writes((path,)), judge.rules, "default", world).verdict == "ask"


def test_several_paths_are_judged_by_the_worst(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), deny=["Read(.env)"])
    call = ToolUse("t", "Read", {})
    for names, expected in ((["a", "/etc/x"], "ask"), (["/etc/x", ".env"], "deny"), (["a", "b"], "allow")):
        paths = tuple(judge.root / name for name in names)
        assert decide(call, Reads(paths), judge.rules, "default", judge.world).verdict == expected


def test_tools_that_read_whole_folders_can_ask_which_files_to_leave_out(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), deny=["Read(.env)", "Bash(rm *)"])
    assert judge.rules.denied_reads(judge.world) == ((judge.root, ".env"),)


@pytest.mark.behaviour("B-390")
def test_what_holds_protected_files_is_not_moved_as_a_whole(tmp_path: Path) -> None:
    world = project(tmp_path)
    world = replace(world, config_home=world.cwd / "tools" / "cfg")
    (world.cwd / "tools" / "cfg").mkdir(parents=True)
    (world.cwd / "t2" / "cfg").mkdir(parents=True)
    judge = policy(world, "acceptEdits")
    for command in ("mv tools old", "mv t2 tools", "rm -r tools", "mv .config .c2", "mv .c3 .config"):
        assert judge.bash(command).verdict == "ask", command
    assert judge.bash("mkdir -p t2/sub && touch t2/x").verdict == "allow"
    assert judge.bash("mkdir -p .config2").verdict == "allow"
