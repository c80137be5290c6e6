from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from coder.core.tools import Calls, Decides, Internal, Mode
from coder.permissions.decide import Verdict
from tests.support.policy import policy, project


@pytest.mark.behaviour("B-371")
@pytest.mark.parametrize(
    ("command", "default", "accept", "plan", "dont_ask", "bypass"),
    [
        ("ls", "allow", "allow", "allow", "allow", "allow"),
        ("cat /etc/passwd", "ask", "ask", "ask", "deny", "allow"),
        ("make", "ask", "ask", "deny", "deny", "allow"),
        ("mkdir -p a/b", "ask", "allow", "deny", "deny", "allow"),
        ("touch a", "ask", "allow", "deny", "deny", "allow"),
        ("rm a b", "ask", "allow", "deny", "deny", "allow"),
        ("rm -rf build", "ask", "allow", "deny", "deny", "allow"),
        ("rmdir a", "ask", "allow", "deny", "deny", "allow"),
        ("mv a b", "ask", "allow", "deny", "deny", "allow"),
        ("cp a b", "ask", "allow", "deny", "deny", "allow"),
        ("cp -r a b", "ask", "allow", "deny", "deny", "allow"),
        ("sed -i s/a/b/ f", "ask", "allow", "deny", "deny", "allow"),
        ("sed -i.bak -e 's|a|b|' f", "ask", "allow", "deny", "deny", "allow"),
        ("LANG=C timeout 5 touch a", "ask", "allow", "deny", "deny", "allow"),
        ("echo x > a", "ask", "allow", "deny", "deny", "allow"),
        ("ls >> a 2>&1", "ask", "allow", "deny", "deny", "allow"),
        ("mkdir ../a", "ask", "ask", "deny", "deny", "allow"),
        ("cp /etc/passwd a", "ask", "ask", "deny", "deny", "allow"),
        ("touch .git/x", "ask", "ask", "deny", "deny", "allow"),
        ("cp a .mcp.json", "ask", "ask", "deny", "deny", "allow"),
        ("sed -i.json s/a/b/ .mcp", "ask", "ask", "deny", "deny", "allow"),
        ("sed -i '1w x' f", "ask", "ask", "deny", "deny", "allow"),
        ("rm *.o", "ask", "ask", "deny", "deny", "allow"),
        ("cp --backup a b", "ask", "ask", "deny", "deny", "allow"),
        ("PATH=. touch a", "ask", "ask", "deny", "deny", "allow"),
        ("make && touch a", "ask", "ask", "deny", "deny", "allow"),
        ("coproc ls", "ask", "ask", "deny", "deny", "allow"),
        ("echo $HOME", "allow", "allow", "allow", "allow", "allow"),
        ("rm -rf ~", "ask", "ask", "ask", "deny", "ask"),
    ],
)
def test_each_mode_answers_as_promised(
    tmp_path: Path, command: str, default: str, accept: str, plan: str, dont_ask: str, bypass: str
) -> None:
    world = project(tmp_path)
    answers = {mode: policy(world, mode).bash(command).verdict for mode in get_args(Mode)}
    expected = {"default": default, "acceptEdits": accept, "plan": plan, "dontAsk": dont_ask}
    assert answers == {**expected, "bypassPermissions": bypass}


def test_edits_follow_the_mode(tmp_path: Path) -> None:
    world = project(tmp_path)
    answers = {mode: policy(world, mode).write("a").verdict for mode in get_args(Mode)}
    expected: dict[str, Verdict] = {"default": "ask", "acceptEdits": "allow", "plan": "deny", "dontAsk": "deny"}
    assert answers == {**expected, "bypassPermissions": "allow"}


@pytest.mark.behaviour("B-1756")
def test_pages_and_searches_are_asked_about_and_are_reading_in_every_mode(tmp_path: Path) -> None:
    world = project(tmp_path)
    for mode, verdict in {"default": "ask", "acceptEdits": "ask", "plan": "ask", "dontAsk": "deny"}.items():
        judge = policy(world, mode)  # type: ignore[arg-type]  # the keys are modes
        page, search = judge.fetch("https://docs.python.org/3/?q=a"), judge.call("WebSearch", Calls("", "WebSearch"))
        assert (page.verdict, search.verdict) == (verdict, verdict)
        assert page.read_only and search.read_only and not page.changes and not search.changes
    assert search.suggestions == ("WebSearch",) and page.suggestions == ("WebFetch(domain:docs.python.org)",)
    allowed = policy(world, "plan", allow=["WebSearch", "WebFetch(domain:docs.python.org)"])
    assert allowed.call("WebSearch", Calls("", "WebSearch")).verdict == "allow"
    assert allowed.fetch("https://docs.python.org/3/").verdict == "allow"
    assert policy(world, "plan").call("mcp__a__b", Calls("a", "b")).verdict == "deny"
    assert policy(world, "plan").call("Other", Calls("", "Other")).verdict == "deny"


