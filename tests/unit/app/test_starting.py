"""Going on with sessions, forking, cutting and naming them."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import PIL.Image
import pytest

from coder.app.starting import Start
from coder.core.errors import SessionError, UnknownSession
from coder.sessions.load import load
from tests.support.fakeapi import running_api, tool, turn
from tests.support.talks import Talk, texts

MISSING = "11111111-1111-4111-8111-111111111111"
LATEST = Start(continue_latest=True)


@pytest.mark.behaviour("B-500")
@pytest.mark.parametrize("handle", ["id", "prefix", "Cart fix", "rounding"])
async def test_a_session_is_resumed_by_any_handle(tmp_path: Path, handle: str) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("Fix the rounding", Start(name="Cart\x07 fix"))
        (path,) = talk.transcripts()
        wanted = {"id": path.stem, "prefix": path.stem[:8]}.get(handle, handle)
        assert await talk.say("and?", Start(resume=wanted)) == "Two."
    assert texts(api.requests[1]) == ["Fix the rounding", "One.", "and?"]
    assert talk.transcripts() == [path]


@pytest.mark.behaviour("B-500")
async def test_a_session_of_another_folder_is_resumed_and_its_folder_named(tmp_path: Path) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("Fix the rounding")
        other = talk.elsewhere("other")
        session = await other.open(Start(resume="rounding"))
        await session.prompt("and?")
        await session.aclose()
        again = await talk.open(LATEST)
        await again.aclose()
    assert session.warnings == (f"this session was started in {talk.project}; it goes on in {other.project}",)
    assert again.warnings == () and len(talk.transcripts()) == 1


@pytest.mark.behaviour("B-501")
async def test_resume_without_a_session_lists_the_latest(tmp_path: Path) -> None:
    async with running_api([turn("ok", repeat=2)]) as api:
        talk = Talk.at(tmp_path, api.url)
        for prompt in ("first thing", "second thing"):
            await talk.say(prompt)
        before = talk.files()
        with pytest.raises(SessionError) as caught:
            await talk.open(Start(resume=""))
    head, second, first = str(caught.value).split("\n")
    assert head == "Which session? The latest of this folder:"
    assert second.startswith("  coder -p -r ") and second.endswith("just now  second thing")
    assert first.endswith("first thing") and talk.files() == before


@pytest.mark.behaviour("B-501")
@pytest.mark.parametrize("start", [Start(resume=""), LATEST])
async def test_where_there_is_no_session_one_message_says_so(tmp_path: Path, start: Start) -> None:
    """users.md S5."""
    talk = Talk.at(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(SessionError, match=r"There is no session in this folder to go on with\. Start one: coder -p "):
        await talk.open(start)
    assert list(talk.home.iterdir()) == []


@pytest.mark.behaviour("B-502")
async def test_a_fork_goes_on_and_leaves_the_original_alone(tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    async with running_api([turn("One."), turn("Two."), turn("Three.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("first", Start(name="Cart"))
        before = talk.files()
        fork = Start(continue_latest=True, fork=True, session_id=name)
        idle = await talk.open(fork)
        await idle.aclose()
        assert talk.files() == before
        await talk.say("second", fork)
        await talk.say("third", Start(resume=name))
    assert texts(api.requests[2]) == ["first", "One.", "second", "Two.", "third"]
    (original,) = (path for path in before if path.suffix == ".jsonl" and path.parent.name != "ledger")
    assert original.read_bytes() == before[original]
    assert {path.stem for path in talk.transcripts()} == {original.stem, name}
    assert load(original.with_name(f"{name}.jsonl")).labels.custom == "Cart (fork)"


@pytest.mark.behaviour("B-502")
async def test_a_fork_shares_its_pictures_with_the_original(tmp_path: Path) -> None:
    script = [turn(tool("Read", file_path=str(tmp_path / "noise.png"))), turn("Noise."), turn("Again.")]
    PIL.Image.effect_noise((200, 200), 90).save(tmp_path / "noise.png")
    async with running_api(script) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("look")
        await talk.say("and?", Start(continue_latest=True, fork=True))
    first, second = (list((path.with_suffix("") / "blobs").iterdir()) for path in talk.transcripts())
    assert [each.name for each in first] == [each.name for each in second] and len(first) == 1
    assert first[0].stat().st_ino == second[0].stat().st_ino and first[0].stat().st_nlink == 2
    assert [json.dumps(body["messages"]).count('"type": "image"') for body in api.requests] == [0, 1, 1]


@pytest.mark.behaviour("B-503")
@pytest.mark.parametrize(
    ("start", "words"),
    [
        (Start(session_id="nonsense"), "A session id is a UUID."),
        (Start(continue_latest=True, session_id=MISSING), "it needs --fork-session"),
        (Start(fork=True), "there is nothing to fork"),
        (Start(at=MISSING), "--resume-session-at needs"),
        (Start(continue_latest=True, at=""), "--resume-session-at needs"),
        (Start(continue_latest=True, drops_turn=MISSING), "--resume-drops-turn needs"),
        (Start(continue_latest=True, at=MISSING, drops_turn=""), "--resume-drops-turn needs"),
        (Start(continue_latest=True, at=MISSING), "has no entry"),
        (Start(continue_latest=True, at=MISSING, fork=True), "has no entry"),
        (Start(name=" \n"), "--name needs a name"),
        (Start(session_id="22222222-2222-4222-8222-222222222222"), "already in use"),
    ],
)
async def test_what_does_not_go_together_is_refused(tmp_path: Path, start: Start, words: str) -> None:
    async with running_api([turn("ok")]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("first", Start(session_id="22222222-2222-4222-8222-222222222222"))
        before = talk.files()
        with pytest.raises(SessionError, match=words) as caught:
            await talk.open(start)
    assert "\n" not in str(caught.value) and talk.files() == before
    with pytest.raises(UnknownSession):
        await talk.open(Start(resume=MISSING))


def uuids(path: Path) -> list[str]:
    """The conversation's entries, without the place."""
    entries = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [entry["uuid"] for entry in entries if entry["type"] in ("user", "assistant") and not entry.get("isMeta")]


