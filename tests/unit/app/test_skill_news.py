"""Skills on disk while a session runs: read anew, and told by a message that changes nothing before it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from coder.agent.history import History
from coder.agent.policies import Inject
from coder.app.commanding.catalogues import LiveCatalogue
from coder.app.commanding.news import SkillNews
from coder.commands.definition import Definition
from coder.commands.listing import listing
from coder.commands.places import places
from coder.core.messages import Message, Meta, Text, ToolResult, ToolUse


class Shop:
    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        (self.root / ".git").mkdir(parents=True)
        self.live = LiveCatalogue(lambda: places(self.root, root / "home", bundled=False), self.root, ("model",))
        self.history = History()
        self.short: list[str] = []
        self.news = SkillNews(self.offered, lambda found: listing(found, 400, 200), self.live.touch, self.short.append)
        self.turn = 0

    def offered(self) -> Sequence[Definition]:
        return [each for each in self.live().all() if each.model_may and self.live.is_due(each)]

    def skill(self, name: str, head: str = "", folder: str = "") -> Path:
        path = self.root / folder / ".claude" / "skills" / name / "SKILL.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\ndescription: about {name}\n{head}---\nBody of {name}.\n")
        return path

    def say(self, role: str, *blocks: Text | ToolUse | ToolResult, kind: str = "prompt") -> None:
        self.history.commit(Message(role, blocks, Meta(kind=kind)))  # type: ignore[arg-type]  # literals of a test

    def told(self) -> str:
        """What the policy puts in before the next turn, which is in the conversation then."""
        self.turn += 1
        verdict = self.news.before_turn(self.turn, self.history)
        if verdict is None:
            return ""
        assert isinstance(verdict, Inject)
        self.history.commit(verdict.message)
        return verdict.message.text


@pytest.mark.behaviour("B-1169")
def test_a_skill_that_is_installed_meanwhile_is_told_once(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.say("user", Text("<skills>\n- old: about old\n</skills>"), kind="context")
    shop.skill("old")
    shop.say("user", Text("go"))
    before = shop.history.messages
    assert shop.told() == ""
    shop.skill("new")
    text = shop.told()
    assert "- new: about new" in text and "old" not in text
    assert shop.history.messages[: len(before)] == before
    assert shop.told() == ""


@pytest.mark.behaviour("B-1169")
def test_skills_for_certain_files_come_when_one_is_touched(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.skill("front", 'paths: "web/**/*.{ts,tsx}"\n')
    shop.skill("below", folder="web")
    shop.say("user", Text("go"))
    assert shop.told() == ""
    shop.say("assistant", ToolUse("a", "Read", {"file_path": str(shop.root / "web" / "app.ts")}), kind="reply")
    shop.say("user", ToolResult("a", (Text("x"),)), kind="results")
    text = shop.told()
    assert "- front: about front" in text and "- below: about below" in text


@pytest.mark.behaviour("B-1169")
def test_what_had_no_room_does_not_come_with_the_next_turn(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for number in range(100):
        shop.skill(f"old-{number:03}")
    shop.say("user", Text(f"<skills>\n{listing(shop.offered(), 400, 200).text}\n</skills>"), kind="context")
    shop.say("user", Text("go"))
    assert [shop.told(), shop.told()] == ["", ""] and not shop.short
    for number in range(100):
        shop.skill(f"new-{number:03}")
    text = shop.told()
    assert "- new-000" in text and "old-" not in text and len(text) < 500
    assert "nothing of 60" in shop.short[0]
    assert [shop.told(), shop.told()] == ["", ""] and len(shop.short) == 1
    shop.skill("one-more")
    assert "- one-more: about one-more" in shop.told()


@pytest.mark.behaviour("B-1169")
def test_a_list_in_a_memory_file_tells_of_no_skill(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.skill("old")
    memory = Text("<memory path='CLAUDE.md'>\n- new: what is not old\n</memory>")
    shop.say("user", memory, Text("<skills>\n- old: about old\n</skills>"), kind="context")
    shop.say("user", Text("go"))
    shop.skill("new")
    assert "- new: about new" in shop.told()


def test_a_file_that_is_changed_is_read_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    assert shop.live().find("a") is None
    path = shop.skill("a")
    found = shop.live().find("a")
    assert found is not None and found.description == "about a"
    path.write_text("---\ndescription: something else\n---\nBody.\n")
    os.utime(path, ns=(1, 1))
    found = shop.live().find("a")
    assert found is not None and found.description == "something else"
    path.unlink()
    assert shop.live().find("a") is None
