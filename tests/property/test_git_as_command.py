"""Whatever the rules and the mode, the Git tool may do what the same command may do in a shell, no more, no less."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.choices import MODES
from coder.core.dataclass import dataclass
from coder.core.messages import ToolUse
from coder.core.tools import Mode, Runs
from coder.permissions.decide import Decision, decide
from coder.permissions.rules import Rules, parse_rules
from coder.permissions.world import LocalWorld
from coder.tools.git.changer import Changer
from coder.tools.git.changing import changing
from coder.tools.git.verb import GitParams
from coder.workspace.local import LocalWorkspace
from tests.support.policy import texts

TOP = Path("/nowhere/project")
VERBS = changing(Changer("5e551000", dict, str, lambda repository: True))
WORKSPACE = LocalWorkspace(TOP, (), {})

words = st.text(st.sampled_from("ab.-*/ '\"$`\\\n;&|(){}~#é"), max_size=8)
names = st.one_of(st.sampled_from(["main", "topic", "-f", "--force", "@{-1}", "."]), words)
params = st.builds(
    GitParams,
    action=st.sampled_from(list(VERBS)),
    paths=st.lists(st.one_of(st.sampled_from(["a.py", ".", ".env", "-A"]), words), max_size=2).map(tuple),
    rev=st.none() | names | st.sampled_from(["stash@{0}", "stash@{1}"]),
    base=st.none() | names,
    message=st.none() | words,
    create=st.booleans(),
    amend=st.booleans(),
)
BASH = (
    *("Bash", "Bash(git *)", "Bash(git commit *)", "Bash(git add *)", "Bash(git add -- a.py)", "Bash(git stash *)"),
    *("Bash(git switch *)", "Bash(git stash pop)", "Bash(git commit --amend *)", "Bash(rm *)", "Bash(git commit -m *)"),
    *("Read(.env)", "Edit(.env)", "Read(**)", "Edit", "WebFetch", "Bash(git restore *)"),
)
rules = st.lists(st.sampled_from(BASH), max_size=3)


@dataclass(frozen=True, slots=True)
class World(LocalWorld):
    """Two stashes: the newest by hand, the other of this session."""

    def stashes(self, folder: Path) -> tuple[tuple[str, bool], ...]:
        return ("WIP on main: by hand", False), ("On main: coder 5e551000: x", True)


WORLD = World(TOP, (TOP,), Path("/nowhere/home"), Path("/nowhere/home/.coder"))


def parsed(allow: list[str], ask: list[str], deny: list[str]) -> Rules:
    return parse_rules(texts(TOP, allow=allow, ask=ask, deny=deny))[0]


def by_tool(wanted: GitParams, held: Rules, mode: Mode, *more: str) -> Decision:
    access = VERBS[wanted.action].access(wanted, WORKSPACE)
    call = ToolUse("t", "Git", {"action": wanted.action, "amend": wanted.amend})
    return decide(call, access, held, mode, WORLD)


@pytest.mark.behaviour("B-1430")
@given(params, rules, rules, rules, st.sampled_from(MODES))
def test_the_verdict_is_that_of_the_same_command(
    wanted: GitParams, allow: list[str], ask: list[str], deny: list[str], mode: Mode
) -> None:
    held = parsed(allow, ask, deny)
    access = VERBS[wanted.action].access(wanted, WORKSPACE)
    assert isinstance(access, Runs)
    shell = decide(ToolUse("t", "Bash", {"command": access.command}), access, held, mode, WORLD)
    assert by_tool(wanted, held, mode) == shell
    assert shell.changes
    if mode == "plan":
        assert shell.verdict != "allow"


@pytest.mark.behaviour("B-1431")
@given(params, rules, rules, rules, st.sampled_from(MODES), st.sampled_from(["Git", "*", "Git(action:*)", "G*"]))
def test_a_rule_about_the_tool_counts_as_one_about_every_command(
    wanted: GitParams, allow: list[str], ask: list[str], deny: list[str], mode: Mode, rule: str
) -> None:
    assert by_tool(wanted, parsed(allow, ask, [*deny, rule]), mode).verdict == "deny"
    asked = by_tool(wanted, parsed(allow, [*ask, rule], deny), mode).verdict
    assert asked in ("ask", "deny")
    if not deny and mode != "dontAsk":
        assert asked == "ask"
    both = (parsed([*allow, name], ask, deny) for name in ("Git", "Bash"))
    assert len({by_tool(wanted, held, mode).verdict for held in both}) == 1


@given(params, st.sampled_from(["add", "commit", "switch", "stash"]))
def test_a_rule_for_one_action_counts_for_that_one(wanted: GitParams, action: str) -> None:
    for rule in (f"Git({action} *)", f"Git(action:{action})"):
        verdict = by_tool(wanted, parsed(["Bash"], [], [rule]), "bypassPermissions").verdict
        command = VERBS[wanted.action].access(wanted, WORKSPACE)
        named = wanted.action == action or (rule.endswith("*)") and f"git {action} " in f"{command} ")
        assert verdict == "deny" if named else verdict != "deny"


@given(params, st.sampled_from(["default", "acceptEdits"]))
def test_what_is_offered_for_the_next_time_allows_it(wanted: GitParams, mode: Mode) -> None:
    decision = by_tool(wanted, parsed([], [], []), mode)
    if decision.verdict == "ask" and decision.suggestions:
        assert all(rule.startswith("Bash(git ") for rule in decision.suggestions)
        assert by_tool(wanted, parsed(list(decision.suggestions), [], []), mode).verdict == "allow"


def test_the_usual_offer_is_by_verb() -> None:
    offered = {
        "add": GitParams("add", ("a.py",)),
        "commit": GitParams("commit", message="x"),
        "switch": GitParams("switch", rev="topic"),
    }
    for verb, wanted in offered.items():
        assert by_tool(wanted, parsed([], [], []), "default").suggestions == (f"Bash(git {verb} *)",)
