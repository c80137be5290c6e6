"""The hunt itself: cook commands, judge them, run every one that is allowed, shrink what turns out to be a hole.

`python -m tests.fuzz.hunt '{"profile": …}'` hunts in a process of its own and prints what it found as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path

import coder
from coder.permissions.world import LocalWorld
from tests.fuzz.holes import known
from tests.fuzz.profiles import Name, Profile, profile
from tests.fuzz.scratch import TOKEN, Scratch
from tests.fuzz.soup import Soup

_CORPUS = Path(__file__).parents[1] / "corpus"


@dataclass(frozen=True, slots=True)
class Hole:
    command: str
    found_as: str
    deeds: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.command!r}: {'; '.join(self.deeds)} (found as {self.found_as!r})"


@dataclass(slots=True)
class Catch:
    """The figures of a hunt. `ran` are hashes of the distinct commands that were executed."""

    inputs: int = 0
    allowed: int = 0
    tokens_shown: int = 0
    excused: int = 0
    ran: set[str] = field(default_factory=set)
    holes: list[Hole] = field(default_factory=list)

    @property
    def figures(self) -> dict[str, object]:
        return {
            "inputs": self.inputs,
            "allowed": self.allowed,
            "runs": len(self.ran),
            "tokens shown": self.tokens_shown,
            "excused": self.excused,
            "holes": len(self.holes),
            "hashes": sorted(self.ran),
        }


@dataclass(frozen=True, slots=True)
class Hunt:
    """Ends after `inputs` commands judged, `most` executed, or `holes` found."""

    profile: Name
    seed: int
    inputs: int
    most: int
    holes: int = 3
    spice: list[str] = field(default_factory=list)
    excusing: bool = True

    def run(self, folder: Path) -> Catch:
        with Scratch(folder) as scratch:
            kind, rng = self.kind(scratch.world)
            return self._hunt(scratch, kind, Soup(rng, kind.pantry))

    def kind(self, world: LocalWorld) -> tuple[Profile, random.Random]:
        """The rules, mode and words of this seed, and the dice as they lie after choosing them."""
        rng = random.Random(f"{self.profile} {self.seed}")
        return profile(self.profile, world, rng, corpus(), self.spice), rng

    def _hunt(self, scratch: Scratch, kind: Profile, soup: Soup) -> Catch:
        catch = Catch()
        while catch.inputs < self.inputs and len(catch.ran) < self.most and len(catch.holes) < self.holes:
            command = soup.command()
            catch.inputs += 1
            if kind.judge.bash(command).verdict != "allow":
                continue
            catch.allowed += 1
            key = blake2b(command.encode("utf-8", "replace"), digest_size=8).hexdigest()
            if key in catch.ran:
                continue
            catch.ran.add(key)
            deed = scratch.run(command)
            catch.tokens_shown += TOKEN in deed.output
            deeds = kind.holes(deed)
            if not deeds:
                continue
            if self.excusing and excused(kind.name, command, deeds):
                catch.excused += 1
                continue
            hole = shrunk(command, kind, scratch)
            if hole.command not in {h.command for h in catch.holes}:
                catch.holes.append(hole)
        return catch


def excused(profile: Name, command: str, deeds: list[str]) -> bool:
    """Whether an open hole that is on the list explains all of this."""
    return any(hole.explains(profile, command, deeds) for hole in known())


def corpus() -> list[str]:
    """Real commands to spoil: those of tests/corpus that are meant to run."""
    found = []
    for file in sorted(_CORPUS.glob("readonly*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line) if line.strip() else {}
            command = entry.get("command") or entry.get("input", {}).get("command")
            if command:
                found.append(command)
    return found


def shrunk(command: str, kind: Profile, scratch: Scratch) -> Hole:
    """The shortest text we can cut it down to that is still allowed and still does what it must not."""

    def deeds(text: str) -> list[str]:
        return kind.holes(scratch.run(text)) if kind.judge.bash(text).verdict == "allow" else []

    shortest, step = command, max(1, len(command) // 2)
    while step:
        at = 0
        while at < len(shortest):
            shorter = shortest[:at] + shortest[at + step :]
            if shorter and deeds(shorter):
                shortest = shorter
            else:
                at += step
        step //= 2
    return Hole(shortest, command, tuple(deeds(shortest)[:6]))


def main() -> None:
    hunt = Hunt(**json.loads(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        catch = hunt.run(Path(folder))
    figures = {name: value for name, value in catch.figures.items() if name != "hashes"}
    print(json.dumps({**figures, "coder": coder.__file__, "found": [asdict(hole) for hole in catch.holes]}))


if __name__ == "__main__":
    main()