@pytest.mark.behaviour("B-372")
def test_deny_beats_ask_and_ask_beats_allow_from_any_scope(tmp_path: Path) -> None:
    world = project(tmp_path)
    for mode in get_args(Mode):
        everything = policy(world, mode, allow=["Bash(ls *)", "Bash"], ask=["Bash(ls *)"], deny=["Bash(ls -la)"])
        assert everything.bash("ls -la").verdict == "deny"
        assert everything.bash("ls").verdict == ("deny" if mode == "dontAsk" else "ask")
        assert everything.bash("pwd").verdict == "allow"


@pytest.mark.behaviour("B-373")
def test_bypass_still_asks_when_a_deny_rule_might_hide_in_what_is_not_understood(tmp_path: Path) -> None:
    world = project(tmp_path)
    hidden = "$(make name) a"
    assert policy(world, "bypassPermissions").bash(hidden).verdict == "allow"
    assert policy(world, "bypassPermissions", deny=["Bash(rm *)"]).bash(hidden).verdict == "ask"
    assert policy(world, "bypassPermissions", ask=["Bash(rm *)"]).bash(hidden).verdict == "ask"
    assert policy(world, "bypassPermissions", deny=["WebFetch"]).bash(hidden).verdict == "allow"
    assert policy(world, "bypassPermissions", deny=["Bash(rm *)"]).bash("x=rm; $x a").verdict == "deny"
    assert policy(world, "bypassPermissions", deny=["Bash(rm *)"]).bash("make all").verdict == "allow"


@pytest.mark.behaviour("B-374")
def test_a_plan_is_put_to_the_person_in_every_mode_but_bypass(tmp_path: Path) -> None:
    world = project(tmp_path)
    answers = {
        mode: policy(world, mode, allow=["ExitPlanMode"]).call("ExitPlanMode", Decides()).verdict
        for mode in get_args(Mode)
    }
    expected = {"default": "ask", "acceptEdits": "ask", "plan": "ask", "dontAsk": "deny", "bypassPermissions": "allow"}
    assert answers == expected


def test_the_sessions_own_state_needs_no_question_but_obeys_deny_rules(tmp_path: Path) -> None:
    world = project(tmp_path)
    for mode in get_args(Mode):
        decision = policy(world, mode).call("TodoWrite", Internal())
        assert (decision.verdict, decision.read_only) == ("allow", True)
        assert policy(world, mode, deny=["TodoWrite"]).call("TodoWrite", Internal()).verdict == "deny"


def test_a_tool_on_a_server_asks_and_plan_mode_refuses_it(tmp_path: Path) -> None:
    world = project(tmp_path)
    asked = policy(world).call("mcp__db__drop", Calls("db", "drop"))
    assert (asked.verdict, asked.read_only) == ("ask", False)
    assert asked.remedy == "--allowedTools mcp__db__drop"
    assert policy(world, "plan", allow=["mcp__db"]).call("mcp__db__drop", Calls("db", "drop")).verdict == "deny"


