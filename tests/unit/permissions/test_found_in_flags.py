"""Holes a red team found in the flags and operands of known commands, each beside the everyday form next to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coder.core.tools import Mode
from tests.support.policy import Policy, policy, project

WRITES_OR_RUNS = (
    r"""
git log -1 -U --output=../.bashrc --format='tformat:touch PWN'
git diff --unified --output=x
git show --format --output=x
git reflog --format --output=x
git log --max-parents --output=x
git log --min-parents --output=x
git diff-tree --format --output=x HEAD
git rev-list -L --output=x HEAD
git rev-list --decorate-refs --output=x HEAD
git rev-list --decorate-refs-exclude --output=x HEAD
git blame --abbrev --contents a
git log --author --output=x
git log --format=%GS
git show -s --format='%-GG'
git log --pretty=format:%GK
git for-each-ref --format='%(signature:grade)'
git branch --format '%(*signature)'
xxd -ps a.txt PWN
xxd -an a.txt PWN
xxd -r a.txt
diffstat a.gz
printf '%ln' 'a[$(touch x)]'
printf '%hhn' 'a[$(touch x)]'
printf '%5zn' 'a[$(touch x)]'
printf '%s%n' *.txt
rustc --print=cfg=PWN
rustc --print cfg=PWN
terraform --version
pnpm --version
jq -n '$ ENV.KEY'
jq -n '$ __prog_args'
jq -n '$#
ENV'
sed -n -e 1p -e 'w PWN'
sed -n '1p;w PWN'
sed 's/a/b/;e id'
git submodule update
git config get --edit
""".strip()
    .replace("$#\nENV", "$#\0ENV")
    .split("\n")
)

READS_ELSEWHERE = r"""
read n <<< '1 ../x'; head -n$n a.txt
read n <<< '1 ../x'; head --lines=$n a.txt
read n; grep -e$n a.txt
tail -c+$(cat list) a.txt
grep "$(printf %s -R)" here out
grep "$PATTERN_SET_BY_READ" here; read x; grep "$x" here out
grep -hv out/*
tac -s out/*
tac -sx out/*
awk 1 -F ../x
find . -type f -o -name '*' -exec cat {} +
find . -not -type f -exec cat {} +
find . \( -type f , -true \) -exec cat {} +
find . -exec cat {} \; -type f
find . -type f -exec grep -R x {} /etc \;
find in -type f -exec cat {} in/{} \;
find out -exec cat {} +
find in -type f -exec ls -RL out {} +
diff -N out in
diff out in
du -aL .
ls -RL
ls -L out
tree -l
fd -L x
grep one *
grep one ./* *
git grep --untracked x -- ':/'
git grep x -- ':(top)'
git grep x -- ':(icase,top)*'
git show heads/main:../x
git log -L1,1:../x
git diff -U ../x
git diff --unified ../x
git log --format ../x
""".strip().splitlines()

EVERYDAY = r"""
git diff -U10
git diff --unified=5
git diff -U 3
git log --format=%h -5
git log --format='- %s'
git log --pretty=format:'%h %s' --author me
git blame --abbrev=8 a.txt
git rev-list --max-parents=0 HEAD
git log --decorate-refs 'refs/tags/*'
git branch --format '%(refname:short)'
git grep x -- ':!*.lock' ':(exclude)b'
git ls-files -- ':/*'
git log -L1,3:a.txt
git config get user.name
git submodule status
xxd -l 16 -s 4 a.txt
xxd -p
diff a.txt b.txt | diffstat
diff -u a.txt b.txt
diff -r in in
printf '%s\n' *.txt
rustc --print cfg
jq '.a[] | select(.b > 1)' a.json
sed -n '10,20p;20q' a.txt
sed -e 's/a/b/' -e 's/c;d/e/g' a.txt
sed 's/a/b/; s/c/d/' a.txt
awk -F: -v x=1 '{print $1}' a.txt
find . -type f -name '*.txt' -exec cat {} +
find in -exec grep -l x '{}' \;
read p; grep -e "$p" a.txt; grep -- "$p" a.txt; grep "^$p" a.txt
read n; head -n "$n" a.txt
grep -r --include=*.py x in
grep x *.txt
grep x -- *.txt
ls -laR in
du -sh in
rg -g '*.py' x
""".strip().splitlines()


def here(tmp_path: Path, mode: Mode = "default", **rules: list[str]) -> Policy:
    world = project(tmp_path)
    for name in ("in", "out", "nested/.git", "sub"):
        (world.cwd / name).mkdir(parents=True)
    for name in ("a.txt", "b.txt", "here", "in/x.txt", "sub/c.txt", "secret/k.txt"):
        (world.cwd / name).parent.mkdir(exist_ok=True)
        (world.cwd / name).touch()
    (world.cwd / "out" / "a.txt").symlink_to("/etc/passwd")
    return policy(replace(world, environment={}), mode, **rules)


@pytest.mark.parametrize("command", WRITES_OR_RUNS)
def test_a_flag_is_read_as_the_program_reads_it(tmp_path: Path, command: str) -> None:
    assert here(tmp_path).bash(command.replace("\0", "\n")).verdict == "ask"


@pytest.mark.parametrize("command", READS_ELSEWHERE)
def test_what_may_be_a_flag_or_lead_out_asks(tmp_path: Path, command: str) -> None:
    assert here(tmp_path).bash(command).verdict == "ask"


@pytest.mark.parametrize("command", EVERYDAY)
def test_the_everyday_form_beside_it_needs_no_question(tmp_path: Path, command: str) -> None:
    world = project(tmp_path)
    for name in ("a.txt", "b.txt", "in/x.txt"):
        (world.cwd / name).parent.mkdir(exist_ok=True)
        (world.cwd / name).touch()
    (world.cwd / ".venv").mkdir()
    (world.cwd / ".venv" / "python").symlink_to("/usr/bin/python3")
    decision = policy(world).bash(command)
    assert decision.verdict == "allow", decision.reasons


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        ("cp a.txt out", "ask"),
        ("mv a.txt out", "ask"),
        ("cp in/../a.txt out/", "ask"),
        ("cp -r in/x.txt a.txt out", "ask"),
        ("cp a.txt in", "allow"),
        ("cp a.txt new", "allow"),
        ("cp -r in copy", "allow"),
        ("mv a.txt new.txt", "allow"),
        ("rm -rf nested", "ask"),
        ("mv nested n2", "ask"),
        ("mv out o2 && cp a.txt o2", "ask"),
        ("cp -r out o2", "ask"),
        ("rm -rf out", "allow"),
        ("rm -rf in", "allow"),
        ("rm a.txt", "allow"),
    ],
)
def test_a_folder_is_changed_with_all_that_is_in_it(tmp_path: Path, command: str, verdict: str) -> None:
    decision = here(tmp_path, "acceptEdits").bash(command)
    assert decision.verdict == verdict, decision.reasons


@pytest.mark.parametrize("deny", ["Edit(/sub/c.txt)", "Read(/sub/c.txt)"])
@pytest.mark.parametrize("command", ["rm -rf sub", "mv sub pub", "mv sub in", "cp -r in/. sub"])
def test_a_kept_file_keeps_its_folder(tmp_path: Path, command: str, deny: str) -> None:
    assert here(tmp_path, "acceptEdits", deny=[deny]).bash(command).verdict != "allow"


@pytest.mark.parametrize(
    ("command", "kept", "allowed"),
    [
        ("rg -nuu x", ".env", False),
        ("rg --hidden x", ".env", False),
        ("rg -g .env x", ".env", False),
        ("rg --iglob .env x", ".env", False),
        ("rg --type-add x:.env -tx x", ".env", False),
        ("rg -n x", ".env", True),
        ("git show heads/main:a.txt", "a.txt", False),
        ("git show :0:a.txt", "a.txt", False),
        ("git show 'HEAD^{/x:y}:a.txt'", "a.txt", False),
        ("git cat-file -p heads/main:a.txt", "a.txt", False),
        ("git log -L1,1:a.txt", "a.txt", False),
        ("git diff -- ':(top)a.txt'", "a.txt", False),
        ("git diff -- ':/a.txt'", "a.txt", False),
        ("git cat-file --batch", ".env", False),
        ("git grep x", "a.txt", False),
        ("git show HEAD:b.txt", "a.txt", True),
        ("diff sub in", "sub/c.txt", False),
        ("diff a.txt b.txt", "sub/c.txt", True),
        ("grep one *", "sub/c.txt", False),
        ("grep one *.txt", "sub/c.txt", True),
    ],
)
def test_a_file_that_may_not_be_read_is_not_read_by_another_name(
    tmp_path: Path, command: str, kept: str, allowed: bool
) -> None:
    decision = here(tmp_path, deny=[f"Read({kept})"]).bash(command)
    assert (decision.verdict == "allow") is allowed, decision.reasons


@pytest.mark.behaviour("B-390")
@pytest.mark.parametrize(
    "command", ["git log -p --submodule=diff", "git show --submodule=diff", "git diff --submodule=d a b"]
)
def test_what_runs_git_inside_a_submodule_asks(tmp_path: Path, command: str) -> None:
    assert policy(project(tmp_path)).bash(command).verdict == "ask"
    assert policy(project(tmp_path)).bash("git diff --submodule=log").verdict == "allow"


@pytest.mark.behaviour("B-390")
@pytest.mark.parametrize(
    "spelling", ["/proc/self/cwd", "/proc/thread-self/cwd", "//proc/./self//cwd", "/proc/1/task/1/cwd"]
)
def test_the_folder_of_a_process_is_the_one_the_command_runs_in(tmp_path: Path, spelling: str) -> None:
    judge = here(tmp_path, deny=["Read(sub/.env)"])
    (judge.world.cwd / "sub" / ".env").touch()
    assert judge.bash(f"cd sub && cat {spelling}/.env").verdict == "deny"
    assert judge.bash(f"cat {spelling.replace('cwd', 'root')}/etc/passwd").verdict == "ask"


@pytest.mark.behaviour("B-390")
def test_a_prefix_rule_for_coder_itself_changes_no_rules(tmp_path: Path) -> None:
    judge = here(tmp_path, allow=["Bash(coder *)"])
    for command in ("coder permissions add Bash --user", "coder trust add --yes", "coder config set model x"):
        assert judge.bash(command).verdict == "ask", command
    assert (
        here(tmp_path / "b", allow=["Bash(coder config set model x)"]).bash("coder config set model x").verdict
        == "allow"
    )


@pytest.mark.behaviour("B-390")
def test_a_file_name_never_becomes_a_second_rule(tmp_path: Path) -> None:
    decision = policy(project(tmp_path)).read(str(tmp_path / "notes),Bash,b(c"))
    assert decision.verdict == "ask"
    assert not any("Bash" in rule for rule in decision.suggestions)
    assert "Bash" not in decision.reasons[0].text.partition("notes")[0]


@pytest.mark.behaviour("B-390")
def test_a_deny_rule_makes_no_question_of_what_plan_mode_refuses(tmp_path: Path) -> None:
    for rules in ([], ["Read(.env)"]):
        judge = here(tmp_path / str(len(rules)), "plan", deny=rules)
        assert judge.bash("git push origin main && grep -r x .").verdict == "deny"


@pytest.mark.behaviour("B-390")
def test_a_long_rule_cannot_fill_the_screen(tmp_path: Path) -> None:
    decision = here(tmp_path, ask=[f"Edit([!# all is checked, press 1 {'x' * 30_000} ]*)"]).write("a.txt")
    assert decision.verdict == "ask"
    assert len(decision.reasons[0].text) < 400
