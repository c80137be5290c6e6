"""The same command in other words: never more is allowed than in plain ones."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.core.tools import MODES, Mode
from coder.permissions.decide import Verdict
from coder.permissions.world import LocalWorld
from tests.support.policy import policy, project

EXAMPLES = 4_000 if os.environ.get("CODER_FUZZ") == "long" else 200
RANK: dict[Verdict, int] = {"deny": 0, "ask": 1, "allow": 2}
laws = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

COMMANDS = [
    "rm a", "rm -rf ~", "rm -rf .git", "git push origin main", "git push -f", "git clean -fdx", "cat .env",
    "cat /etc/passwd", "touch a", "tee .git/x", "npm test", "make all", "curl x", "ls", "cat a", "git log -1",
    "find . -delete", "sed -i s/a/b/ a",
]  # fmt: skip
Rewrite = Callable[[list[str]], str]
# What bash takes for the same command, and what runs it some other way. Words come in as the program gets them.
EQUAL: dict[str, Rewrite] = {
    "double quotes": lambda words: " ".join(f'"{word}"' if "~" not in word else word for word in words),
    "escapes": lambda words: " ".join("".join(f"\\{c}" for c in w) if "~" not in w else w for w in words),
    "empty quotes": lambda words: " ".join(f"{w[:1]}''{w[1:]}" if "~" not in w else w for w in words),
    "blanks": lambda words: "\t  ".join(words) + "  ",
    "continued": lambda words: " \\\n  ".join(words),
    "listed": lambda words: f"true && {shlex.join(words) if '~' not in str(words) else ' '.join(words)}",
    "variable": lambda words: f"w={words[0]}; $w {' '.join(words[1:])}",
    "last word": lambda words: f"w={words[-1]}; {' '.join(words[:-1])} $w" if "~" not in words[-1] else " ".join(words),
    "loop": lambda words: f"for w in {words[-1]}; do {' '.join(words[:-1])} $w; done",
    "echoed": lambda words: f"$(echo {words[0]}) {' '.join(words[1:])}",
    "group": lambda words: f"{{ {' '.join(words)}; }}",
    "subshell": lambda words: f"({' '.join(words)})",
    "background": lambda words: f"{' '.join(words)} &",
    "if": lambda words: f"if true; then {' '.join(words)}; fi",
    "comment": lambda words: f"{' '.join(words)} # ls",
    "piped": lambda words: f"ls | {' '.join(words)}",
    "substituted": lambda words: f'echo "$({" ".join(words)})"',
}
ELSEHOW: dict[str, Rewrite] = {
    "folder": lambda words: f"/bin/{' '.join(words)}",
    "environment": lambda words: f"FOO=1 {' '.join(words)}",
    "timeout": lambda words: f"timeout 5 {' '.join(words)}",
    "command": lambda words: f"command {' '.join(words)}",
    "env": lambda words: f"env {' '.join(words)}",
    "sudo": lambda words: f"sudo {' '.join(words)}",
    "bash -c": lambda words: f"bash -c {shlex.quote(' '.join(words))}",
    "eval": lambda words: f"eval {shlex.quote(' '.join(words))}",
    "fed": lambda words: f"echo {shlex.quote(' '.join(words))} | sh",
    "here": lambda words: f"bash <<E\n{' '.join(words)}\nE",
    "xargs": lambda words: f"echo {words[-1]} | xargs {' '.join(words[:-1])}",
    "function": lambda words: f"f() {{ {' '.join(words)}; }}; f",
    "coproc": lambda words: f"coproc {' '.join(words)}",
    "arithmetic": lambda words: f"echo $((a[$({' '.join(words)})]))",
    "backquotes": lambda words: f"echo `{' '.join(words)}`",
    "printed": lambda words: f"$(printf '%s' {words[0]}) {' '.join(words[1:])}",
}
rules = st.lists(
    st.sampled_from(["Bash(rm *)", "Bash(git push *)", "Bash(cat *)", "Bash(* a)", "Bash(npm test *)", "Read(.env)"]),
    max_size=3,
    unique=True,
)


@pytest.fixture(scope="module")
def world() -> Iterator[LocalWorld]:
    with tempfile.TemporaryDirectory() as folder:
        made = project(Path(folder).resolve())
        for name in ("a", ".env"):
            (made.cwd / name).touch()
        yield made


@pytest.mark.behaviour("B-388")
@laws
@given(
    command=st.sampled_from(COMMANDS),
    rewriting=st.sampled_from(sorted(EQUAL)),
    mode=st.sampled_from(MODES),
    ask=rules,
    deny=rules,
)
def test_what_bash_takes_for_the_same_is_never_permitted_more(
    world: LocalWorld, command: str, rewriting: str, mode: Mode, ask: list[str], deny: list[str]
) -> None:
    judge = policy(world, mode, ask=ask, deny=deny)
    rewritten = EQUAL[rewriting](command.split())
    before, after = judge.bash(command).verdict, judge.bash(rewritten).verdict
    # What plan mode refuses may become a question by a rule that might be about it, never a leave.
    assert RANK[after] <= RANK[before] or (mode == "plan" and after == "ask"), rewritten


@pytest.mark.behaviour("B-388")
@laws
@given(
    command=st.sampled_from(COMMANDS),
    rewriting=st.sampled_from(sorted(ELSEHOW)),
    mode=st.sampled_from(MODES),
    ask=rules,
    deny=rules,
)
def test_a_command_run_some_other_way_is_never_allowed_where_it_was_not(
    world: LocalWorld, command: str, rewriting: str, mode: Mode, ask: list[str], deny: list[str]
) -> None:
    judge = policy(world, mode, ask=ask, deny=deny)
    rewritten = ELSEHOW[rewriting](command.split())
    if judge.bash(command).verdict != "allow":
        assert judge.bash(rewritten).verdict != "allow", rewritten
