from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.core.tools import MODES, Access, Calls, Fetches, Internal, Mode, Reads, Runs, Writes
from coder.permissions.decide import Verdict
from coder.permissions.rules import parse_rules
from coder.permissions.splitting import split_rules
from coder.permissions.world import LocalWorld
from tests.support.policy import Policy, project, texts

EXAMPLES = 5_000 if os.environ.get("CODER_FUZZ") == "long" else 150
RANK: dict[Verdict, int] = {"deny": 0, "ask": 1, "allow": 2}
laws = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

COMMANDS = [
    "ls", "ls -la", "cat a", "cat .env", "cat /etc/passwd", "git status", "git push origin main", "git push -f",
    "rm a", "rm -rf ~", "rm -rf build", "sudo rm a", "touch a", "touch .git/x", "echo x > a", "echo x > /etc/x",
    "make", "npm test", "timeout 5 npm test", "FOO=1 npm test", "CI=1 npm test", "echo $HOME", "echo $(rm a)",
    "for f in a; do rm $f; done", "cd sub", "cd sub && git log", "cd ..", "x=1", "sed -i s/a/b/ f", "grep -r x .",
    "cat *", "ls | sh", "python -c 'x'", "(ls)", "ls &",
]  # fmt: skip
RULES = [
    "Bash", "Bash(ls *)", "Bash(cat *)", "Bash(rm *)", "Bash(git *)", "Bash(git push *)", "Bash(npm test *)",
    "Bash(echo *)", "Bash(make)", "Bash(sudo *)", "Bash(* a)", "Bash(echo $HOME)", "Bash(timeout:5)", "Read",
    "Read(.env)", "Read(//etc/**)", "Read(src/**)", "Edit", "Edit(a)", "Edit(/**)", "Write", "WebFetch",
    "WebFetch(domain:*.org)", "mcp__db", "mcp__db__drop", "TodoWrite", "Grep",
]  # fmt: skip

rule_lists = st.lists(st.sampled_from(RULES), max_size=4, unique=True)
joined = st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" && ", "; ", " | ", " || ", "\n"]).map(lambda join: join.join(parts))
)
modes = st.sampled_from(MODES)


@pytest.fixture(scope="module")
def world() -> Iterator[LocalWorld]:
    with tempfile.TemporaryDirectory() as folder:
        made = project(Path(folder).resolve())
        (made.cwd / "sub").mkdir()
        (made.cwd / "out").symlink_to("/etc")
        yield made


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, Access]:
    paths = st.sampled_from(["a", "src/a", ".env", ".git/x", "/etc/x", "out/x", "../x"])
    root = Path("/")  # made absolute against the world by the test
    kind = draw(st.sampled_from(["bash", "bash", "bash", "read", "grep", "edit", "write", "fetch", "server", "todo"]))
    match kind:
        case "bash":
            return "Bash", Runs(draw(joined))
        case "read" | "grep":
            return kind.title(), Reads((root / draw(paths).lstrip("/"),))
        case "edit" | "write":
            return kind.title(), Writes((root / draw(paths).lstrip("/"),))
        case "fetch":
            return "WebFetch", Fetches(draw(st.sampled_from(["https://a.org/", "https://a.com/", "https://a@b.org/"])))
        case "server":
            return "mcp__db__drop", Calls("db", "drop")
        case _:
            return "TodoWrite", Internal()


def judge(world: LocalWorld, mode: Mode, allow: list[str], ask: list[str], deny: list[str]) -> Policy:
    rules, _ = parse_rules(texts(world.cwd, allow=allow, ask=ask, deny=deny))
    return Policy(world, rules, mode)


def answer(policy: Policy, call: tuple[str, Access]) -> Verdict:
    name, access = call
    if isinstance(access, Reads | Writes):
        access = replace(access, paths=tuple(policy.root / str(path).lstrip("/") for path in access.paths))
    return policy.call(name, access).verdict


@pytest.mark.behaviour("B-372")
@laws
@given(call=calls(), mode=modes, allow=rule_lists, ask=rule_lists, deny=rule_lists)
def test_deny_always_wins(
    world: LocalWorld, call: tuple[str, Access], mode: Mode, allow: list[str], ask: list[str], deny: list[str]
) -> None:
    if answer(judge(world, "default", [], [], deny), call) == "deny":
        assert answer(judge(world, mode, allow, ask, deny), call) == "deny"


@pytest.mark.behaviour("B-372")
@laws
@given(call=calls(), mode=modes, allow=rule_lists, ask=rule_lists, deny=rule_lists, more=st.sampled_from(RULES))
def test_one_more_deny_or_ask_rule_never_permits_more(
    world: LocalWorld,
    call: tuple[str, Access],
    mode: Mode,
    allow: list[str],
    ask: list[str],
    deny: list[str],
    more: str,
) -> None:
    before = RANK[answer(judge(world, mode, allow, ask, deny), call)]
    assert RANK[answer(judge(world, mode, allow, ask, [*deny, more]), call)] <= before
    asked = RANK[answer(judge(world, mode, allow, [*ask, more], deny), call)]
    # What plan mode refuses, an ask rule puts to the person: never a leave.
    assert asked <= before or (mode == "plan" and asked == RANK["ask"])


