"""The reference servers people use: each tool of theirs called once, through the links of a session."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from coder.mcp.server import Answer, Stdio
from tests.support.mcp_links import PATIENT, Asked, linked, place_in, server_of
from tests.support.one_page import page
from tests.support.real_servers import Shelf

pytestmark = [pytest.mark.online, pytest.mark.timeout(600)]

Call: TypeAlias = tuple[str, dict[str, Any], str]  # the tool, what it is given, a word of its answer


def said(answer: Answer) -> str:
    return "\n".join(str(block.get("text", block["type"])) for block in answer.content) + json.dumps(answer.structured)


async def each(program: Stdio, calls: list[Call], folder: Path, host: Asked | None = None) -> set[str]:
    """Makes these calls in turn. The tools of the server that were not among them."""
    async with linked(server_of(program, "real"), place_in(folder), host) as link:
        assert await link.ready(), link.standing.reason
        assert not link.offer.problems
        for tool, given, word in calls:
            answer = await link.call(tool, given, lambda *move: None)
            assert not answer.is_error and word in said(answer), (tool, said(answer))
        return {tool.tool for tool in link.offer.tools} - {tool for tool, _, _ in calls}


@pytest.mark.behaviour("B-1817")
async def test_filesystem(servers: Shelf, tmp_path: Path) -> None:
    at = tmp_path / "files"
    at.mkdir()
    (at / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    def path(name: str) -> str:
        return str(at / name)

    edit = {"path": path("a.txt"), "edits": [{"oldText": "two", "newText": "three"}]}
    calls: list[Call] = [
        ("list_allowed_directories", {}, str(at)),
        ("write_file", {"path": path("a.txt"), "content": "one\ntwo ❯\n"}, "Successfully wrote"),
        ("edit_file", edit, "+three ❯"),
        ("read_text_file", {"path": path("a.txt")}, "three ❯"),
        ("read_file", {"path": path("a.txt")}, "three ❯"),
        ("read_multiple_files", {"paths": [path("a.txt")]}, "three ❯"),
        ("read_media_file", {"path": path("picture.png")}, "image"),
        ("create_directory", {"path": path("sub")}, "Successfully created"),
        ("list_directory", {"path": str(at)}, "[DIR] sub"),
        ("list_directory_with_sizes", {"path": str(at)}, "a.txt"),
        ("directory_tree", {"path": str(at)}, '"sub"'),
        ("move_file", {"source": path("a.txt"), "destination": path("sub/b.txt")}, "Successfully moved"),
        ("search_files", {"path": str(at), "pattern": "**/b.txt"}, "b.txt"),
        ("get_file_info", {"path": path("sub/b.txt")}, "isFile: true"),
    ]
    assert await each(servers.node("filesystem", str(at)), calls, tmp_path, Asked((at,))) == set()
    assert (at / "sub" / "b.txt").read_text() == "one\nthree ❯\n"


@pytest.mark.behaviour("B-1817")
async def test_filesystem_has_the_folders_of_the_session(servers: Shelf, tmp_path: Path) -> None:
    """They take the place of the one it is started with, a moment after it is connected."""
    ours, other = tmp_path / "ours", tmp_path / "other"
    ours.mkdir()
    (other / "sub").mkdir(parents=True)
    program = servers.node("filesystem", str(other))
    async with linked(server_of(program), place_in(tmp_path), Asked((ours,))) as link:
        assert await link.ready()
        async with asyncio.timeout(PATIENT):
            while str(ours) not in said(await link.call("list_allowed_directories", {}, lambda *move: None)):
                await asyncio.sleep(0.01)
        answer = await link.call("list_directory", {"path": str(other)}, lambda *move: None)
        assert answer.is_error and "Access denied" in said(answer)


@pytest.mark.behaviour("B-1817")
async def test_git(servers: Shelf, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    for argv in (["init", "-q", "-b", "main"], ["config", "user.email", "a@b.invalid"], ["config", "user.name", "A"]):
        subprocess.run(["git", "-C", str(repo), *argv], check=True, timeout=30)
    (repo / "a").write_text("one\n")
    at = {"repo_path": str(repo)}
    calls: list[Call] = [
        ("git_status", at, "a"),
        ("git_add", {**at, "files": ["a"]}, "staged"),
        ("git_diff_staged", at, "one"),
        ("git_commit", {**at, "message": "first"}, "committed"),
        ("git_log", at, "first"),
        ("git_show", {**at, "revision": "HEAD"}, "first"),
        ("git_create_branch", {**at, "branch_name": "side"}, "side"),
        ("git_checkout", {**at, "branch_name": "side"}, "side"),
        ("git_branch", {**at, "branch_type": "local"}, "side"),
        ("git_diff_unstaged", at, "Unstaged changes"),
        ("git_diff", {**at, "target": "main"}, "main"),
        ("git_reset", at, "reset"),
    ]
    assert await each(servers.python("git", "--repository", str(repo)), calls, tmp_path) == set()


@pytest.mark.behaviour("B-1817")
async def test_fetch(servers: Shelf, tmp_path: Path) -> None:
    with page("<html><body><h1>Bread</h1><p>Take <b>flour</b>.</p></body></html>") as address:
        calls: list[Call] = [("fetch", {"url": address}, "flour"), ("fetch", {"url": address, "raw": True}, "<h1>")]
        program = servers.python("fetch", "--allow-private-ips", "--ignore-robots-txt")
        assert await each(program, calls, tmp_path) == set()
        async with linked(server_of(program), place_in(tmp_path)) as link:
            assert await link.ready()
            (message,) = await link.prompt("fetch", {"url": address})
            assert "flour" in message["content"]["text"]


MAX = {"name": "Max", "entityType": "person", "observations": ["bakes"]}
SERVERS: dict[str, tuple[Callable[[Shelf, Path], Stdio], list[Call]]] = {
    "time": (
        lambda servers, folder: servers.python("time", "--local-timezone", "Europe/Berlin"),
        [
            ("get_current_time", {"timezone": "Europe/Berlin"}, "Europe/Berlin"),
            (
                "convert_time",
                {"source_timezone": "Asia/Tokyo", "time": "12:00", "target_timezone": "UTC"},
                "T03:00:00+00:00",
            ),
        ],
    ),
    "memory": (
        lambda servers, folder: _remembering(servers, folder),
        [
            ("create_entities", {"entities": [MAX, {**MAX, "name": "Eve"}]}, "Max"),
            ("create_relations", {"relations": [{"from": "Max", "to": "Eve", "relationType": "knows"}]}, "knows"),
            ("add_observations", {"observations": [{"entityName": "Max", "contents": ["sings"]}]}, "sings"),
            ("read_graph", {}, "sings"),
            ("search_nodes", {"query": "sings"}, "Max"),
            ("open_nodes", {"names": ["Eve"]}, "Eve"),
            ("delete_observations", {"deletions": [{"entityName": "Max", "observations": ["sings"]}]}, "deleted"),
            ("delete_relations", {"relations": [{"from": "Max", "to": "Eve", "relationType": "knows"}]}, "deleted"),
            ("delete_entities", {"entityNames": ["Max", "Eve"]}, "deleted"),
        ],
    ),
    "sequential-thinking": (
        lambda servers, folder: servers.node("sequential-thinking"),
        [
            (
                "sequentialthinking",
                {"thought": "First.", "nextThoughtNeeded": True, "thoughtNumber": 1, "totalThoughts": 2},
                '"thoughtHistoryLength": 1',
            )
        ],
    ),
}


def _remembering(servers: Shelf, folder: Path) -> Stdio:
    program = servers.node("memory")
    return Stdio(program.command, program.args, {"MEMORY_FILE_PATH": str(folder / "memory.jsonl")})


@pytest.mark.behaviour("B-1817")
@pytest.mark.parametrize("name", SERVERS)
async def test_every_tool_of(name: str, servers: Shelf, tmp_path: Path) -> None:
    program, calls = SERVERS[name]
    assert await each(program(servers, tmp_path), calls, tmp_path) == set()
