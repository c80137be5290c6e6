"""What is taken apart in plain text: who wrote a commit, whose a stash is, which hook ran, what was there earlier."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.git.earlier import Earlier
from coder.git.messages.attribution import attributed
from coder.git.repository import Repository
from coder.git.secretive import looks_secret
from coder.git.stashes import is_of, message_of, session_of, stashes_of
from coder.git.trace import HookRun, hooks_run
from tests.support.gitbench import SESSION

OURS = "Co-Authored-By: Claude Opus 4.5 <noreply@anthropic.com>"
FOREIGN = [
    "Co-Authored-By: Claude <noreply@anthropic.com>",
    "co-authored-by: Claude Code <claude@anthropic.com>",
    "Co-authored-by: coder <noreply@example.org>",
    "Co-Authored-By: Claude Sonnet 4.5",
    "Assisted-by: Claude",
    "Signed-off-by: Somebody Odd <odd@anthropic.com>",
    "🤖 Generated with [Claude Code](https://claude.com/claude-code)",
    "Generated with Claude Code",
    "Written by coder.",
    "_Created by Claude_",
    "   Generated using Anthropic's Claude",
]
THEIRS = [
    "Co-authored-by: Claude Monet <claude@monet.fr>",
    "Co-authored-by: Ada <ada@example.org>",
    "Signed-off-by: Ada <ada@example.org>",
    "Generated with protoc 3.2",
    "written by hand",
    "The coder package is faster now",
    "fix: coder: read the index",
    "Claude is mentioned here",
    "Created by Claudette's script",
    "#12",
]
line = st.one_of(st.sampled_from(THEIRS), st.sampled_from(FOREIGN), st.just(""), st.text(max_size=20))
text = st.lists(line, max_size=8).map("\n".join)


@pytest.mark.parametrize("line", FOREIGN)
def test_what_a_model_says_of_itself_goes(line: str) -> None:
    assert attributed(f"fix: it\n\n{line}\n", "") == "fix: it"
    assert attributed(line, "") == attributed(line, OURS) == ""


@pytest.mark.parametrize("line", THEIRS)
def test_what_people_say_stays(line: str) -> None:
    assert attributed(f"fix: it\n\n{line}\n", "") == f"fix: it\n\n{line}"


@given(text, st.sampled_from(["", OURS, "Assisted-by: robots\nReviewed-by: nobody", "made with care"]))
def test_the_trailer_is_there_once_and_doing_it_again_changes_nothing(message: str, trailer: str) -> None:
    made = attributed(message, trailer)
    assert attributed(made, trailer) == made
    if made and trailer:
        assert made.endswith(trailer) and made.count(trailer) == 1
    for foreign in FOREIGN:
        assert foreign not in made.splitlines()


@given(st.text(max_size=60), st.uuids().map(str), st.sampled_from(["", "On main: ", "On (no branch): "]))
def test_a_stash_is_of_the_session_that_says_so(said: str, session: str, prefix: str) -> None:
    message = prefix + message_of(session, said)
    assert "\n" not in message
    assert is_of(message, session) and session_of(message) == session[:8]
    assert not is_of(message, "") and not is_of(f"WIP {message}", session)
    assert is_of(message, SESSION) == (session[:8] == SESSION[:8])


@given(st.binary(max_size=300))
def test_any_log_of_stashes_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    top = tmp_path_factory.mktemp("log")
    log = top / "logs/refs/stash"
    log.parent.mkdir(parents=True)
    log.write_bytes(data + b"\n" + b"0" * 40 + b" " + b"1" * 40 + b" A <a@b> 1700000000 +0100\tOn x: \xff\n")
    newest = stashes_of(Repository(top, top, top))[0]
    assert (newest.position, newest.commit, newest.when, newest.message) == (0, "1" * 40, 1700000000, "On x: \ufffd")


@given(st.binary(max_size=200) | st.lists(st.text(max_size=10)).map(lambda found: json.dumps(found).encode()))
def test_any_trace_is_read(data: bytes) -> None:
    lines = [
        {"event": "child_start", "sid": "a", "child_id": 0, "child_class": "hook", "hook_name": "pre-commit"},
        {"event": "child_start", "sid": "a/b", "child_id": 0, "child_class": "hook", "hook_name": "inner"},
        {"event": "child_exit", "sid": "a", "child_id": 0, "code": 3},
        {"event": "child_start", "sid": "a", "child_id": 1, "child_class": "hook", "hook_name": "commit-msg"},
    ]
    trace = data + b"\n" + b"\n".join(json.dumps(each).encode() for each in lines)
    assert hooks_run(trace)[-2:] == (HookRun("pre-commit", 3), HookRun("commit-msg", None))


def test_what_was_there_earlier_holds_for_all_in_a_folder_of_that_work_tree() -> None:
    top = Path("/repo")
    earlier = Earlier(frozenset({"a.txt", "new/"}), top)
    assert earlier.holds(top, "a.txt") and earlier.holds(top, "new/x/y") and earlier.holds(top, "new")
    assert not earlier.holds(top, "b.txt") and not earlier.holds(top, "newer") and not earlier.holds(top, "x/a.txt")
    assert not earlier.holds(Path("/other"), "a.txt")
    assert not Earlier().holds(top, "a.txt")


SECRET = """.env x/.env.local prod.env id_rsa a/id_ed25519 server.pem k.p12 .aws/config .npmrc credentials.json
gcp-credentials.json secrets.yaml prod.tfvars .git-credentials ID_RSA
id_rsa.bak .dockercfg kubeconfig token.json .vault-token home.ovpn backup.age"""
PLAIN = """.env.example .env.sample id_rsa.pub environment.py keys.py secret_santa.py key.md public.pem credentials.py
monkey.txt"""


@pytest.mark.parametrize("path", SECRET.split())
def test_what_looks_like_a_secret(path: str) -> None:
    assert looks_secret(path)


@pytest.mark.parametrize("path", PLAIN.split())
def test_what_does_not(path: str) -> None:
    assert not looks_secret(path)
