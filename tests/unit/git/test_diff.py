"""What git says of changes and commits is understood whatever the names are, and garbage does no harm."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from coder.git import diff, log
from coder.git.call import Answer
from coder.git.diff import Differing
from coder.git.filters import filters
from coder.git.revision import Range, file_of, range_of

NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda name: b"\0" not in name and b"/" not in name and name not in (b".", b"..") and name.lower() != b".git"
)
ENV = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder: str, *arguments: str) -> bytes:
    named = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(named, env=ENV, check=True, capture_output=True).stdout


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=40), min_size=1, max_size=6), st.data())
def test_every_file_is_told_by_its_name_and_has_one_patch(files: dict[bytes, bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        git(folder, "init", "-q")
        for name, content in files.items():
            Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(content)
        git(folder, "add", "-A")
        listed = diff.parse(git(folder, "diff", *diff.LISTED, "--cached"))
        assert {each.path for each in listed} == {os.fsdecode(name) for name in files}
        assert all(each.letter == "A" for each in listed)
        patches = list(diff.patches(git(folder, "diff", *diff.PATCH, "--cached")))
        assert len(patches) == len(listed)
        for each, patch in zip(listed, patches, strict=True):
            added = sum(line.startswith(b"+") for line in diff.hunks(patch).split(b"\n"))
            assert each.added is None or added == each.added
        git(folder, "commit", "-qm", "first")
        gone = data.draw(st.sampled_from(sorted(files)))
        git(folder, "mv", "--", os.fsdecode(gone), "moved to here")
        moved = diff.parse(git(folder, "diff", *diff.LISTED, "--cached"))
        assert {path for each in moved for path in each.paths} == {os.fsdecode(gone), "moved to here"}


@given(st.binary(max_size=400))
def test_garbage_is_passed_over(printed: bytes) -> None:
    for each in diff.parse(printed):
        assert isinstance(each, Differing)
    assert b"".join(diff.patches(printed)) in printed
    log.commits(printed)
    list(log.touching(printed))
    log.blamed(printed)
    filters(Answer(0, printed))


@given(st.text(alphabet="ab.{}:/@~^", max_size=12))
def test_a_name_is_taken_apart_without_losing_any_of_it(text: str) -> None:
    match range_of(text):
        case Range(left, right, since_fork):
            dots = "..." if since_fork else ".."
            assert any(f"{one}{dots}{other}" == text for one in (left, "") for other in (right, ""))
    found = file_of(text)
    if found is not None and not text.startswith(":"):
        assert ":".join(found) == text


def test_names_of_commits_are_told_from_ranges_and_files() -> None:
    assert range_of("a..b") == Range("a", "b", False) and range_of("a...") == Range("a", "HEAD", True)
    assert range_of("HEAD^{/fix ..}") is None and range_of("HEAD@{2 days..ago}~1") is None
    assert file_of("HEAD:a:b") == ("HEAD", "a:b") and file_of(":a") == (":0", "a") and file_of(":2:a") == (":2", "a")
    assert (
        file_of(":/fix: it") is None and file_of("HEAD^{/a:b}") is None and file_of("@{12:30}:x") == ("@{12:30}", "x")
    )
    assert file_of("0:a") == ("0", "a") and file_of("main") is None