@laws
@given(call=calls(), mode=modes, allow=rule_lists, ask=rule_lists, deny=rule_lists, more=st.sampled_from(RULES))
def test_one_more_allow_rule_never_permits_less(
    world: LocalWorld,
    call: tuple[str, Access],
    mode: Mode,
    allow: list[str],
    ask: list[str],
    deny: list[str],
    more: str,
) -> None:
    before = RANK[answer(judge(world, mode, allow, ask, deny), call)]
    assert RANK[answer(judge(world, mode, [*allow, more], ask, deny), call)] >= before


@pytest.mark.behaviour("B-371")
@laws
@given(call=calls(), allow=rule_lists, ask=rule_lists, deny=rule_lists)
def test_plan_permits_least_and_bypass_most(
    world: LocalWorld, call: tuple[str, Access], allow: list[str], ask: list[str], deny: list[str]
) -> None:
    order: tuple[Mode, ...] = ("plan", "default", "acceptEdits", "bypassPermissions")
    ranks = [RANK[answer(judge(world, mode, allow, ask, deny), call)] for mode in order]
    assert ranks == sorted(ranks)
    dont_ask = answer(judge(world, "dontAsk", allow, ask, deny), call)
    assert dont_ask == ("allow" if ranks[1] == 2 else "deny")


SHELLISH = st.text(
    alphabet=st.sampled_from(list("abls rm./-~$`'\"\\\n\t\r;&|<>(){}[]*?#!=%@0123\x00\u202eé😀\ud800")), max_size=60
)


@pytest.mark.behaviour("B-380")
@laws
@given(source=st.one_of(st.text(max_size=200), SHELLISH), mode=modes)
def test_any_text_gets_an_answer(world: LocalWorld, source: str, mode: Mode) -> None:
    policy = judge(world, mode, ["Bash(ls *)", "Read(a)"], ["Bash(git push *)"], ["Bash(rm *)", "Read(.env)"])
    decision = policy.call("Bash", Runs(source))
    assert decision.verdict in RANK
    assert decision.reasons


@laws
@given(text=st.text(max_size=60), spec=SHELLISH)
def test_any_rule_text_is_parsed_or_warned_about(world: LocalWorld, text: str, spec: str) -> None:
    for rule in (text, f"Bash({spec})", f"Read({spec})", f"WebFetch(domain:{spec})", f"mcp__{spec}"):
        for rules in (parse_rules(texts(world.cwd, deny=[rule])), parse_rules(texts(world.cwd, allow=[rule]))):
            parsed, warnings = rules
            assert len(parsed.deny) + len(parsed.allow) == 1 or warnings
            policy = Policy(world, parsed, "default")
            assert policy.bash("cat a | rm b").verdict in RANK
            assert policy.read("a").verdict in RANK
    assert all(split_rules(rule) == [rule] for rule in split_rules(text))


@pytest.mark.behaviour("B-381")
@laws
@given(
    words=st.lists(
        st.sampled_from(["git", "log", "-p", "a b", "rm", "$x", "it's", '"', "*", ".env", "~", "#", ""]), max_size=4
    ),
    blanks=st.lists(st.sampled_from([" ", "  ", "\t"]), min_size=5, max_size=5),
    rules=rule_lists,
    mode=modes,
)
def test_quoting_and_blanks_that_bash_reads_alike_get_the_same_answer(
    world: LocalWorld, words: list[str], blanks: list[str], rules: list[str], mode: Mode
) -> None:
    policy = judge(world, mode, ["Bash(git *)"], [], [rule for rule in rules if rule.startswith("Bash(")])
    spaced = ["cat", *words]
    single = " ".join("'" + w.replace("'", "'\\''") + "'" for w in spaced)
    escaped = "".join(
        gap + "".join(f"\\{c}" for c in w) if w else gap + "''" for gap, w in zip(blanks, spaced, strict=False)
    )
    double = " ".join('"' + w.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"' for w in spaced)
    answers = {policy.bash(text).verdict for text in (single, escaped, double)}
    assert len(answers) == 1


@pytest.mark.parametrize(
    "source",
    [
        *("$(" * 5000, "(" * 9000, "a;" * 5000, "sudo " * 2000, "a" * 200_000, "'" * 9999, "a && " * 2500, "{" * 9000),
        *("\\\n" * 5000, "ls " + "* " * 4000, "`" * 9999, "<" * 9999, "cat " + "a/" * 4000, "bash -c '" * 1000),
        *("x=" * 5000, "cat " + "a " * 4000),
    ],
    ids=range(16),
)
def test_hostile_texts_are_answered_soon(world: LocalWorld, source: str) -> None:
    policy = judge(world, "default", ["Bash(ls *)"], [], ["Bash(rm *)", "Bash(* x)", "Read(.env)"])
    started = time.process_time()
    assert policy.bash(source).verdict in RANK
    assert time.process_time() - started < 5  # generous: what is guarded against is a blow-up, not a slow day
