"""Git repositories with a history, for tests of what works on one. Real git, with settings of nobody's machine."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.cli import Place

CART = "def total(prices):\n    return sum(prices[1:])\n"  # forgets the first price
MENDED = "def total(prices):\n    return sum(prices)\n"
CART_TEST = """import unittest

from shop.cart import total


class Total(unittest.TestCase):
    def test_all_prices_count(self):
        self.assertEqual(total([1, 2, 3]), 6)

    def test_nothing_costs_nothing(self):
        self.assertEqual(total([]), 0)
"""


@dataclass(frozen=True, slots=True)
class Repository:
    folder: Path
    home: Path

    @classmethod
    def make(cls, place: Place) -> Repository:
        """An empty repository in the project of this place, on the branch `main`; nothing is committed yet."""
        settings = "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
        (place.home / ".gitconfig").write_text(settings, encoding="utf-8")
        made = cls(place.project, place.home)
        made.git("init", "-q")
        return made

    @classmethod
    def shop(cls, place: Place) -> Repository:
        """A small Python package with a history in a style of its own, released once. One of its tests fails."""
        made = cls.make(place)
        made.write("shop/__init__.py", "")
        made.write("README.md", "# Shop\n\nRun the tests: `python3 -m unittest`\n")
        made.commit("shop: begin a shop that adds up prices")
        made.write("shop/cart.py", CART)
        made.write("tests/__init__.py", "")
        made.write("tests/test_cart.py", CART_TEST)
        made.commit("cart: add up what is in the cart")
        made.git("tag", "v1.0")
        made.write("shop/tax.py", "RATE = 19\n")
        made.commit("tax: know the rate")
        return made

    def git(self, *arguments: str) -> str:
        """What git prints. Fails the test when git fails."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=env, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def commit(self, message: str) -> str:
        """Commits all there is and returns the hash."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def publish(self) -> Path:
        """A remote `origin` beside the project that has all branches, as a clone knows one."""
        origin = self.folder.parent / "origin.git"
        self.git("init", "-q", "--bare", str(origin))
        self.git("remote", "add", "origin", str(origin))
        self.git("push", "-q", "origin", "main")
        self.git("remote", "set-head", "origin", "main")
        return origin

    def hook(self, name: str, *lines: str) -> None:
        path = self.folder / ".git" / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
        path.chmod(0o755)

    def messages(self, count: int = 1) -> list[str]:
        """Whole messages of the last commits, the latest first."""
        return [each.strip() for each in self.git("log", f"-{count}", "--format=%B%x00").split("\0") if each.strip()]
