from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from coder.core.errors import SessionError
from coder.core.messages import Json, Message, Meta, Text, entry_uuids, message_to_api
from coder.sessions.load import load
from coder.sessions.store import Transcript
from tests.support.transcripts import VERSION, conversation, reply, user, write

HOLDER = """
import sys
from pathlib import Path
from coder.sessions.store import Transcript
transcript = Transcript.open(Path(sys.argv[1]), "0.1.0")
print("held", flush=True)
sys.stdin.read()
"""


def unsaved(transcript: Transcript, why: str) -> str:
    return f"This session is no longer being saved in {transcript.path}: {why}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".coder"


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def new(home: Path, cwd: Path, warned: list[str] | None = None) -> Transcript:
    warn = warned.append if warned is not None else (lambda text: None)
    return Transcript.create(home, cwd, str(uuid.uuid4()), VERSION, warn)


def lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.behaviour("B-400")
def test_a_session_touches_the_disk_only_with_its_first_message(home: Path, cwd: Path) -> None:
    transcript = new(home, cwd)
    assert not home.exists()
    transcript.append(user("hello"))
    assert transcript.path.is_file()
    assert transcript.path.parent.parent == home / "projects"
    transcript.close()


@pytest.mark.behaviour("B-400")
def test_nobody_else_can_read_a_session(home: Path, cwd: Path) -> None:
    old = os.umask(0)
    try:
        path = write(home, cwd, conversation())
    finally:
        os.umask(old)
    assert mode(path) == 0o600
    assert {mode(folder) for folder in (home, home / "projects", path.parent)} == {0o700}


@pytest.mark.behaviour("B-402")
def test_a_prompt_is_stored_as_the_text_the_person_wrote(home: Path, cwd: Path) -> None:
    message = user('say "hi"\n🙂')
    (entry,) = lines(write(home, cwd, [message]))
    assert next(iter(entry)) == "type"
    assert entry["message"] == {"role": "user", "content": 'say "hi"\n🙂'}
    assert entry["uuid"] == message.meta.uuid
    assert (entry["parentUuid"], entry["isSidechain"], entry["cwd"]) == (None, False, str(cwd))


@pytest.mark.behaviour("B-402")
def test_a_reply_is_one_entry_per_block_with_one_api_id(home: Path, cwd: Path) -> None:
    messages = conversation()
    entries = lines(write(home, cwd, messages))
    of_reply = [entry for entry in entries if entry["message"].get("id") == messages[2].meta.api_id]
    assert [entry["message"]["content"] for entry in of_reply] == [
        [raw] for raw in message_to_api(messages[2])["content"]
    ]
    assert tuple(entry["uuid"] for entry in of_reply) == entry_uuids(messages[2])
    assert of_reply[-1]["uuid"] == messages[2].meta.uuid


def test_every_tool_result_is_an_entry_with_its_structured_data(home: Path, cwd: Path) -> None:
    messages = conversation()
    entries = lines(write(home, cwd, messages))
    first, second = (entry for entry in entries if entry["uuid"] in entry_uuids(messages[3]))
    assert first["toolUseResult"] == {"type": "text", "file": {"numLines": 1}}
    assert "toolUseResult" not in second
    assert [entry["message"]["content"] for entry in (first, second)] == [
        [raw] for raw in message_to_api(messages[3])["content"]
    ]


def test_entries_form_one_chain(home: Path, cwd: Path) -> None:
    entries = lines(write(home, cwd, conversation()))
    assert [entry["parentUuid"] for entry in entries] == [None, *(entry["uuid"] for entry in entries[:-1])]


def test_what_the_person_did_not_write_is_marked_so(home: Path, cwd: Path) -> None:
    entries = lines(write(home, cwd, [user("a", "context"), user("b"), user("c", "reminder"), user("d", "steer")]))
    assert [entry.get("isMeta", False) for entry in entries] == [True, False, True, False]


@pytest.mark.behaviour("B-403")
def test_messages_come_back_as_they_were_stored(home: Path, cwd: Path) -> None:
    messages = conversation()
    assert load(write(home, cwd, messages)).messages == tuple(messages)


def test_a_reply_without_an_id_of_the_api_comes_back_without_one(home: Path, cwd: Path) -> None:
    message = reply(Text("partial"))
    message = replace(message, meta=replace(message.meta, api_id=""))
    path = write(home, cwd, [user("go"), message])
    assert lines(path)[1]["message"]["id"].startswith("msg_")
    assert load(path).messages[1] == message


def test_a_lone_surrogate_is_never_stored(home: Path, cwd: Path) -> None:
    path = write(home, cwd, [user("half \ud83d of one, whole \ud83d\ude42")])
    assert load(path).messages[0].text == "half \ufffd of one, whole 🙂"
    path.read_bytes().decode("utf-8")


