"""Whole runs in the process of the test: real configuration, disk and HTTP, but no start-up to wait for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coder.app.build import open_session
from coder.app.session import Session
from coder.app.starting import NEW, Start
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config
from coder.core.requests import Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import KEY


@dataclass(frozen=True, slots=True)
class Talk:
    """A home and a project, and the API that answers there."""

    home: Path
    project: Path
    url: str

    @classmethod
    def at(cls, root: Path, url: str) -> Talk:
        talk = cls(root / "home", root / "project", url)
        talk.home.mkdir(exist_ok=True)
        talk.project.mkdir(exist_ok=True)
        return talk

    def elsewhere(self, name: str) -> Talk:
        folder = self.project.parent / name
        folder.mkdir(exist_ok=True)
        return replace(self, project=folder)

    @property
    def state(self) -> Path:
        return self.home / ".coder"

    def transcripts(self) -> list[Path]:
        return sorted((self.state / "projects").glob("*/*.jsonl"))

    def files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.home.rglob("*") if path.is_file()}

    def config(self, **flags: Any) -> Config:
        env = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "IS_SANDBOX": "1",  # tests may run as root
            "ANTHROPIC_BASE_URL": self.url,
            "ANTHROPIC_API_KEY": KEY,
        }
        given = {"permission_mode": "bypassPermissions", **flags}
        return load(Flags(**given), env, self.project, managed=self.home / "managed")

    async def open(self, start: Start = NEW, *, front: Recorder | None = None, **flags: Any) -> Session:
        config = self.config(**flags)
        return await open_session(config, front or Recorder(Deny("nobody", nobody=True)), start=start)

    async def say(self, prompt: str, start: Start = NEW, **flags: Any) -> str:
        """One run of a session that is closed again; its last words."""
        session = await self.open(start, **flags)
        try:
            return (await session.prompt(prompt)).text
        finally:
            await session.aclose()


def texts(body: dict[str, Any]) -> list[str]:
    """Every text of a request's conversation but the place's, in order."""
    found = [part["text"] for message in body["messages"] for part in message["content"] if part["type"] == "text"]
    return [text for text in found if not text.startswith("<environment>")]


def roles(body: dict[str, Any]) -> Sequence[str]:
    return [message["role"] for message in body["messages"]]