@pytest.mark.behaviour("B-375")
@pytest.mark.parametrize(
    "command",
    [
        "rm -rf /",
        "rm -rf /*",
        "rm -rf /usr",
        "rm -rf /us*",
        "rm -rf ~",
        "rm -f ~/",
        "rm -rf ~/*",
        "rm -rf .",
        "rm -rf ./",
        "rm -rf ..",
        "rm -rf ../..",
        "rm -rf *",
        "rm -rf ./*",
        "rm -rf .??*",
        "rm -rf tests/ plan/ ~/",
        'rm -rf "$HOME"',
        "rm -rf $(echo ~)",
        "rm -rf `pwd`/..",
        'rm -rf "$DIR"/*',
        "rm -rf ${X}",
        "rm -rf ~root",
        "rm -rf .git",
        "rm -rf here",
        "rmdir ..",
        "sudo rm -rf /",
        "bash -c 'rm -rf ~'",
        "echo x; (rm -rf ~)",
        "echo $(rm -rf ~)",
        "ls | xargs rm -rf ~",
        "npx rm -rf .",
        "find . -delete",
        "find . -name '*.pyc' -delete",
        "find . -type f -exec rm {} +",
        "rm -rf ../other",
        "rm -rf $x",
        "rm -rf $(echo ~)",
        "rm -rf `pwd`/..",
        'rm -rf "$HOME"',
        "dd if=a of=b",
        "shred a",
        "git reset --hard",
        "git checkout .",
        "git stash drop",
        "git push origin :main",
        "git push $(echo --force)",
        "git reflog expire --all",
        "psql -c 'DROP TABLE users'",
        "terraform destroy -auto-approve",
        "python3 -c \"import shutil; shutil.rmtree('/')\"",
        "find / -name x -exec rm -rf / +",
        "find ~ -exec rm -rf {} +",
        "chmod -R 777 /",
        "chown -R me ~",
        "dd if=x of=/dev/sda",
        "mkfs.ext4 /dev/sda1",
        "git clean -fdx",
        "git push --force",
        "git push -f origin main",
        "git push origin +main",
        "git -C sub push --force-with-lease",
        "cd sub && rm -rf ..",
    ],
)
def test_what_cannot_be_undone_asks_in_every_mode(tmp_path: Path, command: str) -> None:
    world = project(tmp_path)
    (world.cwd / "here").symlink_to(".")
    for mode in ("default", "acceptEdits", "bypassPermissions"):
        decision = policy(world, mode, allow=["Bash"]).bash(command)
        assert decision.verdict == "ask", mode
        assert (decision.suggestions, decision.remedy) == ((), "")
    assert policy(world, "dontAsk", allow=["Bash"]).bash(command).verdict == "deny"


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf build",
        "rm -rf ./dist/*",
        "rm -f a.txt *.pyc",
        'rm "$x"',
        "echo rm -rf /",
        "git commit -m 'rm -rf /'",
        "git push origin main",
        "git clean -n",
        "git commit -m 'push -f'",
        "dd if=a of=/dev/null",
        "chmod -R u+x bin",
        "rm '~'",
    ],
)
def test_ordinary_deletions_run_in_bypass(tmp_path: Path, command: str) -> None:
    assert policy(project(tmp_path), "bypassPermissions").bash(command).verdict == "allow"


def test_a_file_named_tilde_is_pointed_out(tmp_path: Path) -> None:
    decision = policy(project(tmp_path), "bypassPermissions").bash("rm -f ~/")
    assert "./~" in decision.reasons[0].text


@pytest.mark.behaviour("B-376")
@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("echo $((x))", "arithmetic"),
        ("make && ls", "make"),
        ("cat /etc/passwd", "/etc/passwd is outside the working directories"),
        ("FOO=1 ls", "FOO"),
        ("rm -rf ~", "your home folder"),
        ("touch .git/x", ".git"),
        ("ls \u202e", "U+202E"),
    ],
)
def test_every_question_names_the_part_that_needs_it(tmp_path: Path, command: str, part: str) -> None:
    decision = policy(project(tmp_path)).bash(command)
    assert decision.verdict == "ask"
    assert part in " ".join(reason.text for reason in decision.reasons)


def test_a_rule_that_decides_is_quoted_with_its_file(tmp_path: Path) -> None:
    for decision in (
        policy(project(tmp_path), deny=["Bash(rm *)"]).bash("rm x"),
        policy(project(tmp_path), allow=["Bash(rm *)"]).bash("rm x"),
    ):
        (reason,) = decision.reasons
        assert (reason.kind, reason.source) == ("rule", "Bash(rm *)")
        assert "Bash(rm *) in settings.json" in reason.text
        assert "rm x" in reason.text


@pytest.mark.behaviour("B-377")
def test_deciding_loads_neither_grammar_nor_patterns_before_they_are_needed() -> None:
    program = """
import sys
from pathlib import Path
from coder.permissions.decide import decide
from tests.support.policy import policy
from coder.permissions.world import LocalWorld
heavy = lambda: sorted({"tree_sitter", "tree_sitter_bash", "pathspec"} & set(sys.modules))
here = Path("/nowhere")
judge = policy(LocalWorld(here, (here,), here, here / "c"), allow=["Bash(ls *)", "Read(src/**)"])
judge.read("a")
judge.bash("coproc not plain")
print(heavy())
judge.bash("ls")
print(heavy())
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env={**os.environ}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "['tree_sitter', 'tree_sitter_bash']"]


def test_a_folder_is_copied_unasked_when_nothing_in_it_is_protected_or_kept_from_being_read(tmp_path: Path) -> None:
    world = project(tmp_path)
    for name in ("plain/sub/a.txt", "tools/.vscode/tasks.json", "secrets/deep/.env"):
        (world.cwd / name).parent.mkdir(parents=True)
        (world.cwd / name).touch()
    judge = policy(world, "acceptEdits", deny=["Read(.env)"])
    assert judge.bash("cp -r plain copy").verdict == "allow"
    assert judge.bash("cp -a tools copy").verdict == "ask"
    assert judge.bash("cp --recursive secrets copy").verdict == "ask"
    for number in range(10_100):
        (world.cwd / "plain" / str(number)).touch()
    assert judge.bash("cp -r plain copy").verdict == "ask"
