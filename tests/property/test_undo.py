"""Random work with the real tools and the real shell, then back to some point: the tree is as it was, to the bit."""

from __future__ import annotations

import os
import random
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.rewinding import Bench, git, git_state, tree

NAMES = (
    "a",
    "b.txt",
    "two words",
    "-dash",
    "über-ñ",
    "emoji 🎉",
    "new\nline",
    "d/x",
    "d/e/y",
    "d/e",
    "d",
    "deep/er/est/z",
    ".hidden",
    'it\'s "quoted"',
    "$HOME",
    "node/pack.js",
    "\udcff\udcfe raw",
    "sub/inner.txt",
    "link",
)


class Player:
    """Chooses what happens next. Commands may fail; what they did until then counts."""

    def __init__(self, bench: Bench, chance: random.Random, *, in_git: bool) -> None:
        self.bench = bench
        self.chance = chance
        shell = [self.create, self.append, self.chmod, self.move, self.remove, self.symlink, self.binary, self.swap]
        shell += [self.make_folder, self.empty, self.copy, self.hard_write, self.nested, self.several]
        tools: list[Callable[[], str]] = [self.write, self.edit, self.write]
        own = [self.commit, self.reset, self.stash, self.checkout, self.clean] if in_git else []
        self.choices = [*shell, *shell, *tools, *tools, *own, *own]

    async def act(self) -> None:
        what = self.chance.choice(self.choices)()
        if what.startswith("\0"):
            _, tool, path, text = what.split("\0")
            if tool == "Write":
                await self.bench.write(path, text)
            else:
                target = str(self.bench.project / path)
                await self.bench.call("Read", file_path=target)
                await self.bench.call("Edit", file_path=target, old_string=text[:1], new_string=f"{text}!")
        else:
            await self.bench.bash(what)

    def name(self) -> str:
        return self.chance.choice(NAMES)

    def word(self) -> str:
        """A name as bash has to be told it; bytes that are no UTF-8 are spelled out."""
        name = self.name()
        if name.isascii() or "\udcff" not in name:
            return f"./{shlex.quote(name)}" if not name.startswith("-") else f"./{name}"
        return "./$'" + "".join(f"\\x{byte:02x}" for byte in os.fsencode(name)) + "'"

    def text(self) -> str:
        return "".join(self.chance.choice("abc\n é") for _ in range(self.chance.randrange(40)))

    def create(self) -> str:
        return f'f={self.word()}; mkdir -p "$(dirname "$f")"; printf %s {shlex.quote(self.text())} > "$f"'

    def append(self) -> str:
        return f"echo {self.chance.randrange(1000)} >> {self.word()}"

    def chmod(self) -> str:
        return f"chmod {self.chance.choice(('755', '600', '444', '500', '4755', 'a-w', '1777', '000'))} {self.word()}"

    def move(self) -> str:
        return f"mv -f {self.word()} {self.word()}"

    def remove(self) -> str:
        return f"rm -rf {self.word()}"

    def symlink(self) -> str:
        goal = self.chance.choice(("a", "nowhere", "/etc/passwd", "..", "d"))
        return f"ln -sfn {goal} {self.word()}"

    def binary(self) -> str:
        return f"head -c {self.chance.randrange(70000)} /dev/urandom > {self.word()}"

    def swap(self) -> str:
        name = self.word()
        return f"if [ -d {name} ]; then rm -rf {name}; echo file > {name}; else rm -f {name}; mkdir -p {name}/in; fi"

    def make_folder(self) -> str:
        return f"mkdir -p {self.word()}"

    def empty(self) -> str:
        return f": > {self.word()}"

    def copy(self) -> str:
        return f"cp -R {self.word()} {self.word()}"

    def hard_write(self) -> str:
        return f'f={self.word()}; printf same > "$f"; touch -d \'2001-01-01\' "$f"'

    def nested(self) -> str:
        folder = self.chance.choice(("sub", "d/e"))
        return (
            f"mkdir -p {folder} && cd {folder} && git init -q . && echo {self.chance.randrange(99)} > inner.txt"
            " && git add . && git commit -qm inner"
        )

    def several(self) -> str:
        return "; ".join(self.chance.choice((self.create, self.move, self.remove))() for _ in range(3))

    def write(self) -> str:
        return f"\0Write\0{self.name()}\0{self.text()}"

    def edit(self) -> str:
        return f"\0Edit\0{self.name()}\0{self.chance.choice('abc1')}"

    def commit(self) -> str:
        return "git add -A; git commit -qm more"

    def reset(self) -> str:
        return self.chance.choice(("git reset -q --hard", "git reset -q", "git reset -q --hard HEAD~1"))

    def stash(self) -> str:
        return self.chance.choice(("git stash -q", "git stash -qu", "git stash pop -q", "git stash drop -q"))

    def checkout(self) -> str:
        return self.chance.choice(
            ("git checkout -q -- .", "git checkout -q -b side", "git checkout -q -", "git restore .")
        )

    def clean(self) -> str:
        return self.chance.choice(("git clean -fdq", "git clean -fdxq", "git clean -ffdq"))


