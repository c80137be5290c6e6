"""Captures every screen anew: `python -m tests.support.capture [words of a title]`; with words it prints, without it
writes docs/screens.md. `make screens`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path

from tests.support.studio import Shot, written

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "screens.md"
GROUPS = (
    ("The prompt", "prompt"),
    ("A run", "run"),
    ("Agents", "agents"),
    ("Questions", "questions"),
    ("When something goes wrong", "errors"),
    ("Slash commands", "slash"),
    ("Git", "git"),
    ("Servers", "servers"),
    ("Beginning and leaving", "doorstep"),
)
HEAD = """# Screens

What `coder` looks like on a terminal of 80 columns. `make screens` captures this page anew from real runs: the real
program on a pty, a scripted model on loopback. Colours are not shown. Times, ports, ids and the name of the home are
made the same.
"""


def every_shot(group: str = "") -> tuple[Shot, ...]:
    """All of them, or those of one group."""
    names = [name for _, name in GROUPS if group in ("", name)]
    return tuple(shot for name in names for shot in import_module(f"tests.support.shots.{name}").SHOTS)


def text_of(title: str) -> str:
    return next(written(shot, shot.taken()) for shot in every_shot() if shot.title == title)


def main(words: Sequence[str]) -> None:
    titles = [
        shot.title for shot in every_shot() if not words or any(word.lower() in shot.title.lower() for word in words)
    ]
    with ProcessPoolExecutor(3) as pool:  # most of a capture is waiting
        texts = dict(zip(titles, pool.map(text_of, titles), strict=True))
    if words:
        print("\n".join(texts.values()))
        return
    parts = [HEAD]
    for heading, group in GROUPS:
        parts += [f"## {heading}\n", *(texts[shot.title] for shot in every_shot(group))]
    PAGE.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
