from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import pytest

from tests.support.policy import policy, project

Expected = Literal["allow", "ask", "deny"]


def verdict(
    folder: Path, command: str, *, allow: Iterable[str] = (), ask: Iterable[str] = (), deny: Iterable[str] = ()
) -> str:
    return policy(project(folder), allow=allow, ask=ask, deny=deny).bash(command).verdict


@pytest.mark.behaviour("B-355")
@pytest.mark.parametrize(
    ("rules", "command", "expected"),
    [
        ("git *", "git pull && git status", "allow"),
        ("ls *", "ls; curl x", "ask"),
        ("ls *", "ls | sh", "ask"),
        ("ls *", "ls & sh", "ask"),
        ("ls *", "ls\nsh", "ask"),
        ("ls *", "ls || curl x", "ask"),
        ("ls *", "ls |& sh", "ask"),
        ("ls *", "ls $(curl x)", "ask"),
        ("git commit *", 'git   commit -m "fix #12"', "allow"),
        ("echo *", "echo x > ~/.bashrc", "ask"),
        ("echo *", "echo x > out.txt", "ask"),
        ("echo *", "echo x > /dev/null", "allow"),
        ("grep *", "grep x . 2>/dev/null", "allow"),
        ("npm test *", "timeout 30 npm test", "allow"),
        ("npm test *", "nohup nice -n 5 npm test --all", "allow"),
        ("npm test *", "time npm test", "allow"),
        ("npm test *", "timeout --unknown 30 npm test", "ask"),
        ("npm test *", "sudo npm test", "ask"),
        ("find *", "find . -exec rm {} \\;", "ask"),
        ("find *", "find . -name x -delete", "ask"),
        ("find *", "find src -fprint out", "ask"),
        ("watch *", "watch rm x", "ask"),
        ("npx *", "npx rm -rf .", "ask"),
        ("devbox run *", "devbox run rm -rf .", "ask"),
    ],
)
def test_every_part_of_a_command_needs_its_own_leave(
    tmp_path: Path, rules: str, command: str, expected: Expected
) -> None:
    assert verdict(tmp_path, command, allow=[f"Bash({rules})"]) == expected


@pytest.mark.behaviour("B-356")
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("CI=1 make", "allow"),
        ("LC_ALL=C NO_COLOR=1 make x", "allow"),
        ("LD_PRELOAD=./x.so make", "ask"),
        ("PATH=. make", "ask"),
        ("AWS_PROFILE=p make", "ask"),
        ("LANG=/tmp/x make", "ask"),
        ("GIT_PAGER=cat git log", "allow"),
        ("GIT_PAGER=sh git log", "ask"),
        ("PATH=. ls", "ask"),
        ("PATH=.", "ask"),
        ("PATH=.; make", "ask"),
        ("GIT_EXTERNAL_DIFF=x; make", "ask"),
        ("IFS=x; make", "ask"),
        ("count=1; make", "allow"),
    ],
)
def test_only_harmless_variables_may_stand_in_front(tmp_path: Path, command: str, expected: Expected) -> None:
    assert verdict(tmp_path, command, allow=["Bash(make *)"]) == expected


@pytest.mark.behaviour("B-357")
@pytest.mark.parametrize(
    "command",
    [
        "rm x",
        "FOO=bar rm -rf tmp/",
        "LD_PRELOAD=x rm y",
        "ls && rm x",
        "ls | xargs rm",
        "xargs -I{} rm {}",
        "sudo -u bob rm x",
        "env A=1 B=2 rm x",
        "timeout -k 5 10 rm x",
        "nohup nice rm x",
        "/bin/rm x",
        "\\rm x",
        "r''m x",
        "r\\\nm -rf x",
        "command rm x",
        "find . -name y -exec rm {} +",
        "bash -c 'ls; rm x'",
        'sh -c "rm x"',
        "eval 'rm x'",
        "echo $(rm x)",
        "echo `rm x`",
        'echo "$(rm x)"',
        "cat <(rm x)",
        "for f in *; do rm $f; done",
        "if true; then rm x; fi",
        "(cd sub; rm x)",
        "{ rm x; }",
        "f() { rm x; }; f",
        "rm x &",
        "true; ! rm x",
        "a=$(rm x)",
        "rm $x",
        "cat <<E\n$(rm x)\nE",
        "echo ${x:-$(rm y)}",
        "ls\rrm x; rm x",
        "ssh host 'rm x'",
        "sudo sudo sudo sudo sudo rm x",
        "bash -c \"bash -c 'rm x'\"",
    ],
)
def test_a_denied_command_is_found_wherever_it_stands(tmp_path: Path, command: str) -> None:
    world = project(tmp_path)
    assert policy(world, deny=["Bash(rm *)"]).bash(command).verdict == "deny"
    assert policy(world, "bypassPermissions", deny=["Bash(rm *)"]).bash(command).verdict == "deny"


