"""What of a project is in a conversation again after it was compacted: skills, memory, what hooks say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, rule, tool, turn
from tests.support.hooked import group, settings

SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}
EARLY = {"CLAUDE_AUTOCOMPACT_PCT_OVERRIDE": "8"}  # of 200,000 tokens


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.behaviour("B-1307")
@pytest.mark.behaviour("B-1308")
@pytest.mark.parametrize("trigger", ["manual", "auto"])
def test_skills_in_use_memory_and_hooks_are_there_again(place: Place, trigger: str) -> None:
    written(place.project / "CLAUDE.md", "Speak plainly.\n")
    written(place.project / "sub" / "CLAUDE.md", "Below, be brief.\n")
    written(place.project / ".claude" / "rules" / "txt.md", "---\npaths: '**/*.txt'\n---\nTexts are English.\n")
    below = written(place.project / "sub" / "a.txt", "words of the file\n" * 50)
    filler = written(place.project / "filler.py", "a line of filler, and more of it\n" * 1_900)
    for name in ("release", "other"):
        text = f"---\ndescription: how we {name}\n---\nBody of {name}.\n"
        written(place.project / ".claude" / "skills" / name / "SKILL.md", text)
    settings(place, {"SessionStart": [group("echo branch is main", matcher="compact")]})
    script = {
        "rules": [rule(SUMMARISES, "All was read.")],
        "turns": [
            *([turn(tool("Skill", skill="release"))] if trigger == "auto" else []),  # typed in the other case
            turn(tool("Read", file_path=str(below))),
            turn(tool("Read", file_path=str(filler), limit=1_400)),
            *([turn("Read.")] if trigger == "manual" else []),
            turn(tool("Read", file_path=str(below), limit=3)),
            turn("Done."),
            turn("Again."),
        ],
    }
    with fake_api(script) as api:
        env = EARLY if trigger == "auto" else {}
        prompt = "Read it all." if trigger == "auto" else "/release"
        done = place.coder("-p", prompt, "--model", "some-model", url=api.url, env=env)
        assert done.code == 0, done.stderr
        if trigger == "manual":
            assert place.coder("-p", "-c", "/compact", url=api.url).code == 0
            assert place.coder("-p", "-c", "Once more.", url=api.url).stdout == "Done.\n"
        last = api.requests[-1]["messages"]
        assert place.coder("-p", "-c", "/release v2", url=api.url).code == 0
        again = api.requests[-1]["messages"][-1]["content"]
    api.check()
    assert "compaction" in api.context_edits
    first, sent = json.dumps(last[0]), json.dumps(last)
    assert "All was read." in sent and "a line of filler" not in sent.partition("All was read.")[0]
    assert "Speak plainly." in first and "- other: how we other" in first
    assert "Body of release." in first and sent.count("Body of release.") == 1 and "Body of other." not in sent
    summary, _, since = sent.partition("All was read.")
    assert "branch is main" in since and "branch is main" not in summary
    assert since.count("Below, be brief.") == 1 and since.count("Texts are English.") == 1
    # What the skill says for other words is another text: it is told anew.
    assert "Body of release.\\n\\nARGUMENTS: v2" in json.dumps(again)
