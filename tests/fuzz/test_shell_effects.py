from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from coder.permissions.world import LocalWorld
from tests.support.policy import Policy, policy, project

LONG = os.environ.get("CODER_FUZZ") == "long"
SEEDS = tuple(range(20_000, 20_016)) if LONG else (1,)
INPUTS = 25_000 if LONG else 4_000
MOST_RUN = 3_000 if LONG else 250

PLAIN = [
    "ls", "ls -la", "ls sub", "cat a.txt", "cat a.txt b.txt", "head -n 2 a.txt", "tail -n 1 b.txt", "wc -l a.txt",
    "grep -n one a.txt", "grep -r one .", "find . -name a.txt", "sort a.txt", "uniq a.txt", "cut -d / -f1 a.txt",
    "diff a.txt b.txt", "echo hi", 'echo "x y"', "printf '%s' hi", "pwd", "date +%Y", "true", "false",
    "test -f a.txt", "[ -f a.txt ]", "sed -n 1p a.txt", "sed s/a/b/g a.txt", "awk '{print $1}' a.txt", "git status",
    "git log -1", "git diff", "git branch", "git tag", "git stash list", "cd sub", "stat a.txt", "file a.txt",
    "du -s .", "basename a/b", "tr a b", "nl a.txt", "sleep 0", "LANG=C ls", "time ls", "timeout 5 ls", "nohup ls",
    "nice ls", "command ls", "xxd a.txt", "od a.txt", "tac a.txt", "rev a.txt", "type ls", "seq 3",
]  # fmt: skip
RISKY = [
    "sed -n '1w PWN' a.txt", "sed 's/o/x/w PWN' a.txt", "sed -i.PWN s/o/x/ a.txt", "sed '1e touch PWN' a.txt",
    "sed 's/one/touch PWN/e' a.txt", 'awk \'BEGIN{system("touch PWN")}\'', 'awk \'{print > "PWN"}\' a.txt',
    "printf %n 'a[$(touch PWN)]'", "printf -v 'a[$(touch PWN)]' x", "find . -exec touch PWN {} +",
    "find . -fprint PWN", "find . -name a.txt -delete", "sort -o PWN a.txt", "uniq a.txt PWN", "xxd a.txt PWN",
    "git diff --output=PWN", "git log --output=PWN", "git branch PWN", "git tag PWN", "git -c alias.x='!touch PWN' x",
    "git stash -p list", "tree -o PWN", "test -v 'a[$(touch PWN)]'", "[ -v 'a[$(touch PWN)]' ]", "date -f PWN",
    "timeout 5 touch PWN", "command touch PWN", "env touch PWN", "cd sub", "base64 -o PWN a.txt",
    "echo a.txt >> a.txt", "cat a.txt >PWN", "git grep -Otouch one", "git archive -o PWN HEAD", "tee PWN",
    "cp a.txt PWN",
]  # fmt: skip
JOINS = [" && ", " || ", "; ", " | ", "\n", " |& ", ";", "&&", "||", "|", " ;\n", "\n\n", " && \\\n", " | \\\n  "]
PAYLOADS = [
    "touch PWN", "$(touch PWN)", "`touch PWN`", "<(touch PWN)", "> PWN", ">PWN", ">> PWN", "&> PWN", ">|PWN", "2>PWN",
    "1>PWN", "-o PWN", "--output=PWN", "--output PWN", "-exec touch PWN ;", '-exec touch PWN \\;', "-fprint PWN",
    "-delete", "w PWN", "a[$(touch PWN)]", "'a[$(touch PWN)]'", "-v 'a[$(touch PWN)]'", "${x:-$(touch PWN)}",
    "$((a[$(touch PWN)]))", '<<E\n$(touch PWN)\nE', "<<'E'\ntouch PWN\nE", "| tee PWN", "| sh", "& touch PWN",
    "; touch PWN", '\ntouch PWN', '\\\ntouch PWN', '\rtouch PWN', "PWN", "eval touch PWN", "sh -c 'touch PWN'",
    "!touch PWN", "{ touch PWN; }", "(touch PWN)", "{touch,PWN}", "time touch PWN", "coproc touch PWN",
    "<<<$(touch PWN)", "'s/a/touch PWN/e'", "'s/o/x/w PWN'", "'1w PWN'", '\'BEGIN{system("touch PWN")}\'',
    '\'{print > "PWN"}\'', "-i.PWN s/o/x/", "--pre touch", "-t PWN", "-T PWN", "-C -m PWN", "%n 'a[$(touch PWN)]'",
]  # fmt: skip
GLUE = [
    " ", "  ", '\t', '\n', '\\', '\\\n', '\r', '\x0b', '\x0c', '\xa0', "#", " # ", '\\#', "'", '"', "''", '""', "\\'",
    '\\"', "$", "$$", "$x", "${x}", "`", '\\`', "(", ")", "{", "}", "[", "]", "[[", "]]", "*", "?", "~", "~/", "~+",
    "!", "&", "|", ";", ";;", "<", ">", "<>", ">&", "2>&1", "2>/dev/null", ">/dev/null", "&>/dev/null", "<a.txt",
    "x=1 ", "x=1;", "x+=1", "=", "-", "--", "-n", "-e", "-x", "^", "%", "@", "+", ",", "case x in x)", "esac",
    "if true;then ", ";fi", "while false;do ", ";done", "for x in a;do ", "function f ", "$'\\x0a'", '$"', "EOF",
    '<<EOF\n', '\nEOF\n', '\x00', '\x1b', '\u200b', '\u202e', "é", "😀", "!!", "{a,b}", "{1..3}", "a.txt", "sub",
]  # fmt: skip


