from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from coder.core.tools import Fetches, Mode, Reads, Writes
from coder.permissions.command import Command, Word
from coder.permissions.decide import Decision
from coder.permissions.splitting import split_rules
from coder.permissions.suggest import command_rule
from tests.support.policy import Policy, policy, project


@pytest.mark.behaviour("B-378")
@pytest.mark.parametrize(
    ("command", "rules"),
    [
        ("python -m pytest -q tests", ("Bash(python -m pytest *)",)),
        ("pytest -q", ("Bash(pytest *)",)),
        ("git commit -m x", ("Bash(git commit *)",)),
        ("npm run build && npm test", ("Bash(npm run build *)", "Bash(npm test *)")),
        ("timeout 5 npm test", ("Bash(npm test *)",)),
        ("make", ("Bash(make *)",)),
        ("uv run pytest -q", ("Bash(uv run pytest *)",)),
        ("python tool.py x", ("Bash(python tool.py *)",)),
        ("git add a && git commit -m x && git add b", ("Bash(git add *)", "Bash(git commit *)")),
        # Word for word, where a prefix would open too much.
        ("python -c 'print(1)'", ("Bash(python -c 'print(1)')",)),
        ("bash run.sh", ("Bash(bash run.sh *)",)),
        ("bash -c ls", ("Bash(bash -c ls)",)),
        ("uv run python x", ("Bash(uv run python x)",)),
        ("sudo make", ("Bash(sudo make)",)),
        ("npx tsc", ("Bash(npx tsc)",)),
        ("rm a", ("Bash(rm a)",)),
        ("curl https://x.y", ("Bash(curl https://x.y)",)),
        ("sort -o a a", ("Bash(sort -o a a)",)),
        ("git config user.name x", ("Bash(git config user.name x)",)),
        ("git branch new", ("Bash(git branch new)",)),
        ("LD_PRELOAD=x make", ("Bash(LD_PRELOAD=x make)",)),
        ("echo $((a[0]))", ("Bash(echo $((a[0])))",)),
        # Nothing, where no rule would be narrow.
        ("rm *.o", ()),
        ("for f in a; do\nls\ndone", ()),
        ("a; b; c; d; e; f", ()),
        ("coproc x " + "y" * 400, ()),
    ],
)
def test_suggestions_are_as_narrow_as_the_command_is_dangerous(
    tmp_path: Path, command: str, rules: tuple[str, ...]
) -> None:
    assert policy(project(tmp_path)).bash(command).suggestions == rules


def test_a_suggested_rule_allows_what_it_was_made_for_and_no_interpreter(tmp_path: Path) -> None:
    for head in ("python3", "node", "bash", "sudo", "xargs", "env", "eval", "ssh"):
        words = tuple(Word(text, text) for text in (head, "-x", "y"))
        assert command_rule(Command(words)) == f"Bash({head} -x y)"


def test_paths_and_hosts_are_suggested_too(tmp_path: Path) -> None:
    judge = policy(project(tmp_path))
    assert judge.read("/opt/a[1] b.txt").suggestions == ("Read(//opt/a\\[1\\]\\ b.txt)",)
    assert judge.fetch("https://Docs.X.org/a").suggestions == ("WebFetch(domain:docs.x.org)",)


def applied(judge: Policy, remedy: str) -> Policy:
    """The policy with the flags of a remedy added, as the command line would."""
    words = shlex.split(remedy)
    allow: list[str] = []
    mode: Mode = judge.mode
    folders: list[Path] = []
    for flag, value in zip(words[::2], words[1::2], strict=True):
        match flag:
            case "--allowedTools":
                allow += split_rules(value)
            case "--add-dir":
                folders.append(Path(value))
            case "--permission-mode":
                assert value in ("default", "acceptEdits")
                mode = "acceptEdits" if value == "acceptEdits" else "default"
            case _:
                raise AssertionError(flag)
    world = replace(judge.world, roots=(*judge.world.roots, *folders))
    return policy(world, mode, allow=allow)


def ask(judge: Policy, what: str) -> Decision:
    kind, _, value = what.partition(":")
    match kind:
        case "read":
            return judge.call("Read", Reads((judge.root / value,)))
        case "write":
            return judge.call("Write", Writes((judge.root / value,)))
        case "fetch":
            return judge.call("WebFetch", Fetches(value))
        case _:
            return judge.bash(value)


@pytest.mark.behaviour("B-379")
@pytest.mark.parametrize("mode", ["default", "plan", "dontAsk"])
@pytest.mark.parametrize(
    "what",
    [
        "bash:python -m pytest -q",
        "bash:npm run build && npm test > log.txt",
        "bash:mkdir -p a && touch a/b",
        "bash:echo x > y",
        "bash:cat /opt/x/y",
        "bash:coproc ls",
        "bash:python -c 'print(\"$x\")'",
        "bash:FOO=1 make",
        "read:/opt/x/y",
        "read:../z",
        "read:/top",
        "write:a",
        "write:/opt/x/y",
        "fetch:https://x.org/",
    ],
)
def test_the_remedy_is_what_would_have_allowed_it(tmp_path: Path, what: str, mode: Mode) -> None:
    judge = policy(project(tmp_path), mode)
    refused = ask(judge, what)
    assert refused.verdict in ("ask", "deny")
    assert refused.remedy
    assert ask(applied(judge, refused.remedy), what).verdict == "allow", refused.remedy


def test_the_remedy_of_the_issue_reads_as_written(tmp_path: Path) -> None:
    judge = policy(project(tmp_path))
    assert judge.bash("python -m pytest").remedy == '--allowedTools "Bash(python -m pytest *)"'
    assert judge.write("a").remedy == "--permission-mode acceptEdits"
    assert judge.read("/opt/x/y").remedy == "--add-dir /opt/x"
    assert judge.read("/opt/x y/z").remedy == '--add-dir "/opt/x y"'


def test_a_denial_by_rule_has_no_remedy(tmp_path: Path) -> None:
    assert policy(project(tmp_path), deny=["Bash(ls *)"]).bash("ls").remedy == ""
