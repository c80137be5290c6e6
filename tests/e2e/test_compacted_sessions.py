"""Compaction of the real thing: a process, a home, real files and tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Done, Place
from tests.support.fakeapi import RunningApi, fake_api, rule, tool, turn

SESSION = "0b3c1f52-0f0e-4f6b-9a52-0a4b6a2c9d10"
SUMMARY = "The number is noted."
SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}
EARLY = {"CLAUDE_AUTOCOMPACT_PCT_OVERRIDE": "8"}  # of 200,000 tokens


def archive(place: Place) -> Path:
    folder = "".join(c if c.isascii() and c.isalnum() else "-" for c in str(place.project.resolve()))
    return place.home / ".coder" / "projects" / folder / SESSION / "tool-results" / "conversation-1.md"


def run(place: Place, api: RunningApi, *more: str, **env: str) -> Done:
    return place.coder(
        "-p", "Read the notes and keep 4711 in mind.", "--model", "some-model", "--session-id", SESSION,
        "--output-format", "stream-json", *more, url=api.url, env=env,
    )  # fmt: skip


def script(place: Place, *after: Any) -> dict[str, Any]:
    reads = []
    for number in range(3):
        path = place.project / f"notes{number}.txt"
        path.write_text(f"a line of notes, number {number}\n" * 450, encoding="utf-8")
        reads.append(turn(tool("Read", file_path=str(path))))
    return {"rules": [rule(SUMMARISES, SUMMARY)], "turns": [*reads, *after, turn("Done.")]}


def results(api: RunningApi) -> list[str]:
    return [
        json.dumps(block)
        for message in api.requests[-1]["messages"]
        for block in message["content"]
        if block["type"] == "tool_result"
    ]


@pytest.mark.behaviour("B-560")
@pytest.mark.behaviour("B-567")
def test_the_model_searches_and_reads_what_was_compacted(place: Place) -> None:
    path = str(archive(place))
    looks = [tool("Grep", pattern="4711", path=path, output_mode="content"), tool("Read", file_path=path, limit=3)]
    with fake_api(script(place, turn(*looks))) as api:
        done = run(place, api, **EARLY)
    assert done.code == 0 and done.result["result"] == "Done." and done.stderr == ""
    told = [line for line in done.lines if line.get("subtype") in ("status", "compact_boundary")]
    assert [line.get("status", line["subtype"]) for line in told] == ["compacting", None, "compact_boundary"]
    about = told[-1]["compact_metadata"]
    assert about["trigger"] == "auto" and about["pre_tokens"] >= 16_000
    assert api.context_edits == ["compaction"]
    sent = json.dumps(api.requests[-1])
    assert path in sent and SUMMARY in sent and "read " + str(place.project / "notes0.txt") in sent
    grep, read = results(api)[-2:]
    assert "Read the notes and keep 4711 in mind." in grep and '"is_error"' not in grep + read
    assert archive(place).stat().st_mode & 0o777 == 0o600


@pytest.mark.behaviour("B-568")
@pytest.mark.parametrize("off", [{"DISABLE_AUTO_COMPACT": "1"}, {"DISABLE_COMPACT": "1"}])
def test_compaction_can_be_switched_off(place: Place, off: dict[str, str]) -> None:
    with fake_api(script(place)) as api:
        assert run(place, api, **EARLY, **off).result["result"] == "Done."
    assert api.context_edits == [] and not archive(place).exists()


def test_a_percentage_that_is_none_is_named(place: Place) -> None:
    with fake_api([turn("x")]) as api:
        done = run(place, api, CLAUDE_AUTOCOMPACT_PCT_OVERRIDE="most")
    assert done.code == 2 and "CLAUDE_AUTOCOMPACT_PCT_OVERRIDE must be a whole number" in done.stderr


@pytest.mark.behaviour("B-575")
def test_a_binary_and_a_line_of_5_mb_leave_the_session_usable(place: Place) -> None:
    """S20."""
    (place.project / "blob").write_bytes(bytes(range(256)) * 3_000)
    (place.project / "line").write_text("x" * 5_000_000, encoding="utf-8")
    turns = [turn(tool("Bash", command="cat blob"), tool("Bash", command="cat line")), turn("Done."), turn("Fine.")]
    with fake_api(turns) as api:
        assert run(place, api, "--permission-mode", "bypassPermissions").result["result"] == "Done."
        again = place.coder("-p", "-c", "And now?", "--model", "some-model", url=api.url)
    assert (again.code, again.stdout) == (0, "Fine.\n")
    assert len(json.dumps(api.requests[-1])) < 400_000