def test_structured_data_that_json_cannot_say_does_not_stop_the_run(home: Path, cwd: Path) -> None:
    odd = {"seconds": float("nan"), "where": Path("/p"), "list": [float("inf")], "keys": {(1, 2): 3}}
    message = Message("user", (Text("x"),), Meta(kind="prompt"))
    transcript = new(home, cwd)
    transcript.append(message)
    transcript.append(Message("user", conversation()[3].content, Meta(kind="results", tool_data=(odd, None))))
    transcript.close()
    assert lines(transcript.path)[1]["toolUseResult"] == {
        "seconds": None,
        "where": "/p",
        "list": [None],
        "keys": {"(1, 2)": 3},
    }


@pytest.mark.behaviour("B-405")
def test_resuming_and_leaving_changes_no_byte(home: Path, cwd: Path) -> None:
    path = write(home, cwd, conversation())
    torn = path.read_bytes() + b'{"type":"user","uu'
    path.write_bytes(torn)
    Transcript.open(path, VERSION).close()
    assert path.read_bytes() == torn
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.behaviour("B-405")
def test_a_resumed_session_goes_on_behind_a_torn_line(home: Path, cwd: Path) -> None:
    messages = conversation()
    path = write(home, cwd, messages)
    before = path.read_bytes() + b'{"type":"user","uu'
    path.write_bytes(before)
    with Transcript.open(path, VERSION) as transcript:
        assert transcript.loaded.messages == tuple(messages)
        transcript.append(more := user("and now?"))
    assert path.read_bytes().startswith(before + b"\n")
    again = load(path)
    assert again.messages == (*messages, more)
    assert (
        again.skipped == f"loaded {again.lines - 1} of {again.lines} lines; skipped 1 damaged line ({again.lines - 1})"
    )


def test_a_session_can_be_resumed_again_and_again(home: Path, cwd: Path) -> None:
    messages = [user("0")]
    path = write(home, cwd, messages)
    for number in range(1, 6):
        with Transcript.open(path, VERSION) as transcript:
            messages.append(reply(Text(str(number))))
            transcript.append(messages[-1])
    assert load(path).messages == tuple(messages)
    names = [entry["uuid"] for entry in lines(path)]
    assert len(names) == len(set(names)) == 6


def test_an_id_that_is_taken_is_refused(home: Path, cwd: Path) -> None:
    path = write(home, cwd, [user("hello")])
    with pytest.raises(SessionError, match="already in use"):
        Transcript.create(home, cwd, path.stem, VERSION)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "abc", "a" * 36])
def test_an_id_that_is_no_uuid_is_refused(home: Path, cwd: Path, name: str) -> None:
    with pytest.raises(SessionError, match="UUID"):
        Transcript.create(home, cwd, name, VERSION)


@pytest.mark.behaviour("B-406")
def test_a_second_process_is_refused_and_told_which_one_has_the_session(home: Path, cwd: Path) -> None:
    path = write(home, cwd, [user("hello")])
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SessionError, match=f"process {holder.pid}"):
            Transcript.open(path, VERSION)
        holder.kill()
        holder.wait()
    with Transcript.open(path, VERSION) as transcript:
        assert len(transcript.loaded.messages) == 1


def test_a_new_session_is_locked_from_its_first_message_on(home: Path, cwd: Path) -> None:
    with new(home, cwd) as transcript:
        transcript.append(user("hello"))
        with pytest.raises(SessionError, match=f"process {os.getpid()}"):
            Transcript.open(transcript.path, VERSION)


