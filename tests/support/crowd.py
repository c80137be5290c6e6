"""Folders full of skills, commands and agents, and a memory file of many lines: what people install over the years."""

from __future__ import annotations

from pathlib import Path

WORDS = "Works through the records of the ledger and says which of them nobody has looked at yet. " * 3


def skills(folder: Path, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        text = f"---\nname: skill-{number:04}\ndescription: {WORDS}\n---\nDo step {number}.\n"
        put(folder / "skills" / f"skill-{number:04}" / "SKILL.md", text)


def commands(folder: Path, count: int) -> None:
    for number in range(count):
        text = f"---\ndescription: {WORDS}\nallowed-tools: Bash(git status:*)\n---\nDo $ARGUMENTS {number}.\n"
        put(folder / "commands" / f"command-{number:03}.md", text)


def agents(folder: Path, count: int) -> None:
    for number in range(count):
        text = f"---\nname: agent-{number:03}\ndescription: {WORDS}\n---\nYou are number {number}.\n"
        put(folder / "agents" / f"agent-{number:03}.md", text)


def memory(path: Path, lines: int) -> None:
    put(path, "".join(f"- Rule {number}: amounts are whole cents.\n" for number in range(lines)))


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
