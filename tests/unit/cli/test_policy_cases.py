"""Lines of a policy's test file: what is refused, what a decision is due for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.app.policy import Standing, standing
from coder.cli.policy_cases import VERDICTS, Case, Judge, Malformed, read_case, read_cases
from coder.config.flags import Flags

EXAMPLES = 5_000 if os.environ.get("CODER_FUZZ") == "long" else 200
BASH = {"tool": "Bash", "input": {"command": "ls"}}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
paths = st.sampled_from(["/", "/no/such", "~", "~/x", "..", "sub", "\ud800", "a\0b", "/" + "x" * 300])
rules = st.sampled_from(["Bash", "Bash(ls *)", "Read(/x/**)", "Edit(~/**)", "Read(", "", "*", "mcp__a", "Read([)"])
rule_lists = st.lists(rules, max_size=3)
tools = st.sampled_from(
    ["Bash", "Monitor", "Read", "Edit", "NotebookEdit", "Grep", "Glob", "WebFetch", "Agent", "Task", "Skill",
     "mcp__a__b", "mcp__", "ExitPlanMode", "TodoWrite", "Nonsense", " ", "\ud800"]
)  # fmt: skip
inputs = st.fixed_dictionaries(
    {},
    optional={
        key: paths | st.text(max_size=12) | values
        for key in ("command", "file_path", "notebook_path", "path", "pattern", "url", "skill", "subagent_type")
    },
)
cases = st.fixed_dictionaries(
    {"tool": tools, "input": inputs | values},
    optional={
        "id": st.text(max_size=4) | st.integers(),
        "rules": st.fixed_dictionaries({}, optional={"allow": rule_lists, "ask": rule_lists, "deny": rule_lists}),
        "rules_source": st.sampled_from(["user", "project", "local", "flag"]),
        "mode": st.sampled_from(["default", "manual", "acceptEdits", "plan", "dontAsk", "bypassPermissions"]),
        "cwd": paths,
        "home": paths,
        "project_root": paths,
        "additional_dirs": st.lists(paths, max_size=2),
        "trusted": st.booleans(),
        "expect": st.sampled_from(["allow", ["ask", "deny"]]),
    },
)
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def line(**fields: object) -> bytes:
    return json.dumps({**BASH, **fields}).encode()


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    home = tmp_path_factory.mktemp("home")
    env = {"HOME": str(home)}

    def current() -> Standing:
        return standing(Flags(), env, home)

    return Judge(current, home, env)


@pytest.mark.behaviour("B-688")
@many
@given(cases | values)
def test_any_line_gets_a_decision_with_a_reason_or_a_message(judge: Judge, raw: object) -> None:
    try:
        case = read_case(json.dumps(raw).encode(), 1)
    except Malformed as problem:
        assert str(problem)
        return
    result = judge.judge(case)
    assert result.decision.verdict in VERDICTS
    assert result.decision.reasons and all(reason.text for reason in result.decision.reasons)


@pytest.mark.behaviour("B-688")
@many
@given(st.binary(max_size=60))
def test_any_bytes_are_a_case_or_a_message(data: bytes) -> None:
    for number, case in read_cases(data):
        assert number >= 1 and (isinstance(case, Case) or str(case))


@pytest.mark.behaviour("B-687")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"{", "not valid JSON"),
        (b"// a comment", "not valid JSON"),
        (b'{"tool": "Bash"} {"tool": "Bash"}', "not valid JSON"),
        (b"[" * 100_000, "not usable JSON"),
        (b"\xff{}", "not UTF-8 text"),
        (b"[]", "a case is an object"),
        (b'{"tool": "Bash"}', "'input' is missing"),
        (b'{"input": {}}', "'tool' is missing"),
        (b'{"tool": null, "input": {}}', "'tool' must be"),
        (line(expects="deny"), "did you mean 'expect'"),
        (line(rule={}), "did you mean 'rules'"),
        (line(expect="yes"), "'expect' must be"),
        (line(expect=[]), "'expect' must be"),
        (line(expect=["allow", "no"]), "'expect' must be"),
        (line(mode="yolo"), "'mode' must be one of"),
        (line(rules=["Bash"]), "'rules' must be an object"),
        (line(rules={"allowed": []}), "'rules' has the key 'allowed'"),
        (line(rules={"allow": "Bash"}), "'rules.allow' must be a list"),
        (line(rules_source="managed"), "'rules_source' must be one of"),
        (line(trusted="no"), "'trusted' must be true or false"),
        (line(cwd=""), "'cwd' must be a text"),
        (line(home=7), "'home' must be a text"),
        (line(additional_dirs="/x"), "'additional_dirs' must be a list"),
        (line(id=1.5), "'id' must be"),
    ],
)
def test_a_line_that_is_no_case_is_refused_by_what_is_wrong(given: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said.replace("[", r"\[")):
        read_case(given, 2)


def test_keys_of_the_author_are_let_be_and_blank_lines_are_skipped() -> None:
    data = b"\xef\xbb\xbf" + line(note="why", source="ticket 7") + b"\r\n\n  \n" + line(id=5)
    found = [(number, case.id) for number, case in read_cases(data) if isinstance(case, Case)]
    assert found == [(1, "line 1"), (4, 5)]


def test_folders_are_taken_from_the_current_one_and_need_not_exist(judge: Judge, tmp_path: Path) -> None:
    def verdict(path: str, **more: object) -> str:
        raw = {"tool": "Read", "input": {"file_path": path}, "rules": {}, **more}
        return judge.judge(read_case(json.dumps(raw).encode(), 1)).decision.verdict

    assert verdict("/no/such/place/a", cwd="/no/such/place") == "allow"
    assert verdict("a", cwd="/no/such/place") == "allow"
    assert verdict("/no/such/home/x/a", home="/no/such/home", cwd="~/x") == "allow"
    assert verdict("/no/such/place/b/a", cwd="/no/such/place/a", additional_dirs=["../b"]) == "allow"
    assert verdict("/no/such/root/a", project_root="/no/such/root") == "allow"
    assert verdict(str(tmp_path / "a"), cwd="sub") == "ask"


def test_a_link_on_the_real_disk_is_followed(judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/etc")
    raw = {"tool": "Read", "input": {"file_path": str(tmp_path / "out" / "hosts")}, "rules": {}, "cwd": str(tmp_path)}
    assert judge.judge(read_case(json.dumps(raw).encode(), 1)).decision.verdict == "ask"
