"""Before trust: a repository that tries everything, and a coder that is started in it in every way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import DEADLINE, Done, Place
from tests.support.fakeapi import RunningApi, fake_api, tool, turn
from tests.support.hostile import Hostile, console_script

KEY = "sk-test-key-that-must-not-show"


@pytest.fixture
def attacker() -> Iterator[RunningApi]:
    """Where the repository would like the conversation and the key to go."""
    with fake_api([turn("mine now"), turn("mine now")]) as api:
        yield api


@pytest.fixture
def hostile(place: Place, tmp_path: Path, attacker: RunningApi) -> Hostile:
    return Hostile.make(place.project, tmp_path / "canaries", attacker.url)


def reckless(hostile: Hostile, place: Place) -> dict[str, str]:
    return {"PATH": hostile.reckless_path(), "PYTHONPATH": f".:{place.env(None)['PYTHONPATH']}"}


@pytest.mark.behaviour("B-630")
def test_cve_2025_59536_nothing_of_a_repository_runs_in_a_headless_session(
    place: Place, hostile: Hostile, attacker: RunningApi
) -> None:
    calls = [
        tool("Bash", command="ls -la"),
        tool("Bash", command="git status"),
        tool("Bash", command="cat a.txt; head -1 a.txt"),
        tool("Grep", pattern="two"),
        tool("Glob", pattern="**/*.txt"),
        tool("Read", file_path=str(hostile.root / "a.txt")),
    ]
    with fake_api([turn(*calls), turn("Done.")]) as api:
        done = place.coder("-p", "look around", url=api.url, env=reckless(hostile, place))
    assert (done.code, done.stdout) == (0, "Done.\n")
    assert hostile.sung == []
    assert attacker.requests == [] and len(api.requests) == 2


@pytest.mark.behaviour("B-630")
def test_nothing_of_a_repository_runs_when_a_session_is_resumed(
    place: Place, hostile: Hostile, attacker: RunningApi
) -> None:
    with fake_api([turn("One."), turn("Two.")]) as api:
        assert place.coder("-p", "one", url=api.url).stdout == "One.\n"
        assert place.coder("-p", "-c", "two", url=api.url, env=reckless(hostile, place)).stdout == "Two.\n"
    assert (hostile.sung, attacker.requests) == ([], [])


@pytest.mark.behaviour("B-630")
@pytest.mark.parametrize(
    "argv",
    [
        ("--version",),
        ("--help",),
        ("trust",),
        ("trust", "list"),
        ("trust", "remove"),
        ("replay", "--help"),
        ("-p", "x"),
    ],
    ids=" ".join,
)
def test_nothing_of_a_repository_runs_whatever_coder_is_asked(
    place: Place, hostile: Hostile, attacker: RunningApi, argv: tuple[str, ...]
) -> None:
    env = place.env(None, reckless(hostile, place))
    for command in ([*console_script(), *argv], [*console_script()[:1], "-m", "coder", *argv]):
        done = subprocess.run(
            command, cwd=hostile.root, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE
        )
        assert done.returncode in (0, 4), done.stderr  # 4: there is no key
        assert (hostile.sung, attacker.requests) == ([], [])


@pytest.mark.behaviour("B-630")
def test_cve_2025_59828_and_65099_no_tool_of_the_repository_is_asked_for_its_version(
    place: Place, hostile: Hostile, tmp_path: Path
) -> None:
    """yarn, node and their like load plugins and paths that a repository names. Every program that starts is seen."""
    log = tmp_path / "started"
    with fake_api([turn("Hi.")]) as api:
        hook = f"import sys; log = open({str(log)!r}, 'a'); sys.addaudithook(lambda name, args: name in ("
        hook += (
            "'subprocess.Popen', 'os.posix_spawn', 'os.exec', 'os.system') and log.write(name + repr(args[0]) + '\\n'))"
        )
        code = console_script()[2].replace("import sys;", f"{hook}; import sys;", 1)
        env = place.env(api.url, {"PATH": hostile.reckless_path()})
        command = [*console_script()[:2], code, "-p", "hi"]
        subprocess.run(command, cwd=hostile.root, env=env, stdin=subprocess.DEVNULL, check=True, timeout=DEADLINE)
    started = set(log.read_text(encoding="utf-8").splitlines())
    assert started <= {f"subprocess.Popen{shutil.which('git')!r}"}, "a run without tool calls starts git alone"


@pytest.mark.behaviour("B-631")
def test_cve_2026_21852_the_key_goes_to_no_address_that_a_repository_names(
    place: Place, hostile: Hostile, attacker: RunningApi
) -> None:
    """Without an address of the person's there is the default one, and never the repository's."""
    env = {"ANTHROPIC_API_KEY": KEY, "HTTPS_PROXY": "http://127.0.0.1:9", "CLAUDE_CODE_MAX_RETRIES": "0"}
    done = place.coder("-p", "hi", env=env)
    assert done.code == 4 and "api.anthropic.com" in done.stderr and KEY not in done.stderr
    assert attacker.requests == []


@pytest.mark.behaviour("B-631")
def test_the_address_of_a_trusted_folder_is_used(place: Place, hostile: Hostile, attacker: RunningApi) -> None:
    """What the other tests show is worth something only when the address would work."""
    done = place.coder("-p", "hi", "--trust-folder", env={"ANTHROPIC_API_KEY": KEY, "NO_PROXY": "127.0.0.1"})
    assert done.stdout == "mine now\n" and len(attacker.requests) == 1


@pytest.mark.behaviour("B-631")
def test_cve_2025_61260_a_dotenv_file_names_no_home_for_us(
    place: Place, hostile: Hostile, attacker: RunningApi
) -> None:
    with fake_api([turn("Hi.")]) as api:
        assert place.coder("-p", "hi", url=api.url).code == 0
    assert place.transcripts() and not list((hostile.root / "home").glob("projects"))
    assert (hostile.sung, attacker.requests) == ([], [])


def off(done: Done) -> set[tuple[str, str]]:
    trust = done.lines[0]["trust"]
    assert trust["trusted"] is False and trust["off_total"] >= len(trust["off"])
    return {(item["file"], item["kind"]) for item in trust["off"]}


@pytest.mark.behaviour("B-638")
def test_ghsa_wpqr_a_headless_run_trusts_nothing_by_itself_and_says_so(place: Place, hostile: Hostile) -> None:
    (hostile.root / ".claude/settings.local.json").unlink()
    (hostile.root / ".coder/settings.local.json").unlink()
    script = [turn(tool("Bash", command=hostile.touch("allowed"))), turn("Done.")]
    with fake_api(script) as api:
        done = place.coder("-p", "x", url=api.url)
    assert (done.stdout, hostile.sung) == ("Done.\n", [])
    *_, trust, denied = done.stderr.splitlines()
    assert trust.startswith("coder: this folder is not trusted, so 14 hooks, ") and "--trust-folder" in trust
    assert "2 MCP servers" in trust and "6 allow rules" in trust
    assert "(.coder/settings.json, .claude/settings.json, .mcp.json)" in trust
    assert "not allowed" in denied


@pytest.mark.behaviour("B-638")
def test_json_and_stream_json_tell_it_as_data(place: Place, hostile: Hostile) -> None:
    with fake_api([turn("Hi."), turn("Hi.")]) as api:
        stream = place.coder("-p", "x", "--output-format", "stream-json", "--verbose", url=api.url)
        one = place.coder("-p", "x", "--output-format", "json", url=api.url)
    kinds = {"hook", "command", "variable", "rule", "folder", "setting"}
    assert {(".coder/settings.local.json", kind) for kind in kinds} <= off(stream)
    warning = stream.lines[1]
    assert (warning["type"], warning["subtype"], warning["level"]) == ("system", "informational", "warning")
    assert warning["content"].startswith(".coder/settings.local.json: apiKeyHelper is never taken from a project")
    assert any("this folder is not trusted" in line.get("content", "") for line in stream.lines)
    assert off(one) == off(stream) and len(one.lines) == 1
    assert (stream.stderr, one.stderr) == ("", "")


@pytest.mark.behaviour("B-641")
def test_a_folder_that_only_forbids_is_not_remarked_on(place: Place) -> None:
    path = place.project / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"model": "opus", "permissions": {"deny": ["Bash(rm *)"]}}), encoding="utf-8")
    with fake_api([turn("Hi.")]) as api:
        done = place.coder("-p", "x", "--output-format", "stream-json", "--verbose", url=api.url)
        assert [line["type"] for line in done.lines] == ["system", "assistant", "result"]
    assert "trust" not in done.lines[0] and done.lines[0]["model"].startswith("claude-opus")


def allowing(place: Place, rule: str) -> None:
    path = place.project / ".coder" / "settings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"permissions": {"allow": [rule]}, "env": {"SHARED": "yes"}}), encoding="utf-8")


@pytest.mark.behaviour("B-639")
@pytest.mark.parametrize("by", ["flag", "variable"])
def test_trust_for_one_run_leaves_nothing_behind(place: Place, by: str) -> None:
    allowing(place, "Bash(*)")
    flags, env = (["--trust-folder"], {}) if by == "flag" else ([], {"CODER_TRUST_FOLDER": "1"})
    script = [turn(tool("Bash", command="touch made; echo $SHARED ${CODER_TRUST_FOLDER-gone}")), turn("Done.")]
    with fake_api(script) as api:
        done = place.coder("-p", "x", *flags, url=api.url, env=env)
    assert (done.code, done.stderr, (place.project / "made").exists()) == (0, "", True)
    assert "yes gone" in json.dumps(api.requests[1])
    assert not (place.home / ".coder" / "trust.json").exists()
    with fake_api(script) as api:
        assert place.coder("-p", "x", url=api.url).code == 77


@pytest.mark.behaviour("B-639")
@pytest.mark.parametrize("home", [".coder/settings.json", ".claude/settings.json"])
def test_no_settings_file_says_that_a_folder_is_trusted(place: Place, home: str) -> None:
    allowing(place, "Bash(touch *)")
    own = place.home / home
    own.parent.mkdir()
    own.write_text(json.dumps({"env": {"CODER_TRUST_FOLDER": "1"}}), encoding="utf-8")
    command = "touch made"
    with fake_api([turn(tool("Bash", command=command)), turn("Done.")]) as api:
        assert place.coder("-p", "x", url=api.url).code == 77
    with fake_api([turn(tool("Bash", command="echo ${CODER_TRUST_FOLDER-gone}")), turn("Done.")]) as api:
        place.coder("-p", "x", url=api.url)
        assert "gone" in json.dumps(api.requests[1])


@pytest.mark.behaviour("B-632")
def test_what_was_approved_counts_until_it_changes(place: Place) -> None:
    allowing(place, "Bash(touch *)")
    script = [turn(tool("Bash", command="touch made")), turn("Done.")]
    assert place.coder("trust", "add", "--yes").code == 0
    with fake_api(script) as api:
        done = place.coder("-p", "x", url=api.url)
    assert (done.code, done.stderr) == (0, "")
    allowing(place, "Bash(*)")
    with fake_api(script) as api:
        done = place.coder("-p", "x", url=api.url)
    assert done.code == 77 and "has changed since you trusted it" in done.stderr


@pytest.mark.behaviour("B-644")
def test_a_pipe_in_the_place_of_a_file_holds_nothing_up(place: Place) -> None:
    (place.project / ".coder").mkdir()
    os.mkfifo(place.project / ".coder" / "settings.json")
    os.mkfifo(place.project / ".mcp.json")
    with fake_api([turn("Hi.")]) as api:
        done = place.coder("-p", "x", url=api.url)
    assert done.code == 2 and "is not a regular file" in done.stderr
    shown = place.coder("trust")
    assert shown.code == 0 and shown.stdout.count("is not a regular file") == 2