@pytest.mark.parametrize(
    "command", ["echo rm x", "git commit -m 'rm x'", "grep 'rm ' a", "ls rm", "# rm x\nls", "rmdir x"]
)
def test_a_denied_name_in_the_words_of_another_command_is_not_denied(tmp_path: Path, command: str) -> None:
    assert verdict(tmp_path, command, deny=["Bash(rm *)"]) != "deny"


def test_ask_rules_are_heard_in_every_mode_and_in_parts_not_understood(tmp_path: Path) -> None:
    world = project(tmp_path)
    rules = {"allow": ["Bash(cat *)", "Bash(some-script *)"], "ask": ["Bash(some-script *)"]}
    for mode in ("default", "acceptEdits", "bypassPermissions"):
        judge = policy(world, mode, **rules)
        assert judge.bash("cat <<'EOF' | some-script\nx\nEOF").verdict == "ask"
        assert judge.bash("some-script").verdict == "ask"
    assert policy(world, "dontAsk", **rules).bash("some-script").verdict == "deny"


@pytest.mark.behaviour("B-358")
def test_a_command_not_understood_runs_only_by_its_exact_text_or_a_bare_rule(tmp_path: Path) -> None:
    world = project(tmp_path)
    loop = "coproc echo a"
    assert policy(world, allow=["Bash(coproc *)", "Bash(echo *)"]).bash(loop).verdict == "ask"
    assert policy(world, allow=[f"Bash({loop})"]).bash(loop).verdict == "allow"
    assert policy(world, allow=[f"Bash({loop})"]).bash(loop + " ").verdict == "allow"
    assert policy(world, allow=["Bash"]).bash(loop).verdict == "allow"
    assert policy(world, allow=["Bash"], deny=["Bash(echo *)"]).bash(loop).verdict == "deny"
    assert policy(world, allow=["Bash"]).bash("coproc echo $x > .git/config").verdict == "ask"


@pytest.mark.behaviour("B-359")
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cat .env", "deny"),
        ("cat ./sub/../.env", "deny"),
        ("sudo cat .env", "deny"),
        ("head -n 1 .env | wc", "deny"),
        ("grep -f .env a", "deny"),
        ("wc -l < .env", "deny"),
        ("cat --odd .env", "deny"),
        ("cat sub/.env", "deny"),
        ("cp .env x", "deny"),
        ("cat link", "deny"),
        ("echo $X; cat .env", "deny"),
        ("git show HEAD:.env", "deny"),
        ("cat .env.example", "allow"),
        ("ls -la", "allow"),
        ("ls .env", "allow"),
        ("rg word", "allow"),
        ("cat *", "deny"),
        ("cat *.md", "allow"),
        ("rg --hidden word", "ask"),
        ("grep -r word .", "ask"),
        ("cat .e*", "deny"),
        ("cat none/.e*", "ask"),
    ],
)
def test_a_read_deny_rule_reaches_the_file_commands_of_the_shell(
    tmp_path: Path, command: str, expected: Expected
) -> None:
    world = project(tmp_path)
    (world.cwd / ".env").write_text("KEY=1", encoding="utf-8")
    (world.cwd / "link").symlink_to(".env")
    assert policy(world, deny=["Read(.env)"]).bash(command).verdict == expected