def seeded(project: Path, chance: random.Random, *, in_git: bool) -> None:
    for name in chance.sample([name for name in NAMES if "/" not in name and name not in ("d", "link")], 5):
        (project / name).write_bytes(os.urandom(chance.randrange(200)))
    (project / "d/e").mkdir(parents=True)
    (project / "d/x").write_text("x")
    (project / "link").symlink_to("a")
    (project / "void").mkdir()
    if in_git:
        git(project, "init", "-q")
        (project / ".gitignore").write_text("node/\n*.log\n")
        git(project, "add", "-A")
        git(project, "commit", "-qm", "first")
        if chance.random() < 0.6:  # long ago, as git sees it: then its index tells the contents
            os.utime(project / ".git" / "index", (later := time.time() + 60, later))
        (project / "b.txt").write_text("dirty")
        (project / "a.log").write_text("ignored")


def histories(found: dict[bytes, tuple[object, ...]]) -> set[bytes]:
    return {path for path in found if path.endswith(b"/.git")}


def comparable(found: dict[bytes, tuple[object, ...]], kept: set[bytes]) -> dict[bytes, tuple[object, ...]]:
    """Without what is in the histories that were there before and after: that is the person's."""
    return {path: each for path, each in found.items() if not any(path.startswith(top + b"/") for top in kept)}


async def sequence(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    in_git = seed % 2 == 0
    bench = Bench(folder)
    seeded(bench.project, chance, in_git=in_git)
    player = Player(bench, chance, in_git=in_git)
    states = []
    for number in range(chance.randrange(1, 4)):
        states.append(tree(bench.project))
        bench.prompt(f"prompt-{number}")
        for _ in range(chance.randrange(1, 5)):
            await player.act()
    now, own = tree(bench.project), git_state(bench.project)
    goal = chance.randrange(len(states))
    preview = await bench.checkpoints.preview(f"prompt-{goal}") if bench.events else None
    assert preview is None or not preview.conflicts, preview
    await bench.checkpoints.rewind(f"prompt-{goal}", "files")
    after = tree(bench.project)
    kept = histories(states[goal]) & histories(now)
    assert comparable(after, kept) == comparable(states[goal], kept)
    assert git_state(bench.project) == own
    await bench.checkpoints.undo_last()
    again = tree(bench.project)
    assert comparable(again, kept) == comparable(now, kept)
    assert git_state(bench.project) == own
    await bench.aclose()


@pytest.mark.behaviour("B-450")
@pytest.mark.parametrize("seed", range(24))
async def test_a_rewind_brings_the_tree_back_and_its_undo_takes_it_away(tmp_path: Path, seed: int) -> None:
    await sequence(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(1000, 1700, 10))
async def test_many_rewinds_bring_the_tree_back(tmp_path: Path, first: int) -> None:
    for seed in range(first, first + 10):
        await sequence(tmp_path / str(seed), seed)
