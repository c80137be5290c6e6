from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.messages import ToolUse
from coder.core.tools import Calls
from coder.permissions.rules import parse_rules
from coder.permissions.splitting import split_rules
from tests.support.policy import policy, project, texts


@pytest.mark.behaviour("B-351")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bash(git log *) Read,Edit(src/**)", ["Bash(git log *)", "Read", "Edit(src/**)"]),
        ("Bash(npm test),Bash(npm run build:*)", ["Bash(npm test)", "Bash(npm run build:*)"]),
        ('Bash(python -c "print(1)") Read', ['Bash(python -c "print(1)")', "Read"]),
        ("  Read ,, Edit\n", ["Read", "Edit"]),
        ("Bash(git log", ["Bash(git log"]),
        ("Read) Edit", ["Read)", "Edit"]),
        ("", []),
    ],
)
def test_a_rule_list_is_split_at_commas_and_blanks_outside_parentheses(text: str, expected: list[str]) -> None:
    assert split_rules(text) == expected


@pytest.mark.behaviour("B-352")
@pytest.mark.parametrize(
    "text",
    [
        *("Bash(", "Bash(git log *", "(ls)", "Bash(ls) x", "", "Bash!(ls)", "TodoWrite(x)", "Bash(command:ls)"),
        *("Read(!x)", "Read(x\\)", "WebFetch(x.com)", "Grep(src/**)", "Write(src/**)", "Read(file_path:x)"),
    ],
)
def test_a_malformed_rule_matches_nothing_and_is_named_in_a_warning(tmp_path: Path, text: str) -> None:
    rules, warnings = parse_rules(texts(tmp_path, deny=[text]))
    assert rules.deny == ()
    assert len(warnings) == 1
    assert repr(text) in warnings[0]
    assert "settings.json" in warnings[0]


def test_an_unknown_tool_in_a_deny_rule_is_kept_and_warned_about(tmp_path: Path) -> None:
    rules, warnings = parse_rules(texts(tmp_path, deny=["Bsah", "mcp__x__y", "*Fetch"], allow=["Bsah"]))
    assert [rule.tool for rule in rules.deny] == ["Bsah", "mcp__x__y", "*Fetch"]
    assert len(warnings) == 1
    assert "Bsah" in warnings[0]


@pytest.mark.parametrize("text", ["*", "mcp__*", "Web*", "mcp__srv*__x"])
def test_an_allow_rule_with_a_wide_tool_name_is_refused(tmp_path: Path, text: str) -> None:
    rules, warnings = parse_rules(texts(tmp_path, allow=[text]))
    assert rules.allow == ()
    assert len(warnings) == 1


@pytest.mark.behaviour("B-353")
def test_bare_deny_rules_take_tools_off_the_list(tmp_path: Path) -> None:
    rules, _ = parse_rules(texts(tmp_path, deny=["Edit", "mcp__jira", "Web*", "Bash(rm *)", "Glob(*)"]))
    names = ["Bash", "Read", "Glob", "Edit", "Write", "NotebookEdit", "WebFetch", "mcp__jira__get", "mcp__jira2__get"]
    removed = rules.removed_tools(names)
    assert removed == ("Glob", "Edit", "Write", "NotebookEdit", "WebFetch", "mcp__jira__get")


@pytest.mark.parametrize(
    ("rule", "command", "matches"),
    [
        ("Bash(ls *)", "ls", True),
        ("Bash(ls *)", "ls -la x", True),
        ("Bash(ls *)", "lsof", False),
        ("Bash(ls*)", "lsof", True),
        ("Bash(npm run test:*)", "npm run test", True),
        ("Bash(npm run test:*)", "npm run test --x", True),
        ("Bash(npm run test:*)", "npm run test:unit", False),
        ("Bash(npm run test:*)", "npm run testevil", False),
        ("Bash(npm test)", "npm test", True),
        ("Bash(npm test)", "npm test x", False),
        ("Bash(npm   test)", "npm test", True),
        ("Bash(git * main)", "git push origin main", True),
        ("Bash(git * main *)", "git push main", True),
        ("Bash(git * main *)", "git push main x", True),
        ("Bash(git * main)", "git push mainx", False),
        ("Bash(* --version)", "foo --version", True),
        ('Bash(git commit -m "*")', 'git commit -m "a b"', True),
        ("Bash(git commit -m 'a b')", 'git commit -m "a b"', True),
        ("Bash(git commit -m a b)", 'git commit -m "a b"', False),
        ("Bash(git commit *)", "'git commit' x", False),
        ("Bash(echo *)", "e'c'ho x", True),
        ("Bash(FOO=1 make *)", "FOO=1 make x", True),
        ("Bash", "anything at all", True),
        ("Bash(*)", "anything at all", True),
        ("Bash()", "anything at all", True),
        ("PowerShell(ls *)", "ls", False),
    ],
)
def test_command_patterns_match_word_by_word(tmp_path: Path, rule: str, command: str, matches: bool) -> None:
    decision = policy(project(tmp_path), deny=[rule]).bash(command)
    assert (decision.verdict == "deny") is matches


def test_parameter_rules_compare_the_input_as_sent(tmp_path: Path) -> None:
    world = project(tmp_path)
    judge = policy(world, deny=["Bash(run_in_background:true)", "mcp__db__query(table: secret*)", "Agent(model:opus)"])
    assert judge.bash("ls", run_in_background=True).verdict == "deny"
    assert judge.bash("ls", run_in_background=False).verdict == "allow"
    assert judge.bash("ls").verdict == "allow"
    assert judge.call("mcp__db__query", Calls("db", "query"), table="secrets").verdict == "deny"
    assert judge.call("mcp__db__query", Calls("db", "query"), table=["secrets"]).verdict == "ask"
    assert judge.call("Agent", Calls("", "Agent"), model="opus").verdict == "deny"
    assert policy(world, deny=["Task(model:opus)"]).rules.deny[0].tool == "Agent"


def test_server_rules_cover_their_tools_and_no_namesake(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), allow=["mcp__git", "mcp__db__get_*", "Skill(review *)"])
    assert judge.call("mcp__git__log", Calls("git", "log")).verdict == "allow"
    assert judge.call("mcp__git2__log", Calls("git2", "log")).verdict == "ask"
    assert judge.call("mcp__db__get_row", Calls("db", "get_row")).verdict == "allow"
    assert judge.call("mcp__db__drop", Calls("db", "drop")).verdict == "ask"
    assert judge.call("Skill", Calls("", "Skill"), skill="review pr").verdict == "allow"
    assert judge.call("Skill", Calls("", "Skill"), skill="deploy").verdict == "ask"


@pytest.mark.behaviour("B-354")
@pytest.mark.parametrize(
    ("rule", "url", "allowed"),
    [
        ("WebFetch(domain:docs.python.org)", "https://docs.python.org/3/", True),
        ("WebFetch(domain:docs.python.org)", "https://DOCS.python.org.:443/3?x#y", True),
        ("WebFetch(domain:python.org)", "https://docs.python.org/", False),
        ("WebFetch(domain:python.org)", "https://python.org.evil.com/", False),
        ("WebFetch(domain:python.org)", "https://python.org@evil.com/", False),
        ("WebFetch(domain:python.org)", "https://evil.com\\@python.org/", False),
        ("WebFetch(domain:*.python.org)", "https://a.b.python.org/", True),
        ("WebFetch(domain:*.python.org)", "https://python.org/", False),
        ("WebFetch(domain:docs.*.org)", "https://docs.python.org/", True),
        ("WebFetch(domain:docs.*.org)", "https://docs.a.b.org/", False),
        ("WebFetch(domain:*)", "https://x.y/", True),
        ("WebFetch(domain:*)", "https://x.y\0.google.com/", False),
        ("WebFetch", "https://x.y/", True),
    ],
)
def test_domain_rules_compare_whole_hosts(tmp_path: Path, rule: str, url: str, allowed: bool) -> None:
    assert (policy(project(tmp_path), allow=[rule]).fetch(url).verdict == "allow") is allowed


def test_a_denied_domain_is_denied_and_an_unreadable_one_asks_even_in_bypass(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), "bypassPermissions", deny=["WebFetch(domain:evil.com)"])
    assert judge.fetch("https://evil.com/x").verdict == "deny"
    assert judge.fetch("https://good.com@evil.com/x").verdict == "ask"
    assert judge.fetch("https://good.com/").verdict == "allow"


def test_the_input_of_a_call_is_not_needed_to_judge_it(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), deny=["Bash(timeout:1)"])
    assert judge.bash("ls", timeout=None).verdict == "allow"
    assert ToolUse("t", "Bash", {}).input == {}