@pytest.mark.behaviour("B-407")
def test_a_full_disk_is_told_once_and_nothing_is_lost_when_there_is_room_again(home: Path, cwd: Path) -> None:
    warned: list[str] = []
    transcript = new(home, cwd, warned)
    messages = [user("first"), user("x" * 5000), reply(Text("y")), user("last")]
    transcript.append(messages[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (transcript.path.stat().st_size + 1000, hard))
    try:
        transcript.append(messages[1])
        transcript.append(messages[2])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert warned == [unsaved(transcript, "File too large.")]
    assert transcript.problem
    assert load(transcript.path).messages == (messages[0],)
    assert load(transcript.path).skipped == ""
    transcript.append(messages[3])
    assert transcript.problem == ""
    transcript.close()
    assert load(transcript.path).messages == tuple(messages)
    assert load(transcript.path).skipped == ""
    assert len(warned) == 1


@pytest.mark.behaviour("B-407")
def test_what_a_full_disk_held_back_is_saved_at_the_end(home: Path, cwd: Path) -> None:
    transcript = new(home, cwd)
    transcript.append(user("first"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (transcript.path.stat().st_size, hard))
    try:
        transcript.append(last := user("last"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    transcript.close()
    assert load(transcript.path).messages[-1] == last


@pytest.mark.behaviour("B-407")
@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_taken_away_while_it_grows_is_told(home: Path, cwd: Path, replaced: bool) -> None:
    warned: list[str] = []
    transcript = new(home, cwd, warned)
    transcript.append(user("first"))
    if replaced:
        copy = transcript.path.with_suffix(".copy")
        copy.write_bytes(transcript.path.read_bytes())
        copy.replace(transcript.path)
    else:
        transcript.path.unlink()
    transcript.append(user("second"))
    transcript.close()
    assert warned == [unsaved(transcript, "its file was removed or replaced by another program.")]
    assert transcript.path.exists() == replaced


@pytest.mark.behaviour("B-407")
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="needs to mount a small file system")
def test_a_session_on_a_small_full_file_system_goes_on(tmp_path: Path, cwd: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        warned: list[str] = []
        transcript = new(disk / "home", cwd, warned)
        kept = [user(f"{number} " + "x" * 4000) for number in range(12)]
        for message in kept:
            transcript.append(message)
        big = user("y" * 100_000)
        transcript.append(big)
        assert warned == [unsaved(transcript, "No space left on device.")]
        assert load(transcript.path).messages == tuple(kept)
        transcript.close()
        assert load(transcript.path).messages == tuple(kept)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.behaviour("B-407")
@pytest.mark.behaviour("B-2851")
def test_a_home_that_cannot_be_made_is_told_and_the_run_goes_on(tmp_path: Path, cwd: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    warned: list[str] = []
    with new(tmp_path / "file" / "home", cwd, warned) as transcript:
        transcript.append(user("hello"))
        transcript.append(user("again"))
    assert warned == [unsaved(transcript, "Not a directory. Name a folder that can be written to in CODER_CONFIG_DIR.")]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a folder away")
def test_nothing_is_written_into_a_home_of_somebody_else(home: Path, cwd: Path) -> None:
    home.mkdir(parents=True)
    os.chown(home, 12345, -1)
    warned: list[str] = []
    with new(home, cwd, warned) as transcript:
        transcript.append(user("hello"))
    assert "belongs to another user" in warned[0]
    assert not transcript.path.exists()


def test_a_planted_link_is_not_followed(home: Path, cwd: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    warned: list[str] = []
    transcript = new(home, cwd, warned)
    transcript.path.parent.mkdir(parents=True)
    transcript.path.symlink_to(target)
    transcript.append(user("hello"))
    transcript.close()
    assert not target.exists()
    assert len(warned) == 1


def test_a_file_that_appeared_in_the_meantime_is_not_written_into(home: Path, cwd: Path) -> None:
    warned: list[str] = []
    with new(home, cwd, warned) as transcript:
        transcript.path.parent.mkdir(parents=True)
        transcript.path.write_text("somebody else's", encoding="utf-8")
        transcript.append(user("hello"))
    assert transcript.path.read_text(encoding="utf-8") == "somebody else's"
    assert warned == [unsaved(transcript, "another process has begun a session of this id.")]


def test_a_linked_transcript_is_read_but_not_written_through_the_link(home: Path, cwd: Path, tmp_path: Path) -> None:
    path = write(home, cwd, messages := [user("hello")])
    before = path.read_bytes()
    link = tmp_path / path.name
    link.symlink_to(path)
    warned: list[str] = []
    with Transcript.open(link, VERSION, warn=warned.append) as transcript:
        assert transcript.loaded.messages == tuple(messages)
        transcript.append(user("more"))
    assert path.read_bytes() == before
    assert len(warned) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_transcript_can_be_read_on(home: Path, cwd: Path) -> None:
    path = write(home, cwd, messages := [user("hello")])
    path.chmod(0o400)
    warned: list[str] = []
    with Transcript.open(path, VERSION, warn=warned.append) as transcript:
        assert transcript.loaded.messages == tuple(messages)
        transcript.append(user("more"))
    assert warned == [unsaved(transcript, "Permission denied.")]


def test_a_folder_in_the_transcripts_place_is_named(tmp_path: Path) -> None:
    path = tmp_path / f"{uuid.uuid4()}.jsonl"
    path.mkdir()
    with pytest.raises(SessionError, match="cannot be read"):
        Transcript.open(path, VERSION)


def test_a_transcript_that_is_not_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / f"{uuid.uuid4()}.jsonl"
    os.mkfifo(path)
    with pytest.raises(SessionError, match="regular"):
        Transcript.open(path, VERSION)


def test_syncing_needs_nothing_to_sync_and_may_run_in_any_thread(home: Path, cwd: Path) -> None:
    with new(home, cwd) as transcript, ThreadPoolExecutor(2) as threads:
        transcript.sync()
        for number in range(20):
            transcript.append(user(str(number)))
            threads.submit(transcript.sync)
    transcript.sync()
    assert len(load(transcript.path).messages) == 20


def test_appending_to_a_closed_transcript_does_nothing(home: Path, cwd: Path) -> None:
    transcript = new(home, cwd)
    transcript.append(user("hello"))
    transcript.close()
    before = transcript.path.read_bytes()
    transcript.append(user("late"))
    assert transcript.path.read_bytes() == before
