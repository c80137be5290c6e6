"""Rules about a server hold for every way in which it is reached: its tools, and our tool that reads from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.tools import READS_RESOURCES, Calls
from tests.support.policy import policy, project

READING = "ReadMcpResourceTool"


@pytest.mark.behaviour("B-1656")
@pytest.mark.parametrize("rule", ["mcp__my_db", "mcp__my_db__resources_read", READING])
def test_each_rule_that_names_the_server_or_the_tool_holds(tmp_path: Path, rule: str) -> None:
    world = project(tmp_path)
    access = Calls("my.db", READS_RESOURCES)
    assert policy(world, allow=[rule]).call(READING, access, server="my.db").verdict == "allow"
    for allow in ([], [READING], ["mcp__my_db__resources_read"]):
        assert policy(world, allow=allow, ask=[rule]).call(READING, access, server="my.db").verdict == "ask"
        assert policy(world, allow=allow, deny=[rule]).call(READING, access, server="my.db").verdict == "deny"


def test_a_rule_about_the_server_a_call_names_holds_too(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), allow=[READING], deny=[f"{READING}(server:db)"])
    assert judge.call(READING, Calls("db", READS_RESOURCES), server="db").verdict == "deny"
    assert judge.call(READING, Calls("other", READS_RESOURCES), server="other").verdict == "allow"


@pytest.mark.behaviour("B-1656")
def test_reading_asks_and_what_can_be_granted_is_that_server_alone(tmp_path: Path) -> None:
    world = project(tmp_path)
    asked = policy(world).call(READING, Calls("my.db", READS_RESOURCES), server="my.db")
    assert (asked.verdict, asked.remedy) == ("ask", "--allowedTools mcp__my_db__resources_read")
    granted = policy(world, allow=["mcp__my_db__resources_read"])
    assert granted.call(READING, Calls("other", READS_RESOURCES), server="other").verdict == "ask"


def test_a_tool_of_a_server_is_judged_under_its_own_name_alone(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), allow=["mcp__a__b"])
    assert judge.call("mcp__c__d", Calls("a", "b")).verdict == "ask"