@pytest.mark.parametrize(
    "command", ["echo x > a.lock", "tee a.lock", "sed -i s/a/b/ a.lock", "echo $X >> a.lock", "rm a.lock"]
)
def test_an_edit_deny_rule_reaches_the_shell(tmp_path: Path, command: str) -> None:
    judge = policy(project(tmp_path), "bypassPermissions", deny=["Edit(*.lock)"])
    assert judge.bash(command).verdict == "deny"


def test_no_rule_about_files_is_asked_about_the_null_device(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), deny=["Edit"])
    assert judge.bash("ls missing 2>/dev/null").verdict == "allow"
    assert judge.bash("ls > all.txt").verdict == judge.bash("ls 2>/dev/null > all.txt").verdict == "deny"


def test_an_edit_allow_rule_lets_a_redirect_write(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), allow=["Edit(out/**)"])
    assert judge.bash("echo x > out/log.txt").verdict == "allow"
    assert judge.bash("echo x > out/../other.txt").verdict == "ask"
    assert judge.bash("echo x > out/.git/config").verdict == "ask"


@pytest.mark.behaviour("B-360")
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cd sub && ls", "allow"),
        ("cd sub && cat ../a.txt", "allow"),
        ("cd sub && cat ../../x", "ask"),
        ("cd sub; cat ../a.txt", "ask"),
        ("cd sub || cat ../a.txt", "ask"),
        ("cd sub | cat ../a.txt", "ask"),
        ("cd sub && cd .. && cat a.txt", "allow"),
        ("cd ..", "ask"),
        ("cd", "ask"),
        ("cd -", "ask"),
        ("cd ~", "ask"),
        ("cd /etc && ls", "ask"),
        ("cd sub && git log", "ask"),
        ("cd sub; git log", "ask"),
        ("cd . && git log", "allow"),
        ("cd out && cat x", "ask"),
        ("cd sub && echo x > y", "ask"),
    ],
)
def test_a_change_of_folder_is_followed(tmp_path: Path, command: str, expected: Expected) -> None:
    world = project(tmp_path)
    (world.cwd / "sub").mkdir()
    (world.cwd / "out").symlink_to(tmp_path)
    judge = policy(world, "acceptEdits", allow=["Bash(git log *)", "Bash(cd:*)"] if "git log" in command else [])
    assert judge.bash(command).verdict == expected


@pytest.mark.parametrize(
    "command",
    [
        *("cd -P /etc && cat passwd", "pushd /etc && cat passwd", "command cd /etc && cat passwd", "cd && cat a"),
        *("cd - && cat a", "builtin cd /etc; cat passwd", "timeout 5 cd sub && cat ../a"),
        "; ".join(["cd sub"] * 9) + "; cat a",
    ],
)
def test_leave_to_cd_is_no_leave_to_read_wherever_it_went(tmp_path: Path, command: str) -> None:
    rules = ["Bash(cd *)", "Bash(pushd *)", "Bash(command *)", "Bash(builtin *)", "Bash(timeout *)"]
    assert policy(project(tmp_path), allow=rules).bash(command).verdict == "ask"


def test_each_part_is_judged_from_the_folder_it_runs_in(tmp_path: Path) -> None:
    world = project(tmp_path)
    anchored = policy(world, deny=["Read(/.env)"])
    assert anchored.bash("cat .env && cd sub").verdict == "deny"
    assert anchored.bash("cd sub && cat ../.env").verdict == "deny"
    assert anchored.bash("cd sub && cat .env").verdict == "allow"
    bypass = policy(world, "bypassPermissions")
    assert bypass.bash("cd build && rm -rf *").verdict == "allow"
    assert bypass.bash("cd build; rm -rf *").verdict == "ask"
    assert bypass.bash("cd build && rm -rf ../*").verdict == "ask"
    assert bypass.bash("(cd /; rm -rf usr)").verdict == "ask"


def test_going_to_the_folder_we_are_in_is_no_change(tmp_path: Path) -> None:
    world = project(tmp_path)
    assert policy(world).bash(f"cd {world.cwd} && git status").verdict == "allow"
