"""Which workflow a name means, what hides it, and which the person has seen."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.app.workflowing.places import (
    known_agents,
    library,
    library_here,
    may_run_unasked,
    remember,
    unseen,
)
from coder.app.workflowing.session import usable
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.workflows.patterns.begin import begin
from coder.workflows.workflow import WorkflowError

TEXT = "---\nbudget: {usd: 1}\n---\n## a\nDo it.\n"


class Ground:
    """A repository, a home, and the administrator's folder."""

    def __init__(self, root: Path) -> None:
        self.project, self.home, self.managed = root / "project", root / "home", root / "managed"
        (self.project / ".git").mkdir(parents=True)
        self.home.mkdir()

    def put(self, name: str, text: str = TEXT) -> Path:
        file = self.project.parent / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def config(self, **flags: Any) -> Config:
        env = {"HOME": str(self.home), "ANTHROPIC_API_KEY": "k"}
        return load(Flags(cwd=str(self.project), **flags), env, self.project)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


@pytest.mark.behaviour("B-2022")
def test_the_strongest_place_counts_and_the_others_say_what_hides_them(ground: Ground) -> None:
    yours = ground.put("home/.coder/workflows/one.md")
    ground.put("home/.claude/workflows/two.md")
    project = ground.put("project/.coder/workflows/one.md")
    ground.put("project/.claude/workflows/team/three.md")
    ground.put("project/.claude/workflows/README.md", "about")
    ground.put("managed/.claude/workflows/four.md")
    command = ground.put("home/.coder/commands/five.md", "Do five.")
    five = ground.put("project/.coder/workflows/five.md")
    hidden = ground.put("project/.coder/commands/two.md", "Do two.")
    ground.put("project/.coder/workflows/help.md")
    ground.put("project/.coder/workflows/a b.md")
    found = library(ground.config(), reserved={"help"}, managed=ground.managed)
    own = [entry for entry in found.entries if entry.origin != "built-in"]
    used = {entry.name: entry.origin for entry in own if not entry.note}
    assert used == {"one": "yours", "two": "yours", "team:three": "project", "four": "managed"}
    notes = {entry.file: entry.note for entry in own if entry.note}
    assert notes[project] == f"{yours} comes first" and notes[five] == f"the command {command} comes first"
    assert any(note.startswith("its name may hold") for note in notes.values())
    assert any("a command of the session itself" in note for note in notes.values())
    assert [entry.hides for entry in own if entry.hides] == [hidden]
    assert found.find("/team:three") is found.find("team:three") is not None and found.find("five") is None


def test_no_link_leads_out_of_a_repository_and_nothing_counts_where_commands_are_off(ground: Ground) -> None:
    outside = ground.put("elsewhere/x.md")
    folder = ground.project / ".coder/workflows"
    folder.mkdir(parents=True)
    (folder / "x.md").symlink_to(outside)
    os.mkfifo(folder / "pipe.md")
    found = library(ground.config(), managed=ground.managed)
    assert not [entry for entry in found.entries if entry.origin == "project"]
    assert sorted("link" in problem.text for problem in found.problems) == [False, True]
    config = ground.config()
    off = replace(config, guidance=replace(config.guidance, commands=False))
    assert not library(off, managed=ground.managed).entries


@pytest.mark.behaviour("B-2023")
def test_a_workflow_of_a_repository_is_to_be_seen_before_it_runs_and_again_when_it_changed(ground: Ground) -> None:
    file = ground.put("project/.coder/workflows/one.md", TEXT.replace("Do it.\n", "```step\nuse: two\n```\n"))
    other = ground.put("project/.coder/workflows/two.md")
    ground.put("home/.coder/workflows/mine.md")
    config = ground.config()

    def new(name: str = "one") -> list[str]:
        found = library(config, managed=ground.managed)
        workflow = found.workflow(name)
        assert workflow is not None
        return sorted(one.name for one in unseen(config, found, workflow))

    assert new() == ["one", "two"] and new("mine") == []
    found = library(config, managed=ground.managed)
    one = found.workflow("one")
    assert one is not None and not may_run_unasked(config, found, one)
    assert may_run_unasked(ground.config(trust_folder=True), found, one)
    remember(config, unseen(config, found, one))
    assert new() == [] and may_run_unasked(config, found, one)
    other.write_text(TEXT.replace("Do it.", "Do more."))
    assert new() == ["two"]
    moved = file.with_name("moved.md")
    file.rename(moved)
    assert new("moved") == ["moved", "two"]
    (config.home / "workflows.json").write_text('{"seen": []}')
    with pytest.raises(ConfigError, match="'seen' must be an object"):
        new("moved")


@pytest.mark.behaviour("B-2021")
def test_no_file_is_written_over(ground: Ground) -> None:
    file = begin(ground.project / "w", "x", "chain")
    file.write_text("mine")
    for name, pattern, why in (
        ("x", "vote", "is there already"),
        ("../x", "vote", "cannot be"),
        ("y", "z", "no pattern"),
    ):
        with pytest.raises(ConfigError, match=why):
            begin(ground.project / "w", name, pattern)
    assert file.read_text() == "mine" and [each.name for each in file.parent.iterdir()] == ["x.md"]


def test_who_only_reads_is_known_by_its_tools(ground: Ground) -> None:
    ground.put("project/.claude/agents/a.md", "---\nname: a\ndescription: x\ntools: Read, Grep\n---\nx\n")
    ground.put("project/.claude/agents/b.md", "---\nname: b\ndescription: x\n---\nx\n")
    known, absent = known_agents(ground.config())
    assert (known["a"], known["b"], known["Explore"], known["general-purpose"]) == (True, False, True, False)
    assert absent == {}


@pytest.mark.behaviour("B-2123")
@pytest.mark.parametrize(
    ("variable", "rule", "cannot", "why"),
    [
        (
            "CLAUDE_CODE_DISABLE_EXPLORE_PLAN_AGENTS",
            "",
            "Explore",
            "CLAUDE_CODE_DISABLE_EXPLORE_PLAN_AGENTS switches it off",
        ),
        (
            "CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS",
            "",
            "general-purpose",
            "CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS switches",
        ),
        ("", "Agent(Explore)", "Explore", "a rule denies it: Agent(Explore)"),
    ],
)
def test_a_workflow_whose_agent_cannot_be_asked_says_which_and_why(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, variable: str, rule: str, cannot: str, why: str
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    config = ground.config(disallowed_tools=(rule,) if rule else ())
    for entry in library_here(config).entries:
        assert entry.origin == "built-in" and entry.workflow is not None
        asked = {step.agent or "general-purpose" for step in entry.workflow.steps}
        texts = [each.text for each in entry.checked.errors]
        if cannot in asked:
            assert any(text.startswith(f"the agent {cannot} cannot be asked: {why}") for text in texts), texts
            with pytest.raises(WorkflowError, match=r"the agent \S+ cannot be asked"):
                usable(entry)
        elif variable != "CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS":
            assert texts == []
    if variable and cannot == "Explore":
        ground.put("home/.coder/agents/mine.md", "---\nname: Explore\ndescription: x\n---\nx\n")
        again = library_here(ground.config()).find("fix-issue")
        assert again is not None and not again.checked.errors