@pytest.mark.behaviour("B-505")
async def test_a_session_is_cut_behind_an_entry(tmp_path: Path) -> None:
    script = [turn("One."), turn("Two."), turn("Three."), turn("Four.")]
    async with running_api(script) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("first")
        await talk.say("second", LATEST)
        (path,) = talk.transcripts()
        first, one, second, _ = uuids(path)
        before = path.read_bytes()
        for fork in (False, True):
            with pytest.raises(SessionError, match="Resume rejected by --resume-drops-turn:"):
                await talk.open(Start(resume=path.stem, at=one, drops_turn=first, fork=fork))
        assert talk.transcripts() == [path] and path.read_bytes() == before
        assert await talk.say("other", Start(resume=path.stem, at=one, drops_turn=second)) == "Three."
        await talk.say("on", LATEST)
    assert texts(api.requests[2]) == ["first", "One.", "other"]
    assert texts(api.requests[3]) == ["first", "One.", "other", "Three.", "on"]
    assert path.read_bytes().startswith(before)


@pytest.mark.behaviour("B-506")
async def test_a_session_keeps_its_model_unless_another_is_named(tmp_path: Path) -> None:
    keep = Start(continue_latest=True, keeps_model=True)
    async with running_api([turn("ok", repeat=5)]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("a", model="opus")
        await talk.say("b", keep)
        await talk.say("c", LATEST, model="claude-haiku-4-5")
        await talk.say("d", keep)
        await talk.say("e")
    models = [body["model"] for body in api.requests]
    assert models[0] == models[1] != models[2] == models[3] == "claude-haiku-4-5"
    assert models[4] not in models[:4]


@pytest.mark.behaviour("B-405")
async def test_a_session_that_was_only_looked_at_is_as_it_was(tmp_path: Path) -> None:
    """users.md S4."""
    async with running_api([turn("ok")]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("hello")
        before = talk.files()
        for start in (LATEST, Start(resume="hello")):
            await (await talk.open(start)).aclose()
    assert talk.files() == before


@pytest.mark.behaviour("B-419")
async def test_five_resumes_lose_nothing_and_name_nothing_twice(tmp_path: Path) -> None:
    """users.md S7."""
    async with running_api([turn(f"answer {n}") for n in range(6)]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("prompt 0")
        for number in range(1, 6):
            await talk.say(f"prompt {number}", LATEST)
    (path,) = talk.transcripts()
    found = load(path)
    said = [message.text for message in found.messages[1:]]
    assert said == [words for n in range(6) for words in (f"prompt {n}", f"answer {n}")]
    names = [json.loads(line)["uuid"] for line in path.read_bytes().splitlines()]
    assert len(names) == len(set(names)) == found.lines and found.elsewhere == 0


@pytest.mark.behaviour("B-523")
async def test_an_agent_that_changes_its_folder_stays_in_its_session(tmp_path: Path) -> None:
    """users.md S3."""
    script = [
        turn(tool("Bash", command="cd sub")),
        *(turn(tool("Bash", command=f"pwd; echo {number}")) for number in range(20)),
        turn("Done."),
        turn("On."),
    ]
    async with running_api(script) as api:
        talk = Talk.at(tmp_path, api.url)
        (talk.project / "sub").mkdir()
        assert await talk.say("go") == "Done."
        assert await talk.say("on", LATEST) == "On."
    (path,) = talk.transcripts()
    assert sum(len(message.tool_uses) for message in load(path).messages) == 21
    assert "/sub" in json.dumps(api.requests[21]["messages"][-1])


@pytest.mark.behaviour("B-521")
async def test_the_folder_of_sessions_is_not_searched(tmp_path: Path) -> None:
    """users.md S16: a search from the home folder."""
    home = str(tmp_path / "home")
    script = [
        turn(
            tool("Grep", pattern="needle_in_a_prompt", path=home, output_mode="content", id="toolu_grep"),
            tool("Glob", pattern="**/*.jsonl", path=home, id="toolu_glob"),
        ),
        turn("Done."),
    ]
    async with running_api(script) as api:
        talk = Talk.at(tmp_path, api.url)
        (talk.home / "notes.txt").write_text("needle_in_a_prompt\n", encoding="utf-8")
        await talk.say("find needle_in_a_prompt")
    found = {block["tool_use_id"]: json.dumps(block["content"]) for block in api.requests[1]["messages"][-1]["content"]}
    assert "notes.txt" in found["toolu_grep"] and ".jsonl" not in found["toolu_grep"]
    assert talk.transcripts()[0].name not in found["toolu_glob"]


async def test_what_is_not_kept_leaves_nothing_behind_when_it_goes_on(tmp_path: Path) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say("first")
        before = talk.files()
        assert await talk.say("second", LATEST, no_session_persistence=True) == "Two."
    assert talk.files() == before
    assert texts(api.requests[1]) == ["first", "One.", "second"]
