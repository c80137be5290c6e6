"""faults.md D03, D04: runs in folders in which things have names that are no text, or are no files at all."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn

NAMES = (
    *("new\nline.txt", "-rf.txt", "x" * 251 + ".txt", "party\U0001f389.txt", "\u202egnp.txt", "quote'\"\\.txt"),
    *(" lead.txt", "trail .txt", "caf\u00e9.txt", "cafe\u0301.txt", "*.txt"),
)
FOUND = "needle in it"


def strange(folder: Path) -> None:
    for name in NAMES:
        (folder / name).write_text(f"{FOUND}\n", encoding="utf-8")
    (Path(os.fsencode(folder).decode()) / os.fsdecode(b"latin-\xe9.txt")).write_text(f"{FOUND}\n", encoding="utf-8")
    deep = folder.joinpath(*["d"] * 200)
    deep.mkdir(parents=True)
    (deep / "deep.txt").write_text(f"{FOUND}\n", encoding="utf-8")
    os.mkfifo(folder / "pipe.txt")
    (folder / "loop").symlink_to(folder)
    (folder / "dangling.txt").symlink_to("/no/such/file")
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(folder)  # such a path is short
        try:
            bound.bind("socket.txt")
        finally:
            os.chdir(here)


@pytest.mark.behaviour("B-2282")
def test_d03_d04_a_folder_of_oddities_is_searched_read_and_told_as_it_is(place: Place) -> None:
    strange(place.project)
    reads = [tool("Read", file_path=str(place.project / name), id=f"toolu_r{n}") for n, name in enumerate(NAMES)]
    odd = [tool("Read", file_path=str(place.project / name)) for name in ("pipe.txt", "socket.txt", "dangling.txt")]
    edits = [
        tool("Edit", file_path=str(place.project / name), old_string="needle", new_string="pin", id=f"toolu_e{n}")
        for n, name in enumerate(NAMES)
    ]
    search = [tool("Glob", pattern="**/*.txt"), tool("Grep", pattern="needle", output_mode="files_with_matches")]
    with fake_api([turn(*search), turn(*reads, *odd), turn(*edits), turn("Seen.")]) as api:
        flags = ("--output-format", "stream-json", "--permission-mode", "acceptEdits")
        done = place.coder("-p", "x", *flags, url=api.url)
        found, read, _ = (body["messages"][-1]["content"] for body in api.requests[1:])
    assert (done.code, done.stderr, done.result["result"]) == (0, "", "Seen.")
    for answer in found:
        assert not answer.get("is_error"), answer
        assert "deep.txt" in json.dumps(answer) and "caf\u00e9.txt" in json.dumps(answer, ensure_ascii=False)
    assert all(FOUND in json.dumps(answer) for answer in read[: len(NAMES)])
    assert all(answer["is_error"] for answer in read[len(NAMES) :])
    calls = [b for f in done.lines if f["type"] == "assistant" for b in f["message"]["content"] if "input" in b]
    assert [call["input"]["file_path"] for call in calls[2:][: len(NAMES)]] == [str(place.project / n) for n in NAMES]
    assert all(
        (place.project / name).read_text(encoding="utf-8") == FOUND.replace("needle", "pin") + "\n" for name in NAMES
    )


@pytest.mark.soak
@pytest.mark.behaviour("B-2282")
def test_d04_a_hundred_thousand_files_in_one_folder_are_searched(place: Place) -> None:
    folder = place.project / "many"
    folder.mkdir()
    for number in range(100_000):
        (folder / f"f{number:06}.txt").write_bytes(b"hay\n")
    (folder / "f099998.txt").write_text(f"{FOUND}\n", encoding="utf-8")
    search = [tool("Glob", pattern="many/*99.txt"), tool("Grep", pattern="needle", output_mode="files_with_matches")]
    with fake_api([turn(*search), turn("Seen.")]) as api:
        done = place.coder("-p", "x", "--output-format", "json", url=api.url)
        glob, grep = api.requests[-1]["messages"][-1]["content"]
    assert (done.code, done.result["result"]) == (0, "Seen.")
    assert not glob.get("is_error") and "99.txt" in json.dumps(glob)
    assert "f099998.txt" in json.dumps(grep) or "time" in json.dumps(grep)
