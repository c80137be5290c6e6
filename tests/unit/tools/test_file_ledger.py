from __future__ import annotations

from pathlib import Path

from coder.tools.ledger import FileLedger, Seen, digest_of


def known(ledger: FileLedger, path: Path) -> Seen:
    seen = ledger.known(path)
    assert seen is not None
    return seen


def test_pages_of_the_same_content_add_up_to_the_whole(tmp_path: Path) -> None:
    ledger, path = FileLedger(), tmp_path / "a"
    for lines in ((1, 10), (21, 30), (8, 20)):
        ledger.mark_read(path, "d", lines=lines, total=30)
    assert known(ledger, path).whole


def test_pages_of_other_content_do_not_add_up(tmp_path: Path) -> None:
    ledger, path = FileLedger(), tmp_path / "a"
    ledger.mark_read(path, "d", lines=(1, 10), total=20)
    ledger.mark_read(path, "e", lines=(11, 20), total=20)
    assert known(ledger, path).lines == ((11, 20),)
    assert not known(ledger, path).whole


def test_a_part_read_again_leaves_the_whole_known(tmp_path: Path) -> None:
    ledger, path = FileLedger(), tmp_path / "a"
    ledger.mark_read(path, "d")
    ledger.mark_read(path, "d", lines=(1, 2), total=9)
    assert known(ledger, path).whole


def test_one_file_by_two_names_is_one_file(tmp_path: Path) -> None:
    ledger, path, link = FileLedger(), tmp_path / "a", tmp_path / "link"
    path.write_bytes(b"x")
    link.symlink_to(path)
    ledger.mark_read(link, digest_of(b"x"), content=b"x")
    assert known(ledger, path).content == b"x"


def test_kept_contents_are_bounded_and_the_oldest_go_first(tmp_path: Path) -> None:
    ledger = FileLedger()
    for number in range(100):
        ledger.mark_read(tmp_path / str(number), "d", content=b"x" * 200_000)
    kept = [number for number in range(100) if known(ledger, tmp_path / str(number)).content is not None]
    assert kept == list(range(100 - len(kept), 100))
    assert len(kept) * 200_000 <= 8 << 20
    ledger.mark_read(tmp_path / "big", "d", content=b"x" * 300_000)
    assert known(ledger, tmp_path / "big").content is None


def test_edits_are_remembered_by_file_and_text(tmp_path: Path) -> None:
    ledger = FileLedger()
    ledger.mark_edit(tmp_path / "a", "old", "new")
    assert ledger.has_edit(tmp_path / "a", "old", "new")
    assert not ledger.has_edit(tmp_path / "a", "old", "newer")
    assert not ledger.has_edit(tmp_path / "b", "old", "new")
