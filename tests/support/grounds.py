"""Places for memory: a home, a repository in it, and files of any text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from coder.app.memory import ProjectMemory
from coder.core.config import Config, Guidance, ModelConfig
from coder.memory.files import Ground, Memory
from coder.memory.reading import discover
from coder.memory.store import Store


@dataclass(slots=True)
class Land:
    """`shop` is the repository, in the person's `home`; `root` holds all, and `etc` is the administrator's folder."""

    root: Path
    home: Path = field(init=False)
    shop: Path = field(init=False)
    etc: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home, self.etc = self.root / "home" / "mia", self.root / "etc"
        self.shop = self.home / "src" / "shop"
        (self.shop / ".git").mkdir(parents=True)

    def write(self, files: Mapping[str, str | bytes], top: Path | None = None) -> None:
        for name, text in files.items():
            path = (top or self.shop) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def ground(self, **changes: Any) -> Ground:
        own = (self.home / ".claude", self.home / ".coder")
        return replace(Ground(self.shop, self.home, self.etc, own), **changes)

    def read(self, **changes: Any) -> Memory:
        return discover(self.ground(**changes), Store())

    def names(self, memory: Memory) -> list[str]:
        return [str(file.path.relative_to(self.root / "home")) for file in memory.files]

    def config(self, *, guidance: Guidance | None = None, **changes: Any) -> Config:
        model = ModelConfig("some-model", "http://127.0.0.1:9")
        config = Config(self.shop, self.home / ".coder", model, guidance=guidance or Guidance())
        return replace(config, **changes)

    def memory(self, **changes: Any) -> ProjectMemory:
        return ProjectMemory(self.config(**changes), {"HOME": str(self.home)}, managed=self.etc)
