"""Ways past the gate that were found by reading it, with the everyday form beside each that must stay free."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coder.core.tools import Mode
from tests.support.policy import Policy, policy, project

SEC = "../private/secret.txt"

ASK = [
    # expansions, here-documents
    "cat <<EOF\nhello\n\\\\$\\\\$(touch PWN)\nEOF",
    "cat ${x:-~}/private/secret.txt",
    "cat ${HOME:+~}/private/secret.txt",
    f"x=; cat ${{x-sub/}}{SEC}",
    "x=; cat ${x+../private/}secret.txt",
    f"cat x$PS4{SEC}",
    f"cat \"$(echo '{SEC}\n')\"",
    f"cat $(git describe --always --dirty=' {SEC}')",
    f"cat $(git rev-list -1 --pretty=format:{SEC} HEAD)",
    f"cat $(git log -1 --format=%H --line-prefix='{SEC} ')",
    "cat $(git rev-parse secret/token.txt)",
    'cat "$(git branch --show-current)"',
    "false; cat $?",
    # the flow of the shell
    "! cd .. || cat secret.txt",
    f"x=a; for i in 1 2; do cat $x; x={SEC}; continue; x=a; done",
    f"x=a; for i in 1; do x={SEC}; break; x=a; done; cat $x",
    f"x=a; while true; do x={SEC}; break; x=a; done; cat $x",
    f"y=a; for f in *.txt; do cat $y; y={SEC}; done",
    "for f in *.txt; do cat secret.txt; cd ..; done",
    f"x=a; x={SEC} y=$x; cat $y",
    f"x={SEC}; x=a && true & cat $x",
    f"x=a; time read x <<< {SEC}; cat $x",
    f"builtin read z <<< {SEC}; cat $z",
    f"command read z <<< {SEC}; cat $z",
    "printf -v z x; cat $z",
    "set -x; ls $z; set -- a b",
    # lists of names
    f"find . -maxdepth 0 -exec echo --files0-from={SEC} {{}} ';' | xargs -n1 wc",
    f"git diff --name-only --line-prefix='--files0-from={SEC} ' | xargs -n1 wc",
    f"find sub | grep -l --label=--files0-from={SEC} . | xargs -n1 wc",
    "echo types/../../private/secret.txt | xargs -I{} cat @{}",
    "echo 'text,env' | xargs -I{} jq -n @{}",
    "cat list | xargs wc -l",
]
FREE = [
    "cat <<EOF\ncosts \\$5, not $x or \\\\\nEOF",
    "cat ${x:-a}/b",
    "git diff ${BASE:-HEAD~1}",
    "x=a; cat ${x-b}",
    "git log $(git describe --tags --abbrev=0)..HEAD",
    'git show "$(git rev-parse HEAD)"',
    "[ $? -eq 0 ] && echo fine",
    "! grep -q x a && echo none",
    "for f in a b; do [ -f $f ] || continue; cat $f; done",
    "while read -r line; do echo $line; done < a",
    "x=a y=$x; cat $y",
    "sleep 1 & cat a",
    "set -euo pipefail; cat a",
    "git ls-files | xargs wc -l",
    "find . -name '*.py' | xargs grep x",
    "for f in $(git ls-files); do head -1 $f; done",
    "cat $(git ls-files '*.md')",
    "git log -1 --format=%at | xargs -I{} date -d @{}",
]


@pytest.fixture
def judge(tmp_path: Path) -> Policy:
    world = project(tmp_path)
    for path in (world.cwd / "a.txt", world.home / "private" / "secret.txt"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return policy(world)


@pytest.mark.behaviour("B-390")
@pytest.mark.parametrize("command", ASK)
def test_a_way_past_the_gate_is_closed(judge: Policy, command: str) -> None:
    assert judge.bash(command).verdict == "ask"


@pytest.mark.behaviour("B-390")
@pytest.mark.parametrize("command", FREE)
def test_the_everyday_form_beside_it_is_free(judge: Policy, command: str) -> None:
    assert judge.bash(command).verdict == "allow"


@pytest.mark.parametrize("name", ["-x", "--files0-from=b", "sub/a b", "sub/it's", "sub/out"])
def test_a_name_that_is_a_trap_makes_what_goes_by_names_ask(tmp_path: Path, name: str) -> None:
    world = project(tmp_path)
    (world.cwd / "sub").mkdir()
    judge = policy(world)
    commands = ["git ls-files | xargs cat", "wc -l $(find .)", "for f in $(ls); do cat $f; done"]
    assert [judge.bash(command).verdict for command in commands] == ["allow"] * 3
    if name.endswith("out"):
        (world.cwd / name).symlink_to("/etc")
    else:
        (world.cwd / name).touch()
    assert [judge.bash(command).verdict for command in commands] == ["ask"] * 3
    whole = policy(world).bash("git ls-files -z | xargs -0 cat").verdict
    assert whole == ("allow" if " " in name or "'" in name else "ask")


@pytest.mark.parametrize(
    "command",
    [
        "env -0",
        "/usr/bin/env",
        "/usr/bin/printenv",
        'x=$API_TOKEN; echo "$x"',
        'for i in "$API_TOKEN"; do echo "$i"; done',
        '[[ $API_TOKEN =~ .* ]]; echo "$BASH_REMATCH"',
    ],
)
def test_a_secret_of_the_environment_takes_no_detour(tmp_path: Path, command: str) -> None:
    world = replace(project(tmp_path), environment={"API_TOKEN": "s3cr3t"})
    decision = policy(world).bash(command)
    assert decision.verdict == "ask"
    assert "s3cr3t" not in str(decision)
    assert policy(world).bash('[ -n "$API_TOKEN" ] && echo set').verdict == "allow"


@pytest.mark.parametrize(
    ("command", "mode", "allow"),
    [
        ("! cd .git || rm config", "acceptEdits", ()),
        ("if ! cd .git; then :; else touch hooks/pre-commit; fi", "acceptEdits", ()),
        ("rm ${x:-~}/private/secret.txt", "acceptEdits", ()),
        ("x=; cp a.txt ${x+.git/hooks/}pre-commit", "acceptEdits", ()),
        ('x=a.txt; for f in *.txt; do touch "$x"; x=../new; done', "acceptEdits", ()),
        ("echo | xargs find . -maxdepth 0 -exec evil ';'", "default", ("Bash(find *)", "Bash(echo *)")),
        ("timeout 5 find . -exec evil ';'", "default", ("Bash(timeout *)",)),
        ("x=; find . -maxdepth 0 ${x+-exec} evil ';'", "default", ("Bash(find . *)",)),
        ("x=; rm -rf ${x:-~}", "bypassPermissions", ()),
        ("! cd .. || rm -rf work", "bypassPermissions", ()),
    ],
)
def test_no_mode_and_no_rule_opens_them(tmp_path: Path, command: str, mode: Mode, allow: tuple[str, ...]) -> None:
    world = project(tmp_path)
    (world.cwd / "a.txt").touch()
    assert policy(world, mode, allow=allow).bash(command).verdict == "ask"
