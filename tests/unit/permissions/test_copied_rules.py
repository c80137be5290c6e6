"""Rules about a folder that hold in a copy of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.config import RuleText
from coder.core.messages import ToolUse
from coder.core.tools import Reads
from coder.permissions.copied import Copy, also_in
from coder.permissions.decide import decide
from coder.permissions.rules import Rules, parse_rules
from coder.permissions.world import LocalWorld


def rules_of(behaviour: str, text: str, base: Path) -> Rules:
    rules, warnings = parse_rules([RuleText(text, behaviour, "project", "", base)])  # type: ignore[arg-type]  # one of three
    assert warnings == ()
    return rules


@pytest.mark.behaviour("B-1993")
@pytest.mark.parametrize("place", ["inside", "beside"])
@pytest.mark.parametrize(
    "spec",
    [
        *("/secret/**", "//{here}/secret/**", "//{here}/secret/a", "~/p/secret/**", "./secret/**", "secret/**"),
        *("~/p/s*/a", "//**/secret/a", "~/*/secret/**", "/secret", "//**/p/secret/**", "~/**/p/secret/**", "a"),
    ],
)
def test_what_is_denied_is_denied_in_the_copy(tmp_path: Path, spec: str, place: str) -> None:
    here = tmp_path / "p"
    there = here / ".claude" / "worktrees" / "x" if place == "inside" else tmp_path / "q"
    for top in (here, there):
        (top / "secret").mkdir(parents=True)
        (top / "secret" / "a").write_text("x")
        (top / "open.txt").write_text("x")
    rules = rules_of("deny", f"Read({spec.replace('{here}', str(here).lstrip('/'))})", here)
    copied = also_in(rules, Copy(here, there, here, tmp_path))
    world = LocalWorld(there, (there,), tmp_path, tmp_path / "config")

    def verdict(name: str, by: Rules) -> str:
        return decide(ToolUse("c", "Read", {}), Reads((there / name,)), by, "default", world).verdict

    assert verdict("secret/a", copied) == "deny"
    assert verdict("open.txt", copied) == "allow"


def test_what_is_allowed_is_allowed_where_it_says_alone_and_other_folders_are_nobodys_business(tmp_path: Path) -> None:
    here, there = tmp_path / "p", tmp_path / "q"
    copy = Copy(here, there, here, tmp_path)
    for behaviour, text in (
        ("allow", "Read(/x/**)"),
        ("deny", "Read(~/other/x)"),
        ("deny", "Bash(rm *)"),
        ("deny", "Read"),
    ):
        rules = rules_of(behaviour, text, here)
        assert also_in(rules, copy) == rules
    asked = also_in(rules_of("ask", "Edit(/x)", here / "sub"), copy).ask
    many = rules_of("deny", f"Read(//{'**/' * 200}x)", here)
    assert len(also_in(many, Copy(Path("/" + "a/" * 200), there, here, tmp_path)).deny) <= 202
    assert len(asked) == 2 and getattr(asked[1].specifier, "base") == there / "sub"  # noqa: B009  # one of several kinds


def test_a_folder_that_is_denied_whole_is_denied_whole(tmp_path: Path) -> None:
    here, there = tmp_path / "p", tmp_path / "q"
    world = LocalWorld(there, (there,), tmp_path, tmp_path / "config")
    for spec in ("~/p", "~/p/**", "//**/p/x/**", "//**/p/y/**"):
        copied = also_in(rules_of("deny", f"Read({spec})", tmp_path), Copy(here, there, here, tmp_path))
        call = ToolUse("c", "Read", {})
        expected = "allow" if "/y/" in spec else "deny"
        assert decide(call, Reads((there / "x" / "a",)), copied, "default", world).verdict == expected, spec
