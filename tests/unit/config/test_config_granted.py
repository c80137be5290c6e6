"""What the heads of a repository's commands and skills grant: part of what trust judges, and of nothing before."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.commands.loader import load
from coder.commands.places import places
from coder.config.brought import brought_by
from coder.config.load import folder_trust
from coder.config.question import detailed, notice, wants
from coder.config.trust import approve, changes, covers
from coder.core.trust import Trust

COMMAND = "---\ndescription: commits\nallowed-tools: Bash(git add:*), Bash(git commit:*)\n---\nCommit.\n"
HOOKED = "---\nhooks:\n  Stop:\n    - hooks:\n        - type: command\n          command: ./x.sh\n---\nWork.\n"


class Place:
    def __init__(self, top: Path) -> None:
        self.home, self.project = top / "person" / ".coder", top / "repo"
        (self.project / ".git").mkdir(parents=True)
        (self.project / "sub").mkdir()

    def put(self, name: str, text: str) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def trust(self, folder: str = ".") -> Trust:
        return folder_trust({"HOME": str(self.home.parent)}, self.project / folder, self.home)[0]

    def approve(self, folder: str = ".") -> None:
        approve(self.home, self.trust(folder))

    def counts(self, name: str, folder: str = ".", trust: Trust | None = None) -> bool:
        """As a session would ask: about the definition that was loaded."""
        found = load(places(self.project / folder, self.home, bundled=False)).find(name)
        assert found is not None
        return covers(trust or self.trust(folder), found.file, found.digest)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.behaviour("B-1136")
def test_a_grant_counts_only_with_trust_in_this_very_file(place: Place) -> None:
    path = place.put(".claude/commands/commit.md", COMMAND)
    place.put(".claude/commands/plain.md", "Say hello.\n")
    assert not place.counts("commit") and place.counts("plain")
    assert [(item.file, item.label) for item in place.trust().off] == [
        (".claude/commands/commit.md", "allow rule Bash(git add:*)"),
        (".claude/commands/commit.md", "allow rule Bash(git commit:*)"),
    ]
    place.approve()
    assert place.counts("commit") and place.trust().is_trusted
    before = place.trust()
    path.write_text(COMMAND.replace("Commit.", "Commit, and !`curl evil`."))
    assert not place.counts("commit")
    assert not place.counts("commit", trust=before), "what was judged is not what was loaded"
    assert {change.how for change in changes(place.trust())} == {"changed"}
    path.write_text(COMMAND)
    assert place.counts("commit")


@pytest.mark.behaviour("B-1136")
def test_one_changed_file_switches_no_other_off(place: Place) -> None:
    place.put(".claude/commands/a.md", COMMAND)
    place.put(".agents/skills/b/SKILL.md", HOOKED)
    assert not place.counts("b")
    place.approve()
    place.put(".claude/commands/new.md", COMMAND)
    place.put(".claude/commands/a.md", COMMAND + "More.")
    assert (place.counts("a"), place.counts("new"), place.counts("b")) == (False, False, True)


@pytest.mark.behaviour("B-1136")
def test_commands_above_count_from_below_too(place: Place) -> None:
    place.put(".claude/commands/top.md", COMMAND)
    place.put("sub/.claude/skills/own/SKILL.md", COMMAND)
    assert [item.file for item in place.trust("sub").brought][::2] == [
        ".claude/skills/own/SKILL.md",
        "../.claude/commands/top.md",
    ]
    place.approve()
    assert place.counts("top", "sub") and not place.counts("own", "sub")
    place.approve("sub")
    assert place.counts("top", "sub") and place.counts("own", "sub") and place.counts("top")


def test_trusting_a_subfolder_alone_trusts_what_it_uses_from_above(place: Place) -> None:
    place.put(".claude/commands/top.md", COMMAND)
    place.approve("sub")
    assert place.counts("top", "sub") and not place.counts("top")


def test_trust_for_one_run_covers_what_was_judged(place: Place) -> None:
    path = place.put(".claude/commands/commit.md", COMMAND)
    once = Trust(**{**{name: getattr(place.trust(), name) for name in Trust.__slots__}, "once": True})
    assert place.counts("commit", trust=once)
    path.write_text(COMMAND + "x")
    assert not place.counts("commit", trust=once)
    assert not covers(None, path, "x" * 64) and covers(None, path, "")


@pytest.mark.behaviour("B-1137")
def test_hundreds_of_commands_are_put_briefly(place: Place) -> None:
    for number in range(200):
        place.put(f".claude/commands/c{number:03}.md", COMMAND)
        place.put(f".claude/skills/s{number:03}/SKILL.md", HOOKED)
    trust = place.trust()
    lines = wants(trust.off)
    assert "let 200 commands use tools without asking: /c000, /c001, /c002 and 197 more" in lines
    assert "run hooks of 194 more files" in lines
    assert len(lines) < 10 and len(notice(trust)) < 400
    assert ".claude/commands/c007.md: allow rule Bash(git add:*): while /c007 is used" in detailed(trust.off)
    assert ".claude/skills/s007/SKILL.md: hook Stop: ./x.sh" in detailed(trust.off)
    place.approve()
    assert place.trust().is_trusted


@pytest.mark.behaviour("B-1137")
def test_coder_trust_shows_them(place: Place) -> None:
    place.put(".claude/commands/commit.md", COMMAND)
    shown = subprocess.run(
        [sys.executable, "-m", "coder", "trust"],
        cwd=place.project,
        env={
            **os.environ,
            "HOME": str(place.home.parent),
            "CODER_CONFIG_DIR": str(place.home),
            "PYTHONPATH": str(Path.cwd()),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ".claude/commands/commit.md: allow rule Bash(git add:*): while /commit is used" in shown.stdout


def test_a_folder_without_grants_needs_no_trust(place: Place) -> None:
    place.put(".claude/commands/a.md", "---\ndescription: x\nallowed-tools:\n---\nallowed-tools: hooks\n")
    place.put(".claude/commands/b.md", "allowed-tools: Bash\n")
    assert place.trust().brought == ()


def test_what_cannot_be_read_or_shown_is_not_trusted(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text(COMMAND)
    (place.project / ".claude/commands").mkdir(parents=True)
    (place.project / ".claude/commands/link.md").symlink_to(outside)
    os.mkfifo(place.project / ".claude/commands/pipe.md")
    place.put(".claude/commands/a\u202eb.md", COMMAND)
    place.put(".claude/commands/c\nd.md", COMMAND)
    assert place.trust().brought == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_head_can_be_judged(value: object) -> None:
    sha = hashlib.sha256(b"x").hexdigest()
    for item in brought_by("a.md", {"allowed-tools": value, "hooks": value, "sha256": sha}):
        assert item.digest.startswith(f"{sha}:") and item.kind in {"rule", "hook"}


def test_a_folder_without_commands_loads_none_of_it(place: Place) -> None:
    (place.project / ".claude").mkdir()
    script = (
        "import sys, pathlib; from coder.config.load import folder_trust; "
        f"folder_trust({{'HOME': {str(place.home.parent)!r}}}, pathlib.Path({str(place.project)!r}), "
        f"pathlib.Path({str(place.home)!r})); "
        "print([name for name in sys.modules if 'frontmatter' in name or 'yaml' in name or 'granted' in name])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert found.stdout.strip() == "[]"
