from __future__ import annotations

import base64
import os
import random
import uuid
from pathlib import Path

import pytest

from coder.core.messages import Document, Image, Message, Meta, Text, message_to_api
from coder.sessions.load import blob_folder, load
from coder.sessions.store import Transcript
from tests.support.transcripts import STAMP, VERSION, reply, user

BYTES = random.Random(1).randbytes(300_000)
PICTURE = Image("image/png", base64.b64encode(BYTES).decode())


def showing(*blocks: Image | Document) -> Message:
    return Message("user", (Text("see"), *blocks), Meta(str(uuid.uuid4()), "prompt", STAMP))


def store(folder: Path, *messages: Message) -> Path:
    with Transcript.create(folder / "home", folder, str(uuid.uuid4()), VERSION) as transcript:
        for message in messages:
            transcript.append(message)
    return transcript.path


def used(path: Path) -> int:
    return path.stat().st_size + sum(each.stat().st_size for each in blob_folder(path).iterdir())


@pytest.mark.behaviour("B-412")
def test_twenty_times_the_same_picture_cost_one(tmp_path: Path) -> None:
    """users.md S13."""
    messages = [showing(PICTURE) for _ in range(20)]
    path = store(tmp_path, *messages)
    assert used(path) <= 1.2 * len(BYTES)
    assert load(path).messages == tuple(messages)


@pytest.mark.behaviour("B-419")
def test_ten_resumes_of_a_session_with_pictures_add_next_to_nothing(tmp_path: Path) -> None:
    """users.md S13: 5 MB and three pictures; a compaction repeats one of them."""
    pictures = [Image("image/png", base64.b64encode(random.Random(n).randbytes(1_200_000)).decode()) for n in range(3)]
    path = store(tmp_path, *(showing(picture) for picture in pictures), *(user("x" * 1000) for _ in range(300)))
    before = used(path)
    for _ in range(10):
        with Transcript.open(path, VERSION) as transcript:
            transcript.append(user("again"))
    assert used(path) - before < 10 * 1000
    assert len(load(path).messages) == 313


@pytest.mark.behaviour("B-412")
@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_lost_picture_costs_nothing_else(tmp_path: Path, damage: str) -> None:
    path = store(tmp_path, showing(PICTURE, Document("application/pdf", PICTURE.data)), reply(Text("A cat.")))
    (blob,) = blob_folder(path).iterdir()
    blob.unlink()
    if damage == "changed":
        blob.write_bytes(BYTES[:-1] + b"?")
    found = load(path)
    assert [block["text"] for block in message_to_api(found.messages[0])["content"]] == [
        "see",
        "(A picture was here; its file is missing.)",
        "(A document was here; its file is missing.)",
    ]
    assert found.messages[1].text == "A cat."


@pytest.mark.behaviour("B-412")
def test_pictures_are_private(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        path = store(tmp_path, showing(PICTURE))
    finally:
        os.umask(old)
    folder = blob_folder(path)
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}
    assert {each.stat().st_mode & 0o777 for each in (folder, folder.parent, folder.parent.parent)} == {0o700}


def test_small_data_and_data_that_is_not_plain_base64_stay_in_the_line(tmp_path: Path) -> None:
    odd = [Image("image/png", "aGk="), Image("image/png", "aGVs\n" * 2000), Image("image/png", "é" * 5000)]
    odd.append(Image("image/png", "aGVs" * 2000 + "aGl="))  # decodes, but to what "aGk=" stands for
    path = store(tmp_path, message := showing(*odd))
    assert not blob_folder(path).exists()
    assert load(path).messages == (message,)


def test_transcripts_with_pictures_in_their_lines_are_read_as_ever(tmp_path: Path) -> None:
    path = store(tmp_path, message := showing(PICTURE))
    (blob,) = blob_folder(path).iterdir()
    path.write_bytes(path.read_bytes().replace(f"blob:sha256:{blob.name}".encode(), PICTURE.data.encode()))
    blob.unlink()
    assert load(path).messages == (message,)


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "ABC", "0" * 63, "0" * 64 + "/x"])
def test_a_mark_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    path = store(tmp_path, message := showing(Image("image/png", f"blob:sha256:{name}")))
    assert load(path).messages == (message,)


def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    path = store(tmp_path, showing(PICTURE))
    (blob,) = blob_folder(path).iterdir()
    blob.unlink()
    blob.symlink_to(target)
    with Transcript.open(path, VERSION) as transcript:
        transcript.append(showing(PICTURE))
    assert not target.exists() and not blob.is_symlink()
    assert load(path).messages[1].content[1] == PICTURE


def test_a_picture_that_cannot_have_a_file_stays_in_the_line(tmp_path: Path) -> None:
    transcript = Transcript.create(tmp_path / "home", tmp_path, str(uuid.uuid4()), VERSION)
    transcript.append(user("begin"))
    transcript.path.with_suffix("").write_text("in the way", encoding="utf-8")
    transcript.append(message := showing(PICTURE))
    assert transcript.problem == ""
    assert load(transcript.path).messages[1] == message
