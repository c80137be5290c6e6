"""Files with heads, bent in every way: loading and checking them never fails."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from coder.commands.agents import load_agents
from coder.commands.check import check
from coder.commands.loader import body, load
from coder.commands.places import Place
from coder.config.brought import brought_by
from coder.config.granted import grants
from coder.core.errors import ConfigError
from coder.frontmatter.globs import Globs

ROUNDS = 400 if os.environ.get("CODER_FUZZ") == "long" else 6
FILES = 25  # of each kind in a round
SEEDS = (
    "---\ndescription: commits\nargument-hint: [message] [branch]\nallowed-tools: Bash(git add:*), Read\n"
    "---\n!`git status`\n$1",
    "---\nname: pdf\ndescription: >-\n  reads\n  PDF\npaths:\n  - 'src/**/*.{ts,tsx}'\n  - docs/[a-c]?\n"
    "hooks:\n  Stop:\n    - matcher: '*'\n      hooks:\n        - type: command\n          command: ./x.sh\n---\n"
    "See [it](ref/x.md), @a/b.md\n",
    '---\nname: r\ndescription: when: Examples:\n\n<example>\nuser: "x"\nassistant: "y"\n</example>\n'
    "tools: *\nmodel: inherit\n---\nYou",
    "---\na: &a [1, 2]\nb: *a\nc: {d: e, f: [g]}\n? complex\n: value\n--- \n```!\nnpm test\n```\n~~~\n```md\n",
    "No head at all.\n\n# A heading\n\n<!-- a remark -->\nC:\\dir\\file.py $ARGUMENTS[0] ${CLAUDE_SKILL_DIR}\n",
)
PIECES = (
    "---", "\n", "\r\n", "\t", ": ", "- ", "[", "]", "{", "}", "{a,", "&a ", "*a ", "!!", "|", ">-", "#", "'",
    '"', "\\", "```", "!`", "`", "@", "$9", "<example>", "</", "\ufeff", "\u202e", "\x00", "é",
    "allowed-tools:", "hooks:", "description:", "paths:", "Bash(", ")", "%", "? ", "<<: ", "9" * 30, "x" * 300,
    " " * 40, "[" * 50, "**/" * 20, "\ud7ff", "on", "~",
)  # fmt: skip


def bent(chance: random.Random) -> bytes:
    text = chance.choice(SEEDS)
    for _ in range(chance.randrange(12)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(5):
            case 0:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randrange(8) :]
            case 2:
                other = chance.choice(SEEDS)
                text = text[:at] + other[chance.randrange(len(other)) :]
            case 3:
                text = text[:at] + text[at : at + 20] * chance.randrange(1, 9) + text[at:]
            case 4:
                text = text[:at] + chance.choice(PIECES) * chance.randrange(1, 30) + text[at:]
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(chance.randrange(3) if data else 0):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def write(root: Path, chance: random.Random) -> None:
    names: tuple[Callable[[int], str], ...] = (
        lambda number: f"commands/c{number}.md",
        lambda number: f"skills/s{number}/SKILL.md",
        lambda number: f"agents/a{number}.md",
        lambda number: f"output-styles/o{number}.md",
    )
    for number in range(FILES):
        for name in names:
            path = root / ".claude" / name(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bent(chance))
    (root / ".claude-plugin").mkdir(exist_ok=True)
    manifest = bytearray(
        b'{"name": "p", "skills": ["./.claude/skills"], "commands": "./.claude/commands", "hooks": {}}'
    )
    for _ in range(chance.randrange(4)):
        manifest[chance.randrange(len(manifest))] = chance.randrange(256)
    (root / ".claude-plugin/plugin.json").write_bytes(manifest)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_bent_files_are_loaded_and_checked(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    write(tmp_path, chance)
    claude = tmp_path / ".claude"
    places = [Place(claude / kind, kind, "project", tmp_path) for kind in ("skills", "commands", "agents")]
    catalogue = load(places)
    assert len(catalogue.all()) + len(catalogue.shadowed) == 2 * FILES
    for one in catalogue.all():
        assert one.name and body(one) is not None
        Globs.of(one.paths).match("src/a/b.ts")
    load_agents(places)
    for mistake in check(tmp_path):
        lines = (
            mistake.path.read_bytes().count(b"\n") + mistake.path.read_bytes().count(b"\r")
            if mistake.path.is_file()
            else 0
        )
        assert 0 <= mistake.line <= lines + 2
        assert mistake.text and "\n" not in mistake.text
    for name, value in grants([claude], tmp_path, tmp_path):
        assert all(item.digest for item in brought_by(name, value))


def test_a_file_that_goes_is_named(tmp_path: Path) -> None:
    write(tmp_path, random.Random(1))
    catalogue = load([Place(tmp_path / ".claude/commands", "commands", "project", tmp_path)])
    for one in catalogue.all():
        one.file.unlink()
        with pytest.raises(ConfigError):
            body(one)
    assert catalogue.stale()
