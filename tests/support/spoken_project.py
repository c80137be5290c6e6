"""A project that says all it can: memory, rules, commands, skills, and hooks of the person's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.cli import Place
from tests.support.crowd import put
from tests.support.hooked import group, says, settings, specific

FILES = {
    "CLAUDE.md": "Amounts are whole cents.\n@docs/style.md\n",
    "docs/style.md": "No abbreviations.\n",
    "CLAUDE.local.md": "I am Mia.\n",
    "web/CLAUDE.md": "The web folder is old.\n",
    "web/page.txt": "a page\n",
    "src/a.py": "x = 1\n",
    "notes.txt": "remember me\n",
    ".claude/rules/python.md": '---\npaths: ["src/**/*.py"]\n---\nPython is typed.\n',
    ".claude/commands/look.md": "---\ndescription: looks\n---\nAbout $0: !`cat notes.txt`\n",
    ".claude/commands/big.md": "---\ndescription: big\nmodel: claude-opus-5-5\n---\nThink big.\n",
    ".claude/commands/hard.md": "---\ndescription: hard\neffort: high\n---\nThink hard.\n",
    ".claude/skills/ship/SKILL.md": "---\ndescription: ships it\n---\nTag $ARGUMENTS and push.\n",
    ".claude/skills/types/SKILL.md": "---\ndescription: types\npaths: 'src/**'\n---\nAdd types.\n",
}
ALWAYS = ("--permission-mode", "bypassPermissions", "--model", "claude-sonnet-5-5")


@dataclass(frozen=True, slots=True)
class Spoken:
    place: Place

    @classmethod
    def at(cls, place: Place) -> Spoken:
        made = cls(place)
        for name, text in FILES.items():
            made.write(name, text)
        blocked = place.home / "blocked"
        slow = says(specific("PreToolUse", additionalContext="shells are slow"))
        settings(
            place,
            {
                "SessionStart": [group("echo the branch is main")],
                "UserPromptSubmit": [group("echo it is Tuesday")],
                "PreToolUse": [group(slow, matcher="Bash")],
                "PostToolUse": [group(says(specific("PostToolUse", additionalContext="it was read")), matcher="Read")],
                "Stop": [group(f"test -e '{blocked}' && exit 0; touch '{blocked}'; echo 'say more' >&2; exit 2")],
            },
        )
        return made

    def path(self, name: str) -> str:
        return str(self.place.project / name)

    def write(self, name: str, text: str) -> Path:
        return put(self.place.project / name, text)

    def block_next_stop(self) -> None:
        (self.place.home / "blocked").unlink(missing_ok=True)
