"""What a server may do wrong (E01): the table of its faults, each a real process that has it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from coder.core.messages import Json
from coder.mcp.calls import Patiently
from coder.mcp.connection import Connection
from coder.mcp.errors import ServerError
from coder.mcp.hosted import HostedCarrier
from coder.mcp.hosting import Hosting
from coder.mcp.links import Links
from coder.mcp.place import Patience
from coder.mcp.process import environment
from coder.mcp.server import Server, Stdio
from tests.support.mcp_links import Asked, linked, odd, place_in, say, server_of
from tests.support.processes import is_alive, until


@pytest.mark.behaviour("B-1590")
async def test_a_server_is_there_in_the_background_and_its_tools_can_be_called(tmp_path: Path) -> None:
    host = Asked()
    links = Links([odd()], host, place_in(tmp_path))
    link = links.links[0]
    assert link.standing.state == "pending"
    links.start()
    links.start()
    assert host.standings == []  # nothing has waited
    assert await link.ready()
    assert (link.standing.state, link.standing.protocol) == ("connected", "2025-06-18")
    assert [tool.name for tool in link.offer.tools] == ["mcp__odd__echo"]
    assert (link.offer.instructions, link.offer.title, link.offer.cached) == ("be odd", "odd", False)
    assert await say(link, "héllo") == "héllo"
    await links.aclose()
    await links.aclose()


@pytest.mark.behaviour("B-1591")
@pytest.mark.parametrize(
    ("fault", "argument", "said"),
    [
        ("crash", "", "exited with code 3: about to break during the tool echo"),
        ("hang", "", "Nothing was heard of the tool echo of the MCP server odd for 0.3 s"),
        ("late", "", "Nothing was heard of the tool echo of the MCP server odd for 0.3 s"),
        ("huge", str(33 << 20), "refused the tool echo: its answer is larger than 32 MiB (33 MiB)"),
        ("bad-result", "", "it answered with something that the protocol does not know"),
        ("error", "", r"refused the tool echo: no \x1b[31mway"),
    ],
)
async def test_a_call_that_goes_wrong_is_told_in_one_line_and_the_server_is_used_again(
    fault: str, argument: str, said: str, tmp_path: Path
) -> None:
    idle = "300" if fault in ("hang", "late") else "60000"
    place = place_in(tmp_path, CLAUDE_CODE_MCP_TOOL_IDLE_TIMEOUT=idle)
    async with linked(odd(fault, argument), place) as link:
        for _ in range(2):  # a server that went is begun anew
            with pytest.raises(ServerError) as caught:
                await say(link)
            assert said in str(caught.value)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", ["noise", "wrong-id", "cycle", "ping", "flood-err", "flood-out"])
async def test_what_a_server_does_besides_harms_nothing(fault: str, tmp_path: Path) -> None:
    host = Asked()
    async with linked(odd(fault), place_in(tmp_path), host) as link:
        assert await link.ready(), link.standing
        for _ in range(3):
            assert await say(link) == "hello"
        logs = [file.stat().st_size for file in tmp_path.rglob("*.log*")]
        assert sum(logs) <= 3 << 20
        assert len(host.lines) < 3000


async def test_a_tool_that_is_none_hides_no_other_one(tmp_path: Path) -> None:
    async with linked(odd("cycle"), place_in(tmp_path)) as link:
        assert await link.ready()
        assert [tool.tool for tool in link.offer.tools] == ["echo", "bare"]
        assert link.offer.problems == ("5 is not as the protocol has it",)
        properties = link.offer.tools[0].schema["properties"]
        assert properties == {"node": {"$ref": "#/$defs/n"}, "file": {}}


@pytest.mark.behaviour("B-1592")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("exit", "The MCP server odd exited with code 7: cannot go on without a key [hidden]. Its log is "),
        ("silent", "The MCP server odd was not ready within 0.4 s."),
        ("deaf", "The MCP server odd was not ready within 0.4 s."),
    ],
)
async def test_why_a_server_did_not_start_is_said_with_its_last_words_and_no_secret(
    fault: str, said: str, tmp_path: Path
) -> None:
    server = odd(fault, env={"KEY": "s3cret-value"}, start=None if fault == "exit" else 0.4)
    async with linked(server, place_in(tmp_path)) as link:
        assert not await link.ready()
        assert link.standing.state == "failed"
        assert link.standing.reason.startswith(said)
        with pytest.raises(ServerError, match=re.escape(said)):
            await say(link)
    assert "s3cret-value" not in "".join(file.read_text() for file in tmp_path.rglob("*.log"))


@pytest.mark.parametrize(
    ("transport", "said"),
    [
        (Stdio("no-such-program-here"), "cannot be started: the program no-such-program-here was not found"),
        (Stdio("sh", cwd=Path("/no/such/folder")), "cannot be started: the folder /no/such/folder was not found"),
        (Stdio("/"), "cannot be started: /: Permission denied"),
        (Stdio("a\0b"), r"cannot be started: a\x00b: embedded null byte"),
    ],
)
async def test_what_cannot_be_started_says_why(transport: Stdio, said: str, tmp_path: Path) -> None:
    async with linked(server_of(transport), place_in(tmp_path)) as link:
        assert not await link.ready()
        assert said in link.standing.reason


@pytest.mark.behaviour("B-1593")
async def test_a_server_that_crashes_again_and_again_is_given_up_and_begun_anew_when_asked(tmp_path: Path) -> None:
    host = Asked()
    async with linked(odd("crash-soon"), place_in(tmp_path), host) as link:
        await host.until(lambda: link.standing.state == "failed")
        assert "exited with code 4" in link.standing.reason
        assert len([one for one in host.standings if one.state == "connecting" and one.reason]) <= 3
        before = len(host.standings)
        await link.reconnect()
        await host.until(lambda: "connecting" in [one.state for one in host.standings[before:]])


@pytest.mark.behaviour("B-1594")
async def test_who_stops_waiting_ends_only_that_call_and_the_server_is_told(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with linked(odd("hang", str(notes)), place_in(tmp_path)) as link:
        assert await link.ready()
        first, second = (asyncio.create_task(say(link)) for _ in range(2))
        while not notes.exists() or notes.read_text().count("called") < 2:
            await asyncio.sleep(0.01)
        number = notes.read_text().split()[1]
        first.cancel()
        while f"cancelled {number}" not in notes.read_text():
            await asyncio.sleep(0.01)
        assert first.cancelled()
        assert not second.done()
        second.cancel()


async def test_a_change_of_the_list_is_told_once(tmp_path: Path) -> None:
    host, notes = Asked(), tmp_path / "notes"
    async with linked(odd("grow", str(notes)), place_in(tmp_path), host) as link:
        assert await link.ready()
        before = len(host.standings)
        await say(link)
        await host.until(lambda: len(link.offer.tools) == 2)
        assert len(host.standings) == before + 1
        lists = notes.read_text().count("heard tools/list")
        await say(link)
        await until(lambda: notes.read_text().count("heard tools/list") > lists)
        await until(lambda: notes.read_text().count("told") == 2)
        await say(link)
        assert len(host.standings) == before + 1  # nothing has changed since
        assert notes.read_text().count("heard tools/list") <= 6  # each time it told five times


async def test_progress_is_handed_on(tmp_path: Path) -> None:
    moves: list[tuple[float, float | None, str]] = []
    async with linked(odd("progress"), place_in(tmp_path)) as link:
        await link.call("echo", {}, lambda *move: moves.append(move))
    assert moves == [(1.0, 2.0, "half")]


@pytest.mark.behaviour("B-1595")
@pytest.mark.parametrize("fault", ["stubborn", "grandchild"])
async def test_nothing_is_left_of_a_server(fault: str, tmp_path: Path) -> None:
    groups: list[tuple[int, bool]] = []
    notes = tmp_path / "notes"
    place = replace(place_in(tmp_path), mind=lambda group, begins: groups.append((group, begins)), grace=0.2)
    async with linked(odd(fault, str(notes)), place) as link:
        assert await link.ready()
        born = [groups[0][0], *map(int, notes.read_text().split() if fault == "grandchild" else ())]
        assert all(map(is_alive, born))
    assert groups == [(born[0], True), (born[0], False)]
    await until(lambda: not any(map(is_alive, born)))


@pytest.mark.behaviour("B-1604")
async def test_a_server_that_ends_at_the_newer_handshake_is_met_with_the_older_one(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    for _ in range(2):
        async with linked(odd("strict", str(notes)), place_in(tmp_path)) as link:
            assert await say(link) == "hello"
    heard = [line for line in notes.read_text().splitlines() if line in ("heard server/discover", "heard initialize")]
    assert heard == ["heard server/discover", "heard initialize", "heard initialize"]  # it is remembered


async def test_who_waits_for_a_server_is_let_go_when_the_session_ends(tmp_path: Path) -> None:
    async with linked(odd("silent"), place_in(tmp_path)) as link:
        calling = asyncio.create_task(say(link))
        readying = asyncio.create_task(link.ready())
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        assert not await readying
        with pytest.raises(ServerError, match="is not connected"):
            await calling


class Slow(Asked):
    """Thinks about each question until `decided`."""

    def __init__(self) -> None:
        super().__init__()
        self.decided = asyncio.Event()

    async def sample(self, server: Server, params: Json) -> Json:
        self.questions.append(("sample", params))
        await self.decided.wait()
        return {"role": "assistant", "content": {"type": "text", "text": "yes"}, "model": "m"}


async def test_a_server_asks_few_questions_at_once_and_gets_its_answers(tmp_path: Path) -> None:
    notes, host = tmp_path / "notes", Slow()
    async with linked(odd("ask", str(notes)), place_in(tmp_path), host):
        await until(lambda: notes.exists() and notes.read_text().count("More than 8 questions") == 12)
        assert len(host.questions) == 8
        host.decided.set()
        await until(lambda: notes.read_text().count('"text": "yes"') == 8)


async def test_a_call_is_not_given_up_while_the_server_waits_for_us() -> None:
    loop, server = asyncio.get_running_loop(), odd()
    hosting = Hosting(server, Asked())
    connection = Connection(HostedCarrier("odd", None), hosting, str, "legacy")
    lost: asyncio.Future[str] = loop.create_future()
    patiently = Patiently("odd", "the tool echo", connection, lost, Patience(1, 1000, 0.02), hosting)
    hosting.asking = 1
    waiting = asyncio.create_task(patiently.wait(asyncio.sleep(1000)))
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()
    hosting.asking = 0
    with pytest.raises(ServerError, match="Nothing was heard of the tool echo"):
        await waiting


async def test_a_ping_is_answered_and_new_roots_are_told(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    links = Links([odd("ping", str(notes)), odd("roots", str(notes), name="other")], Asked(), place_in(tmp_path))
    links.start()
    assert all((await links.ready(["odd", "other"], 20)).values())
    await links.roots_changed()
    await until(
        lambda: "heard notifications/roots/list_changed" in notes.read_text() and "answered p1 {}" in notes.read_text()
    )
    await links.aclose()


def test_the_environment_of_a_server_is_its_own_and_what_every_program_needs() -> None:
    env = {"HOME": "/h", "PATH": "/bin:.:bin", "ANTHROPIC_API_KEY": "k", "TERM": "() { x; }", "LANG": "C"}
    assert environment(Stdio("x", env={"A": "$b"}), env) == {"HOME": "/h", "PATH": "/bin", "LANG": "C", "A": "$b"}
