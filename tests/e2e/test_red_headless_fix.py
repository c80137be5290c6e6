"""A fix whose head says how coder is to work, by files that the base names and in folders of skills."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.jobs import Runner

EVIL = "EVIL-ORDERS"


@pytest.mark.behaviour("B-2513")
def test_what_the_head_wrote_is_neither_notes_nor_a_skill(place: Place, tmp_path: Path) -> None:
    runner = Runner.make(place, tmp_path)
    repository = runner.repository
    repository.write("CLAUDE.md", "BASE-NOTES. See @docs/guide.md and @docs/kept.md\n")
    repository.write("docs/guide.md", "old guide\n")
    repository.write("docs/kept.md", "KEPT-WORDS\n")
    repository.commit("begin")
    base = repository.git("rev-parse", "HEAD").strip()
    repository.write("docs/guide.md", f"{EVIL}\n")
    repository.write(".agents/skills/help/SKILL.md", f"---\nname: help-{EVIL}\ndescription: {EVIL}\n---\n{EVIL}\n")
    repository.commit("orders")
    head = repository.git("rev-parse", "HEAD").strip()
    log = tmp_path / "build.log"
    log.write_text("it fails")
    run = {"workflow_run": {"head_sha": head, "head_branch": "work", "head_repository": {"full_name": "o/r"}}}
    with fake_api([turn("Nothing to do.")]) as api:
        done = runner.step(api.url, {"repository": {"full_name": "o/r"}, **run}, task="fix", log=str(log), base=base)
        asked = json.dumps(api.requests)
    assert done.code == 0, done.log
    assert "BASE-NOTES" in asked and "KEPT-WORDS" in asked and EVIL not in asked
