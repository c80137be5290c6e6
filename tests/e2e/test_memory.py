"""Memory as people use it: files in folders, processes, and a model that only sees what it is sent. The fake API checks
that no request changes what was sent before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, rule, tool, turn

SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}


def write(place: Place, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = place.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def texts(message: dict[str, Any]) -> list[str]:
    return [block["text"] for block in message["content"] if block["type"] == "text"]


def sent(api: RunningApi, at: int = -1) -> str:
    return "\n".join(text for message in api.requests[at]["messages"] for text in texts(message))


@pytest.mark.behaviour("B-1112")
def test_memory_is_in_the_first_message_and_not_in_the_system_prompt(place: Place) -> None:
    (place.home / ".coder").mkdir()
    (place.home / ".coder" / "CLAUDE.md").write_text("MINE")
    write(place, {"CLAUDE.md": "SHARED @docs/more.md\n<!-- HIDDEN -->", "docs/more.md": "MORE", "AGENTS.md": "AGENTS"})
    with fake_api([turn("ok", repeat=3)]) as api:
        for _ in range(2):
            done = place.coder("-p", "hi", url=api.url)
            assert (done.code, done.stderr) == (0, "")
        for name in ("CLAUDE.md", "AGENTS.md"):
            (place.project / name).unlink()
        (place.home / ".coder" / "CLAUDE.md").unlink()
        place.coder("-p", "hi", url=api.url)
    first, second, bare = api.requests
    assert (
        first["messages"] == second["messages"]
        and first["system"] == bare["system"]
        and first["tools"] == bare["tools"]
    )
    blocks = texts(first["messages"][0])
    assert [word for word in ("MINE", "SHARED", "MORE", "AGENTS\n") for block in blocks if f"\n{word}" in block] == [
        "MINE", "SHARED", "MORE", "AGENTS\n",
    ]  # fmt: skip
    assert "HIDDEN" not in sent(api, 0) and blocks[-1] == "hi"
    assert [text for text in texts(bare["messages"][0]) if "<memory" in text] == []


@pytest.mark.behaviour("B-1110")
@pytest.mark.behaviour("B-1109")
@pytest.mark.behaviour("B-1114")
def test_memory_below_arrives_behind_what_was_said_and_once(place: Place) -> None:
    files = {
        "CLAUDE.md": "TOP",
        "web/CLAUDE.md": "WEB",
        "web/a.ts": "x",
        ".claude/rules/r.md": "---\npaths: '**/*.ts'\n---\nRULE",
    }
    write(place, files)
    read = tool("Read", file_path=str(place.project / "web" / "a.ts"))
    with fake_api([turn(read), turn("Read."), turn(read), turn("Again.")]) as api:
        place.coder("-p", "read it", url=api.url)
        place.coder("-p", "-c", "read it again", url=api.url)
    counts = [tuple(sent(api, n).count(f"\n{word}\n") for word in ("TOP", "WEB", "RULE")) for n in range(4)]
    assert counts == [
        (1, 0, 0), (1, 1, 1), (1, 1, 1), (1, 1, 1),
    ]  # fmt: skip
    last = api.requests[1]["messages"][-1]["content"]
    assert last[0]["type"] == "tool_result" and "WEB" in last[2]["text"]
    assert api.context_edits == []


@pytest.mark.behaviour("B-1113")
def test_an_edited_file_is_told_when_the_conversation_goes_on(place: Place) -> None:
    write(place, {"CLAUDE.md": "OLD WORDS", "AGENTS.md": "GOES AWAY"})
    with fake_api([turn("ok", repeat=3)]) as api:
        place.coder("-p", "hi", url=api.url)
        write(place, {"CLAUDE.md": "NEW WORDS"})
        (place.project / "AGENTS.md").unlink()
        place.coder("-p", "-c", "hi again", url=api.url)
        place.coder("-p", "-c", "and again", url=api.url)
    assert sent(api, 1).index("OLD WORDS") < sent(api, 1).index("NEW WORDS")
    assert sent(api, 1).count("This file is gone.") == 1 == sent(api, 2).count("NEW WORDS")
    assert api.context_edits == []


@pytest.mark.behaviour("B-1115")
def test_compaction_reads_memory_from_the_disk_again(place: Place) -> None:
    write(
        place, {"CLAUDE.md": "OLD WORDS", "web/CLAUDE.md": "WEB", "web/a.txt": "a line of words\n" * 900, "b.txt": "b"}
    )
    reads = [turn(tool("Read", file_path=str(place.project / "web" / "a.txt"), limit=n)) for n in (900, 800, 700)]
    reads += [turn(tool("Read", file_path=str(place.project / "b.txt"), limit=n)) for n in range(1, 8)]
    script = {"rules": [rule(SUMMARISES, "THE-SUMMARY")], "turns": [*reads, turn("Read.")], "otherwise": "Noted."}
    with fake_api(script) as api:
        place.coder("-p", "read", url=api.url)
        write(place, {"CLAUDE.md": "NEW WORDS"})
        done = place.coder("-p", "-c", "/compact", url=api.url)
        assert done.stdout.startswith("Compacted: "), done
        place.coder("-p", "-c", "go on", url=api.url)
    after = sent(api)
    assert "THE-SUMMARY" in after and "OLD WORDS" not in after and after.count("NEW WORDS") == 1
    assert "NEW WORDS" in "".join(texts(api.requests[-1]["messages"][0]))
    assert api.context_edits == ["compaction"]


@pytest.mark.behaviour("B-1103")
@pytest.mark.behaviour("B-1105")
def test_what_is_left_out_is_said_and_nothing_fails(place: Place) -> None:
    (place.project / ".git").mkdir()
    (place.home / "secret.txt").write_text("SECRET")
    write(place, {"CLAUDE.md": "@~/secret.txt WORDS", "AGENTS.md": "x" * (5 << 20)})
    with fake_api([turn("ok", repeat=2)]) as api:
        done = place.coder("-p", "hi", url=api.url)
        assert (done.code, done.stdout) == (0, "ok\n")
        assert "secret.txt. If you know what is in them: coder trust add" in done.stderr
        assert "AGENTS.md is not read: it is larger than 4 MiB." in done.stderr
        assert "SECRET" not in json.dumps(api.requests[0])
        assert place.coder("trust", "add", "--yes").code == 0
        done = place.coder("-p", "hi", url=api.url)
    assert "secret.txt" not in done.stderr and "SECRET" in sent(api)


@pytest.mark.behaviour("B-1108")
@pytest.mark.parametrize(
    ("args", "env", "words"),
    [
        ((), {}, "PUL"),
        (("--setting-sources", "user"), {}, "U"),
        (("--setting-sources", "project"), {}, "P"),
        (("--setting-sources="), {}, ""),
        (("--bare",), {}, ""),
        ((), {"CLAUDE_CODE_DISABLE_CLAUDE_MDS": "1"}, ""),
        (("--settings", '{"claudeMdExcludes": ["**/CLAUDE.local.md"]}'), {}, "PU"),
    ],
)
def test_what_does_not_count_is_not_sent(place: Place, args: Any, env: dict[str, str], words: str) -> None:
    (place.home / ".claude").mkdir()
    (place.home / ".claude" / "CLAUDE.md").write_text("WORD-U")
    write(place, {"AGENTS.md": "WORD-P", "CLAUDE.local.md": "WORD-L"})
    given = (args,) if isinstance(args, str) else args
    with fake_api([turn("ok")]) as api:
        done = place.coder("-p", "hi", *given, url=api.url, env=env)
    assert done.code == 0, done.stderr
    assert {each for each in "PUL" if f"WORD-{each}" in sent(api)} == set(words)


@pytest.mark.behaviour("B-1100")
def test_the_example_is_a_file_to_begin_with(place: Place) -> None:
    example = Path(__file__).resolve().parents[2] / "CLAUDE.md.example"
    write(place, {"CLAUDE.md": example.read_text(encoding="utf-8"), "CONTRIBUTING.md": "HOW WE WORK"})
    with fake_api([turn("ok")]) as api:
        done = place.coder("-p", "hi", url=api.url)
    assert done.stderr == "" and "HOW WE WORK" in sent(api) and "<!--" not in sent(api)
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 60
