"""What flags, settings and trust say of agents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.app.subagents.roster import roster_of
from coder.config.flags import Flags
from coder.config.load import folder_trust, load
from coder.config.question import wants
from coder.config.trust import approve
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.core.tools import Delegates
from tests.support.policy import policy, project

LOOSE = "---\nname: a\ndescription: d\npermissionMode: AcceptEdits\n---\nx\n"
HOOKED = "---\nname: h\ndescription: d\nmemory: user\nhooks: {Stop: [{hooks: [{command: ./x, type: command}]}]}\n---\n"


class Place:
    def __init__(self, top: Path) -> None:
        self.person, self.project = top / "person", top / "repo"
        self.home = self.person / ".coder"
        (self.project / ".git").mkdir(parents=True)

    def put(self, name: str, text: str) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, flags: Flags | None = None, **env: str) -> Config:
        return load(flags or Flags(), {"HOME": str(self.person), **env}, self.project, self.home, self.person / "etc")

    def trusts(self, name: str) -> bool:
        config = self.load()
        roster = roster_of(config, {}, self.person / "etc")
        agent = roster.find(name)
        assert agent is not None
        return roster.trusts(agent)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.behaviour("B-1937")
@pytest.mark.behaviour("B-1944")
def test_what_an_agent_file_loosens_is_asked_about_and_holds_for_that_very_file(place: Place) -> None:
    file = place.put(".claude/agents/deep/a.md", LOOSE)
    place.put(".coder/agents/h.md", HOOKED)
    place.put(
        ".claude/agents/plain.md", "---\nname: plain\ndescription: d\ntools: Read\npermissionMode: plan\n---\nx\n"
    )
    assert (place.trusts("a"), place.trusts("h"), place.trusts("plain")) == (False, False, True)
    trust, _ = folder_trust({"HOME": str(place.person)}, place.project, place.home)
    assert sorted(wants(trust.brought)) == [
        "let 1 agent edit files without asking: a",
        "run 1 hook (.coder/agents/h.md)",
        "work in 1 more folder: agent-memory/h of your own",
    ]
    approve(place.home, trust)
    assert (place.trusts("a"), place.trusts("h")) == (True, True)
    file.write_text(LOOSE + "And more.")
    assert (place.trusts("a"), place.trusts("h")) == (False, True)


@pytest.mark.behaviour("B-1942")
def test_the_setting_counts_with_trust_and_a_flag_beats_it(place: Place) -> None:
    place.put(".claude/settings.json", json.dumps({"agent": "theirs"}))
    assert place.load().agents.main == ""
    approve(place.home, folder_trust({"HOME": str(place.person)}, place.project, place.home)[0])
    assert place.load().agents.main == "theirs" and place.load(Flags(agent=" mine ")).agents.main == "mine"
    bare = place.load(Flags(bare=True))
    assert (bare.agents.main, bare.agents.files, place.load().agents.files) == ("", False, True)
    with pytest.raises(ConfigError, match="--agent is empty"):
        place.load(Flags(agent=" "))


@pytest.mark.behaviour("B-1941")
def test_agents_of_the_command_line_are_an_object(place: Place) -> None:
    assert place.load(Flags(agents='{"a": {"prompt": "p"}}')).agents.given == {"a": {"prompt": "p"}}
    assert place.load(Flags(append_subagent_system_prompt="x")).agents.appended == "x"
    assert place.load().agents.sets_model and not place.load(Flags(model="opus")).agents.sets_model
    for wrong in ("", "[]", "a.json", '{"a": }'):
        with pytest.raises(ConfigError, match="--agents"):
            place.load(Flags(agents=wrong))


@pytest.mark.behaviour("B-1935")
def test_rules_about_agents(tmp_path: Path) -> None:
    judge = policy(project(tmp_path), deny=["Task(Explore)", "Agent(general-purpose)"])

    def verdict(**given: object) -> str:
        return judge.call("Agent", Delegates("x"), **given).verdict

    assert verdict(subagent_type="Explore") == verdict(subagent_type=" Explore ") == "deny"
    assert verdict() == verdict(subagent_type="") == verdict(subagent_type=None) == "deny"
    assert verdict(subagent_type="Plan") == "allow"


@pytest.mark.behaviour("B-1938")
def test_the_folders_of_agents_notes_are_no_settings(tmp_path: Path) -> None:
    allowed = policy(project(tmp_path), allow=["Edit(/.claude/**)"])
    for name in ("agent-memory/a/MEMORY.md", "agent-memory-local/a/x.md"):
        assert allowed.write(f".claude/{name}").verdict == "allow"
    for name in ("agent-memory", "agent-memory/../settings.json", "settings.json", "agent-memory/.git/config"):
        assert allowed.write(f".claude/{name}").verdict == "ask", name
