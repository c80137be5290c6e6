"""The messages of a repository's last commits, the person who commits next, and where rules for messages stand. Reads;
changes nothing, and opens none of those files. Must not know what is made of it.
"""

from __future__ import annotations

import asyncio
import os
from itertools import islice
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.git.call import Git
from coder.git.messages.style import Written

_COMMITS = 400  # enough for a hundred of people where robots are busy
_MOST_BYTES = 4_000_000
_SECONDS = 3.0
_RULES = (
    *(".gitmessage", ".gitmessage.txt", ".github/.gitmessage"),
    *(f"commitlint.config.{end}" for end in ("js", "cjs", "mjs", "ts", "cts", "mts")),
    *(f".commitlintrc{end}" for end in ("", ".json", ".yaml", ".yml", ".js", ".cjs", ".ts")),
    *(".czrc", ".cz.toml", ".cz.json", ".cz.yaml", ".gitlint", ".conform.yaml", ".gitmoji-changelogrc"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who commits next, by git's settings; "" where they do not say."""

    name: str = ""
    email: str = ""

    @property
    def signer(self) -> str:
        return f"{self.name} <{self.email}>" if self.name and self.email else ""


async def last_messages(git: Git, folder: Path) -> tuple[Written, ...]:
    """The newest first, without merges; () without a commit, and where git does not tell in time."""
    said = await git.asked(
        *(folder, "log", f"--max-count={_COMMITS}", "--no-merges", "-z", "--no-mailmap", "--no-notes", "--no-decorate"),
        *("--no-show-signature", "--no-color", "--encoding=UTF-8", "--format=%an%x00%ae%x00%B", "--no-patch"),
        *("--end-of-options", "HEAD", "--"),
        most=_MOST_BYTES,
        seconds=_SECONDS,
    )
    if not said.ok:
        return ()
    parts = iter(said.text.split("\0"))
    return tuple(Written(name, email, message) for name, email, message in zip(parts, parts, parts, strict=False))


async def person_of(git: Git, folder: Path) -> Person:
    said = await git.asked(folder, "config", "-z", "--get-regexp", r"^user\.(name|email)$", most=10_000)
    found = dict(line.split("\n", 1) for line in said.text.split("\0") if "\n" in line) if said.ok else {}
    return Person(found.get("user.name", ""), found.get("user.email", ""))


async def rules_of_messages(git: Git, folder: Path, top: Path) -> tuple[str, ...]:
    """The template of git's settings, and files of tools that check messages."""
    said = await git.asked(folder, "config", "-z", "--type=path", "--get", "commit.template", most=10_000)
    template = said.text.split("\0")[0] if said.ok else ""
    named = (f"{template} (commit.template)",) if template else ()
    return (*named, *await asyncio.to_thread(_files, top))


def _files(top: Path) -> tuple[str, ...]:
    return tuple(islice((name for name in _RULES if os.path.lexists(top / name)), 4))
