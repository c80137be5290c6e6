"""A person's home and a repository on a real disk, for tests of what is loaded from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coder.commands.loader import Catalogue, load
from coder.commands.places import Place, places


@dataclass(frozen=True, slots=True)
class Shelf:
    top: Path

    @property
    def project(self) -> Path:
        return self.top / "work" / "repo"

    @property
    def person(self) -> Path:
        return self.top / "person"

    def put(self, name: str, text: str | bytes = "Do it.\n") -> Path:
        """`name` begins with the folder: `project/…`, `person/…`, or another one."""
        path = self.top / name.replace("project/", "work/repo/", 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def places(self, cwd: str = ".", **more: object) -> tuple[Place, ...]:
        given: dict[str, object] = {"user_home": self.person, "managed": self.top / "managed", "bundled": False, **more}
        return places(self.project / cwd, self.person / ".coder", **given)  # type: ignore[arg-type]  # tests name them

    def load(
        self,
        cwd: str = ".",
        *,
        reserved: tuple[str, ...] = (),
        overrides: Mapping[str, str] | None = None,
        **more: object,
    ) -> Catalogue:
        return load(self.places(cwd, **more), reserved=reserved, overrides=overrides)


def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path)
    (made.project / ".git").mkdir(parents=True)
    return made
