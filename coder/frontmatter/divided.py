"""Several things in one text, as heads have them: `Bash(git add:*), Read`. Pure; must not know what they are."""

from __future__ import annotations


def divided(text: str, dividers: str) -> tuple[list[str], bool]:
    """The parts between `dividers` outside of parentheses and braces, and whether all of those are closed."""
    parts: list[str] = []
    depth = start = 0
    for place, sign in enumerate(text):
        if sign in "({":
            depth += 1
        elif sign in ")}":
            depth = max(0, depth - 1)
        elif sign in dividers and not depth:
            parts.append(text[start:place].strip())
            start = place + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part], not depth
