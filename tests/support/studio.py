"""Where screens are captured: a home and a project of fixed names, the real program on a pty, and what varies made the
same. Must not know which screens there are."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, rule
from tests.support.screens import Terminal, coder, started

SHOWN_HOME = "/home/mia"
KEY = "sk-ant-not-a-real-key-0123456789-x7Qa"
TITLES = (("npm", "Why npm is slow"), ("greet", "Make greet polite"), ("", "Fix rounding in the cart"))
GRACE = 0.4  # seconds: what is typed before is no answer
USAGE = {"input_tokens": 3100, "output_tokens": 172, "cache_read_input_tokens": 9000}
FILES = {
    "AGENTS.md": "# Shop\nPrices are whole cents. Run `npm test` before you say that something works.\n",
    "app.py": 'import sys\n\n\ndef greet(name):\n    return "Hello " + name\n\n\nprint(greet(sys.argv[1]))\n',
    "src/auth.py": "".join(f"def step_{number}():\n    return {number}\n\n\n" for number in range(1, 36)),
    "src/cart.py": "def total(cart):\n    return sum(item.price * item.count for item in cart)\n",
    "src/session.py": "def login(name):\n    return {'name': name}\n",
    "src/utils/util.py": "def cents(price):\n    return round(price * 100)\n",
    "tests/test_cart.py": "def test_an_empty_cart_costs_nothing():\n    assert total([]) == 0\n",
}
PROGRAMS = {
    "npm": 'case "$*" in *dev*) sleep 60;; esac\n'
    + "".join(
        f"echo 'PASS test/{name}.test.js'\n"
        for name in ("login", "cart", "price", *(f"page-{number}" for number in range(1, 28)))
    ),
    "make": "".join(f"echo 'lint part {n}'\n" for n in range(1, 19))
    + "echo \"src/cart.py:31: undefined name 'totl'\"\necho 'make: *** [lint] Error 1'\nexit 2\n",
}
_VARIES: Sequence[tuple[str, str]] = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "7f3a91c2-0c51-4d0e-9a57-3b1e8a64d2f0"),
    (r"(coder -r |session |/resume )[0-9a-f]{8}\b", r"\g<1>7f3a91c2"),
    (r"/[0-9a-f]{8}-[0-9a-f-]*$", "/7f3a91c2-0c51-4d0e-9a57-3b1e8a64"),
    (r"^ +[0-9a-f]{4}\.jsonl$", "           d2f0.jsonl"),
    (r"\bk[0-9a-f]{8}\b", "k7fb05fd6"),
    (r"\bcoder-demo-\w{8}\b", "coder-demo-x1y2z3w4"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:40213"),
    (r"Python 3\.\d+\.\d+", "Python 3.12.4"),
    (r"(Done ·|Thought for|Stopped by you after) [\d.]+s\b", r"\g<1> 4s"),
    (r"(?<![\d.])\d+\.\d+s\b", "0.1s"),
    (r"asks for \d+s\. Trying again in \d+s", "asks for 34s. Trying again in 31 s"),
    (r"(?<!asks for )(?<![\d.])\b\d+s\b", "4s"),
    (r"Trying again in 31 s", "Trying again in 31s"),
    (r"↓ \d+ tokens", "↓ 44 tokens"),
    (r"\btry \d of", "try 2 of"),
    (r"after \d+ tokens", "after 52 tokens"),
    (r"\b\d+ s ago|\bjust now\b", "9 s ago"),
    (r"[⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "⠋"),
)


def lasting(given: Sequence[str], *subs: tuple[str, str]) -> list[str]:
    """Rows with what differs from one run to the next made the same."""
    rows = list(given)
    for pattern, instead in (*_VARIES, *subs):
        rows = [re.sub(pattern, instead, row) for row in rows]
    return rows


def trimmed(rows: Sequence[str]) -> list[str]:
    rows = [row.rstrip() for row in rows]
    while rows and not rows[0]:
        rows.pop(0)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def since(rows: Sequence[str], *starts: str) -> list[str]:
    """From the last row on that begins so."""
    at = max(index for index, row in enumerate(rows) if row.startswith(starts))
    return list(rows[at:])


@dataclass(frozen=True, slots=True)
class Studio:
    """`root` is a folder whose name is as long as the one that is shown for it, so that rows break where they would."""

    root: Path

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Studio]:
        root = Path("/tmp") / secrets.token_hex(2)
        while root.exists():
            root = Path("/tmp") / secrets.token_hex(2)
        studio = cls(root)
        try:
            (root / "src" / "shop").mkdir(parents=True)
            studio._furnish()
            yield studio
        finally:
            shutil.rmtree(root, ignore_errors=True)

    @property
    def place(self) -> Place:
        return Place(self.root, self.root / "src" / "shop")

    @property
    def project(self) -> Path:
        return self.place.project

    def path(self, name: str) -> str:
        return str(self.project / name)

    def settings(self, text: str) -> None:
        (self.root / ".coder").mkdir(exist_ok=True)
        (self.root / ".coder" / "settings.json").write_text(text, encoding="utf-8")

    def env(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        path = f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "ANTHROPIC_API_KEY": KEY, "TERM": "xterm-256color", **(extra or {})}

    @contextmanager
    def session(
        self,
        turns: Sequence[Json] | None = (),
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        prompt: str = "",
        waits: bool = True,
        **more: object,
    ) -> Iterator[Terminal]:
        """The real program; no `turns` at all (None): nobody answers at the address."""
        given = self.env(env)
        with (
            self._answering(turns, more) as api,
            coder(self.place, api, *arguments, env=given, columns=columns, rows=rows) as term,
        ):
            if waits:
                started(term)
                term.wait("? for shortcuts" if columns >= 60 else "context")
            if prompt:
                term.send(f"{prompt}\r")
            yield term

    def clean(self, rows: Sequence[str], *subs: tuple[str, str]) -> list[str]:
        shown = [row.replace(str(self.root), SHOWN_HOME) for row in rows]
        shown = [row.replace(_slug(self.root), _slug(Path(SHOWN_HOME))) for row in shown]
        return trimmed(lasting(shown, *subs))

    @contextmanager
    def _answering(self, turns: Sequence[Json] | None, more: dict[str, object]) -> Iterator[RunningApi | None]:
        if turns is None:
            yield None
            return
        titles = [
            rule({"last_user_contains": "<first_message>", "user_regex": words}, title) for words, title in TITLES
        ]
        rules = [*titles, *more.pop("rules", ())]  # type: ignore[misc]  # a list of them
        with fake_api({"turns": list(turns), "rules": rules, **more}, allow_violations=True) as api:
            yield api

    def _furnish(self) -> None:
        for name, text in FILES.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (self.root / "bin").mkdir()
        for name, text in PROGRAMS.items():
            path = self.root / "bin" / name
            path.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
            path.chmod(0o755)
        for words in ("init -q -b main", "add -A", "commit -qm first"):
            self.git(*words.split())

    def git(self, *arguments: str) -> None:
        who = ("-c", "user.name=Mia", "-c", "user.email=mia@example.org")
        env = {"PATH": os.environ["PATH"], "HOME": str(self.root)}
        code = os.spawnvpe(os.P_WAIT, "git", ["git", "-C", str(self.project), *who, *arguments], env)
        assert code == 0, arguments


def _slug(path: Path) -> str:
    """A folder's name in the folder of sessions."""
    return str(path).replace("/", "-")


@dataclass(frozen=True, slots=True)
class Shot:
    """One screen: what it is and how one gets there, and how it is captured. `group` is the heading it stands under."""

    title: str
    about: str
    take: Callable[[Studio], Sequence[str]]

    def taken(self) -> list[str]:
        with Studio.opened() as studio:
            return studio.clean(self.take(studio))


def written(shot: Shot, rows: Sequence[str]) -> str:
    about = textwrap.fill(shot.about, 100, break_long_words=False, break_on_hyphens=False)
    return "\n".join((f"### {shot.title}", "", about, "", "```text", *rows, "```", ""))
