"""Doctor, import and clean-up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from coder.core.errors import SessionError
from coder.core.messages import Image, Message, Text, ToolUse
from coder.sessions.bring import Brought, bring, transcripts_in
from coder.sessions.cleanup import Waste, clean_up, remove, waste
from coder.sessions.doctor import Report, examine, mend
from coder.sessions.load import blob_folder, load, side_folder
from coder.sessions.locate import everywhere
from coder.sessions.lock import claim, note_of
from coder.sessions.store import Transcript
from tests.support.transcripts import VERSION, conversation, reply, user, write

PICTURE = Message("user", (Text("see"), Image("image/png", "aGVs" * 3000)), user("").meta)
DAY = 86400.0
HOLDER = """
import sys
from pathlib import Path
from coder.sessions.store import Transcript
transcript = Transcript.open(Path(sys.argv[1]), "0.1.0")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


class Held:
    """Another process that has the session open."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", HOLDER, str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Held:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "held\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def texts(report: Report) -> list[str]:
    return [finding.text for finding in report.findings]


def damaged(home: Path, cwd: Path) -> Path:
    path = write(home, cwd, conversation())
    lines = path.read_bytes().splitlines(keepends=True)
    lines[4:4] = [b"garbage\n", lines[2]]
    del lines[3]
    path.write_bytes(b"".join(lines) + b'{"type":"us')
    path.chmod(0o644)
    return path


@pytest.mark.behaviour("B-519")
def test_a_sound_session_has_no_findings(home: Path, tmp_path: Path) -> None:
    path = write(home, tmp_path, conversation())
    assert examine(path) == Report(path, 8, ())
    assert mend(path) is None


@pytest.mark.behaviour("B-519")
def test_damage_is_found_and_repaired_in_a_copy(home: Path, tmp_path: Path) -> None:
    path = damaged(home, tmp_path)
    before, said, when = path.read_bytes(), load(path).messages, path.stat().st_mtime_ns
    report = examine(path)
    assert not report.is_sound and report.can_be_mended
    assert texts(report)[:5] == [
        "1 damaged line (4)",
        "the last line was cut off while being written",
        "1 entry stored twice",
        "1 entry hangs on one that is not there",
        "others on this machine may read it",
    ]
    kept = mend(path)
    assert kept is not None and kept.read_bytes() == before and kept.name == f"{path.name}.bak"
    assert load(path).messages == said
    assert path.stat().st_mode & 0o777 == 0o600 and path.stat().st_mtime_ns == when
    assert examine(path).is_sound
    assert sorted(each.name for each in path.parent.iterdir()) == sorted([path.name, kept.name])
    with Transcript.open(path, VERSION) as transcript:
        transcript.append(user("on"))
    assert len(load(path).messages) == len(said) + 1


@pytest.mark.behaviour("B-519")
def test_what_cannot_be_repaired_is_said_and_left(home: Path, tmp_path: Path) -> None:
    path = write(home, tmp_path, [PICTURE, reply(ToolUse("t", "Bash", {}))])
    (blob,) = blob_folder(path).iterdir()
    blob.unlink()
    before = path.read_bytes()
    report = examine(path)
    assert texts(report) == [
        "1 tool call without a result: answered as interrupted when it is resumed",
        "1 picture or document missing or damaged",
    ]
    assert not report.is_sound and not report.can_be_mended and report.findings[0].harmless
    assert mend(path) is None and path.read_bytes() == before


@pytest.mark.behaviour("B-519")
def test_an_old_list_without_uuids_is_repaired_too(home: Path, tmp_path: Path) -> None:
    path = write(home, tmp_path, [user("x")])
    golden = Path(__file__).with_name("golden") / "list_without_uuids.jsonl"
    path.write_bytes(b"garbage\n" + golden.read_bytes())
    said = load(path).messages
    assert mend(path) is not None
    assert load(path).messages == said and len(said) == 4
    assert examine(path).is_sound


def test_a_file_of_nothing_is_a_finding(home: Path, tmp_path: Path) -> None:
    path = write(home, tmp_path, [user("x")])
    path.write_bytes(b'{"type":"summary","summary":"x"}\n{"type":"hologram"}\n')
    assert texts(examine(path)) == ["1 entry of unknown type 'hologram'", "nothing of a conversation can be read"]


@pytest.mark.behaviour("B-2857")
def test_a_session_that_is_open_can_be_gone_on_with_in_a_copy(home: Path, tmp_path: Path) -> None:
    path = damaged(home, tmp_path)
    with Held(path), path.open("rb+") as file, pytest.raises(SessionError, match=f"{path.stem} --fork-session$"):
        claim(file.fileno(), path)


@pytest.mark.behaviour("B-519")
def test_a_session_that_is_open_is_not_repaired(home: Path, tmp_path: Path) -> None:
    path = damaged(home, tmp_path)
    before = path.read_bytes()
    with Held(path) as held, pytest.raises(SessionError, match=f"is open in process {held.process.pid}"):
        mend(path)
    assert path.read_bytes() == before


@pytest.mark.behaviour("B-519")
def test_a_second_repair_keeps_the_first_original(home: Path, tmp_path: Path) -> None:
    path = damaged(home, tmp_path)
    mend(path)
    with path.open("ab") as file:
        file.write(b"more garbage\n")
    kept = mend(path)
    assert kept is not None and kept.name == f"{path.name}.bak1"


def claude(folder: Path, *more: str) -> Path:
    """A transcript as Claude Code keeps it, in its own folder."""
    golden = Path(__file__).with_name("golden") / "parallel_results.jsonl"
    path = folder / ".claude" / "projects" / "-home-me-shop" / "11111111-1111-4111-8111-111111111104.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(golden.read_bytes() + "".join(f"{line}\n" for line in more).encode())
    os.utime(path, (1_700_000_000,) * 2)
    return path


def brought(home: Path, place: Path, *, dry_run: bool = False) -> list[Brought]:
    return list(bring(home, transcripts_in(place), dry_run=dry_run))


@pytest.mark.behaviour("B-515")
def test_sessions_of_claude_code_are_copied_and_left_alone(home: Path, tmp_path: Path) -> None:
    source = claude(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (one,) = brought(home, tmp_path / ".claude")
    assert one.target == home / "projects" / "-home-me-shop" / source.name
    assert one.messages == 4 and one.note == ""
    assert load(one.target).messages == load(source).messages
    assert one.target.stat().st_mode & 0o777 == 0o600
    assert one.target.stat().st_mtime == 1_700_000_000
    assert {path: path.read_bytes() for path in before} == before
    (again,) = brought(home, source)
    assert (again.target, again.note) == (None, "is here already")


@pytest.mark.behaviour("B-515")
def test_a_dry_run_copies_nothing(home: Path, tmp_path: Path) -> None:
    claude(tmp_path)
    (one,) = brought(home, tmp_path / ".claude", dry_run=True)
    assert one.target is not None and not home.exists()


@pytest.mark.behaviour("B-515")
def test_damage_and_pictures_are_put_right_on_the_way(home: Path, tmp_path: Path) -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVs" * 3000}}
    entry = {"type": "user", "uuid": "p", "parentUuid": "gone", "cwd": "/home/me/shop", "sessionId": "x"}
    line = json.dumps({**entry, "message": {"role": "user", "content": [picture]}})
    source = claude(tmp_path, "garbage", line, line)
    side = source.with_suffix("")
    (side / "subagents").mkdir(parents=True)
    (side / "subagents" / "agent-1.jsonl").write_text("{}\n", encoding="utf-8")
    (side / "secret").symlink_to("/etc/passwd")
    (one,) = brought(home, source)
    assert one.target is not None and "1 damaged line" in one.note
    assert load(one.target).messages == load(source).messages
    assert examine(one.target).is_sound
    assert len(list(blob_folder(one.target).iterdir())) == 1
    assert sorted(p.name for p in side_folder(one.target).rglob("*")) == sorted(
        ["blobs", next(blob_folder(one.target).iterdir()).name, "subagents", "agent-1.jsonl"]
    )


@pytest.mark.behaviour("B-515")
def test_an_id_that_is_taken_by_another_session_is_left_to_it(home: Path, tmp_path: Path) -> None:
    source = claude(tmp_path)
    mine = home / "projects" / "-home-me-shop" / source.name
    mine.parent.mkdir(parents=True)
    mine.write_bytes(write(tmp_path / "other", tmp_path, [user("mine")]).read_bytes())
    before = mine.read_bytes()
    (one,) = brought(home, source)
    assert one.target is not None and one.target != mine and "its id is taken" in one.note
    assert mine.read_bytes() == before
    assert load(one.target).session_id == one.target.stem


def test_what_is_no_session_is_said(home: Path, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("nonsense\n", encoding="utf-8")
    (one,) = brought(home, tmp_path / "x.jsonl")
    assert (one.target, one.note) == (None, "nothing of a conversation can be read")
    with pytest.raises(SessionError, match="no sessions in"):
        transcripts_in(tmp_path)


@pytest.mark.behaviour("B-517")
def test_a_session_goes_with_everything_it_has(home: Path, tmp_path: Path) -> None:
    path, other = write(home, tmp_path, [PICTURE]), write(home, tmp_path, [PICTURE])
    for each in (path, other):
        (home / "file-history" / each.stem).mkdir(parents=True)
        (home / "file-history" / each.stem / "x").write_text("x" * 100, encoding="utf-8")
    assert remove(home, path) > 9000
    assert [each.stem for each in home.rglob(f"{path.stem}*")] == []
    assert len(list(home.rglob(f"{other.stem}*"))) == 3


@pytest.mark.behaviour("B-517")
def test_the_original_that_a_repair_kept_goes_with_its_session(home: Path, tmp_path: Path) -> None:
    removed, path = (write(home, tmp_path, [user("secret plan")]) for _ in range(2))
    for each in (removed, path) * 2:
        each.write_bytes(each.read_bytes() + b"{torn")
        assert mend(each) is not None
    remove(home, removed)
    assert not list(home.rglob(f"{removed.stem}*"))
    path.unlink()  # by somebody who knows nothing of the rest
    kept = sorted(home.rglob("*.bak*"))
    assert [each.name for each in kept] == [f"{path.name}.bak", f"{path.name}.bak1"]
    assert list(waste(home, time.time())) == []
    later = list(waste(home, time.time() + 2 * DAY))
    assert [each.paths for each in later] == [(each,) for each in kept]
    assert clean_up(home, later) == [] and not list(home.rglob("*.bak*"))


@pytest.mark.behaviour("B-515")
def test_what_an_import_makes_is_for_the_owner_alone(home: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "theirs", tmp_path, [PICTURE])
    agent = side_folder(source) / "subagents" / "agent-a.jsonl"
    agent.parent.mkdir(parents=True)
    agent.write_text("{}\n", encoding="utf-8")
    (one,) = brought(home, source)
    assert one.target is not None and (side_folder(one.target) / "subagents" / agent.name).exists()
    assert [each for each in home.rglob("*") if each.stat().st_mode & 0o077] == []


@pytest.mark.behaviour("B-517")
def test_a_session_that_is_open_is_never_removed(home: Path, tmp_path: Path) -> None:
    """users.md S17."""
    path = write(home, tmp_path, [user("x")])
    os.utime(path, (1_000_000_000,) * 2)
    with Held(path) as held:
        with pytest.raises(SessionError, match=f"process {held.process.pid}"):
            remove(home, path)
        found = list(waste(home, time.time(), quota=0, older_than=0))
        assert found == [] and clean_up(home, found) == []
        planned = [Waste((path,), 1, "planned before it was opened", path)]
        assert clean_up(home, planned) == [f"Session {path.stem} is open in process {held.process.pid}."]
        assert path.exists()


def aged(home: Path, cwd: Path, days: float) -> Path:
    path = write(home, cwd, [user("x" * 1000)])
    os.utime(path, (time.time() - days * DAY,) * 2)
    return path


@pytest.mark.behaviour("B-518")
def test_nothing_goes_by_age_unless_asked(home: Path, tmp_path: Path) -> None:
    old, new = aged(home, tmp_path, 4000), aged(home, tmp_path, 1)
    assert list(waste(home, time.time())) == []
    (one,) = waste(home, time.time(), older_than=30 * DAY)
    assert (one.session, one.why, one.size) == (old, "not used for 4000 days", old.stat().st_size)
    assert clean_up(home, [one]) == [] and everywhere(home) == [new]


@pytest.mark.behaviour("B-518")
def test_the_oldest_go_first_over_the_quota(home: Path, tmp_path: Path) -> None:
    paths = [aged(home, tmp_path, days) for days in (1, 40, 3, 20)]
    size = paths[0].stat().st_size
    found = list(waste(home, time.time(), quota=2 * size + 50))
    assert [each.session for each in found] == [paths[1], paths[3]]
    assert {each.why for each in found} == {"oldest over the quota"}
    assert clean_up(home, found) == [] and set(everywhere(home)) == {paths[0], paths[2]}


@pytest.mark.behaviour("B-518")
@pytest.mark.behaviour("B-2503")
def test_what_is_left_of_sessions_that_are_gone_goes(home: Path, tmp_path: Path) -> None:
    path = write(home, tmp_path, [PICTURE])
    gone, young = str(uuid.uuid4()), str(uuid.uuid4())
    folder = path.parent
    kept = [folder / "memory", folder / young, home / "file-history" / young]
    left = [folder / gone, home / "file-history" / gone]
    for each in (*kept, *left):
        each.mkdir(parents=True)
        (each / "x").write_text("x", encoding="utf-8")
    temporary = blob_folder(path) / ".abc.1.tmp"
    temporary.write_text("half", encoding="utf-8")
    agents = side_folder(path) / "subagents"
    agents.mkdir()
    half = [side_folder(path) / ".tools.json.1f.tmp", agents / ".agent-a1.meta.json.7.tmp", agents / "agent-a1.pid"]
    half.append(home / "ledger" / "heads" / ".d6ba18cc5e67fefa.8119")
    half[-1].parent.mkdir(parents=True, exist_ok=True)
    fresh = agents / "agent-a2.pid"  # of one that has only begun
    for each in (*half, fresh):
        each.write_text("7", encoding="utf-8")
    note_of(path).write_text("99999", encoding="utf-8")
    for each in (*left, kept[0], temporary, *half):
        os.utime(each, (time.time() - 2 * DAY,) * 2)
    found = list(waste(home, time.time()))
    assert {each.paths[0] for each in found} == {*left, temporary, note_of(path), *half}
    assert sum(each.size for each in found) == 1 + 1 + 4 + 5 + 4
    assert clean_up(home, found) == []
    assert all(each.exists() for each in (*kept, path, fresh)) and not any(
        each.exists() for each in (*left, *half, temporary)
    )
    assert load(path).messages[0].content == PICTURE.content