def soup(rng: random.Random) -> str:
    """A command line that is mostly plain, with something in it that might not be."""
    parts = [rng.choice(RISKY if rng.random() < 0.2 else PLAIN)]
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        parts += [rng.choice(JOINS), rng.choice(PLAIN)]
    text = "".join(parts)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        piece = rng.choice(PAYLOADS) if rng.random() < 0.45 else rng.choice(GLUE)
        if rng.random() < 0.5:
            piece = f"{rng.choice(GLUE)}{piece}"
        if rng.random() < 0.4:
            piece = f" {piece} "
        at = rng.randrange(len(text) + 1)
        text = text[:at] + piece + text[at:]
    if rng.random() < 0.2 and len(text) > 2:
        at = rng.randrange(len(text))
        text = text[:at] + text[at + 1 :]
    return text


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[LocalWorld]:
    world = project(tmp_path)
    root = world.cwd
    (root / "sub").mkdir()
    (root / "a.txt").write_text("one\ntwo\n", encoding="utf-8")
    (root / "b.txt").write_text("one\nthree\n", encoding="utf-8")
    (root / "sub" / "c.txt").write_text("one\n", encoding="utf-8")
    git = [shutil.which("git") or "git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", "a.txt"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], cwd=root, check=True, env=environment(world))
    yield world


def environment(world: LocalWorld) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(world.home),
        "LANG": "C.UTF-8",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PAGER": "cat",
    }


def contents(world: LocalWorld) -> dict[str, bytes]:
    """Every file below the home folder, with its bytes."""
    files = (path for path in world.home.rglob("*") if path.is_file())
    return {str(path.relative_to(world.home)): path.read_bytes() for path in files}


def run(command: str, world: LocalWorld) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired, ValueError):
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", command],
            cwd=world.cwd,
            env=environment(world),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=10,
            check=False,
        )


def allowed(judge: Policy, rng: random.Random) -> Iterator[str]:
    seen: set[str] = set()
    for _ in range(INPUTS):
        command = soup(rng)
        if command not in seen and judge.bash(command).verdict == "allow":
            seen.add(command)
            yield command
            if len(seen) >= MOST_RUN:
                return


@pytest.mark.behaviour("B-350")
@pytest.mark.parametrize("seed", SEEDS)
def test_no_command_that_runs_unasked_changes_a_file(scratch: LocalWorld, seed: int) -> None:
    judge = policy(scratch)
    before = contents(scratch)
    executed = 0
    for command in allowed(judge, random.Random(seed)):
        run(command, scratch)
        executed += 1
        assert contents(scratch) == before, f"{command!r} was allowed and changed a file"
    assert executed > MOST_RUN // 3


@pytest.mark.parametrize("seed", SEEDS)
def test_no_text_makes_the_policy_raise(scratch: LocalWorld, seed: int) -> None:
    judge = policy(scratch, deny=["Bash(rm *)", "Read(.env)"], ask=["Bash(git push *)"], allow=["Bash(npm test *)"])
    rng = random.Random(seed)
    for _ in range(INPUTS // 4):
        assert judge.bash(soup(rng)).verdict in ("allow", "ask", "deny")
