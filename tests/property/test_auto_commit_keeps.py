"""Whatever a person had staged, changed and left about, and whatever a run then does: its commit holds just that, the
person's index and files stay as they are, and undoing it brings everything back."""

from __future__ import annotations

import hashlib
import os
import random
import shlex
from pathlib import Path

import pytest

from tests.support.autocommits import Auto
from tests.support.cli import Place
from tests.support.rewinding import tree

NAMES = (
    "a",
    "b.txt",
    "two words",
    "-dash",
    "über",
    "d/x",
    "d/y",
    "d/e/z",
    "d",
    "d/e",
    "new\nline",
    ".hidden",
    "raw\udcff",
)
IGNORED = ("a.log", "d/b.log")


class Player:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def word(self, names: tuple[str, ...] = NAMES) -> str:
        name = self.chance.choice(names)
        return "./$'" + "".join(f"\\x{byte:02x}" for byte in os.fsencode(name)) + "'"

    def file(self) -> str:
        """Something that a run or a person does to files."""
        word, other, text = self.word(), self.word(), f"{self.chance.randrange(10**6)}"
        return self.chance.choice(
            (
                f'f={word}; mkdir -p "$(dirname "$f")"; echo {text} > "$f"',
                f'f={word}; mkdir -p "$(dirname "$f")"; echo {text} > "$f"',
                f"echo {text} >> {word}",
                f"rm -rf {word}",
                f"mv -f {word} {other}",
                f"chmod {self.chance.choice(('755', '644'))} {word}",
                f"ln -sfn {shlex.quote(text)} {word}",
                f"[ -d {word} ] && rm -rf {word} && echo {text} > {word}",
                f"[ -d {word} ] || {{ rm -f {word}; mkdir -p {word}/in; }}",
                f"echo {text} > {self.word(IGNORED)}",
                f"git show HEAD:{other} > {other}",
            )
        )

    def staging(self) -> str:
        word = self.word()
        return self.chance.choice(
            (f"git add -- {word}", "git add -A", f"git rm -rq --cached -- {word}", f"git reset -q -- {word}")
        )


def files(auto: Auto) -> dict[str, tuple[str, str]]:
    """Every file as git would have it: mode and blob."""
    found = {}
    for path, (kind, *facts) in tree(auto.cwd).items():
        name = os.fsdecode(path)[len(str(auto.cwd)) + 1 :]
        if kind in ("file", "link") and "/.git/" not in f"/{name}/":
            data = facts[-1]
            assert isinstance(data, bytes)
            executable = kind == "file" and int(str(facts[0])) & 0o100
            mode = "120000" if kind == "link" else "100755" if executable else "100644"
            found[name] = (mode, hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest())
    return found


def entries(auto: Auto, *asked: str) -> dict[str, tuple[str, str]]:
    found = {}
    for line in auto.git(*asked, "-z").split("\0"):
        head, _, name = line.partition("\t")
        if name:
            mode, *rest = head.split()
            found[name] = (mode, rest[-1] if "ls-tree" in asked else rest[0])
    return found


def is_ignored(name: str) -> bool:
    return name.endswith(".log")


async def check(folder: Path, seed: int) -> None:
    folder.mkdir(exist_ok=True)
    chance = random.Random(seed)
    auto, player = Auto(Place.make(folder)), Player(chance)
    auto.repository.write(".gitignore", "*.log\n")
    if chance.random() < 0.9:
        for _ in range(6):
            auto.person(player.file())
        auto.person("git add -A; git commit -qm first")
    for _ in range(chance.randrange(7)):
        auto.person(player.file() if chance.random() < 0.6 else player.staging())
    if auto.git("ls-files", "-u"):
        return
    unborn = not auto.git("for-each-ref")
    head = {} if unborn else entries(auto, "ls-tree", "-r", "HEAD")
    before = (tree(auto.cwd), auto.staged(), auto.git("for-each-ref"), auto.git("symbolic-ref", "HEAD"))
    index, disk = entries(auto, "ls-files", "--stage"), files(auto)
    staged = {name for name in {*head, *index} if head.get(name) != index.get(name)}
    commands = [player.file() for _ in range(chance.randrange(1, 5))]
    ends: list[object] = []
    await auto.run("Do it", *commands, at_the_end=lambda: ends.append((tree(auto.cwd), auto.staged())))
    after = files(auto)
    assert tree(auto.cwd) == ends[0][0]  # type: ignore[index]  # a pair
    changed = {name for name in {*disk, *after} if disk.get(name) != after.get(name)}
    wanted = {name for name in changed if after.get(name) != head.get(name)}
    wanted = {name for name in wanted if name in head or name in index or not is_ignored(name)}
    told = (seed, commands, auto.warnings)
    if not auto.committed:
        assert wanted == set(), told
        assert auto.staged() == before[1] and auto.git("for-each-ref") == before[2]
        await auto.checkpoints.aclose()
        return
    made = entries(auto, "ls-tree", "-r", "HEAD")
    differs = {name for name in {*head, *made} if head.get(name) != made.get(name)}
    # A file where a folder was takes the place of what stood in it.
    hidden = {name for name in differs - wanted if any(name.startswith(f"{other}/") for other in wanted)}
    hidden |= {name for name in differs - wanted if any(other.startswith(f"{name}/") for other in wanted)}
    assert differs - hidden == wanted, told
    assert all(made.get(name) == after.get(name) for name in wanted), told
    now = entries(auto, "ls-files", "--stage")
    for name in {*index, *now} - hidden:
        if name in wanted and name not in staged:
            assert now.get(name) == made.get(name), (told, name)
        elif not any(name.startswith(f"{other}/") or other.startswith(f"{name}/") for other in wanted):
            assert now.get(name) == index.get(name), (told, name)
    if before[3] != auto.git("symbolic-ref", "HEAD") and not unborn:
        assert before[2] in auto.git("for-each-ref")
    standing = (tree(auto.cwd), auto.staged(), auto.git("for-each-ref"), auto.git("symbolic-ref", "HEAD"))
    await auto.undoing.undo()
    assert tree(auto.cwd) == before[0], told
    if not hidden:
        assert auto.staged() == before[1], told
    assert (auto.git("for-each-ref"), auto.git("symbolic-ref", "HEAD")) == before[2:], told
    await auto.undoing.redo()
    again = (tree(auto.cwd), auto.staged(), auto.git("for-each-ref"), auto.git("symbolic-ref", "HEAD"))
    assert again == standing, told
    auto.git("fsck", "--strict")
    await auto.checkpoints.aclose()


@pytest.mark.behaviour("B-1477")
@pytest.mark.behaviour("B-1483")
@pytest.mark.parametrize("seed", range(20))
async def test_the_commit_holds_the_run_and_the_rest_stays(tmp_path: Path, seed: int) -> None:
    await check(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(1000, 1400, 10))
async def test_many_commits_hold_their_runs(tmp_path: Path, first: int) -> None:
    for seed in range(first, first + 10):
        await check(tmp_path / str(seed), seed)
