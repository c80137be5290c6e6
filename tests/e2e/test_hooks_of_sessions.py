"""Hooks at the points of a session: its start, its prompts, the end of a run, its own end."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support.cli import DEADLINE, Done, Place
from tests.support.fakeapi import RunningApi, fake_api, fault, tool, turn
from tests.support.hooked import group, keeps, kept, says, settings, write
from tests.support.processes import until


def canary(path: Path) -> str:
    return f"touch {path}"


def said_to_model(api: RunningApi, at: int = -1) -> str:
    return json.dumps(api.requests[at]["messages"])


@pytest.mark.behaviour("B-1190")
@pytest.mark.parametrize("file", [".coder/settings.json", ".claude/settings.json", ".coder/settings.local.json"])
def test_hooks_of_a_repository_that_is_not_trusted_never_run(place: Place, tmp_path: Path, file: str) -> None:
    sung = tmp_path / "sung"
    every = ("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolBatch", "Stop", "SessionEnd")
    write(place.project / file, {"hooks": {event: [group(canary(sung))] for event in every}})
    with fake_api([turn(tool("Bash", command="ls")), turn("One."), turn("Two.")]) as api:
        first = place.coder("-p", "one", url=api.url)
        again = place.coder("-p", "-c", "two", url=api.url)
    tried = place.coder("hooks", "test", "Stop")
    listed = place.coder("hooks", "list", "--json")
    assert (first.stdout, again.stdout) == ("One.\n", "Two.\n")
    assert not sung.exists()
    assert "No hook runs at Stop." in tried.stdout and "this folder is not trusted" in tried.stdout
    assert {(hook["used"], hook["note"].split(" (")[0]) for hook in json.loads(listed.stdout)["hooks"]} == {
        (False, "not used: this folder is not trusted")
    }
    with fake_api([turn("Three.")]) as api:
        assert place.coder("-p", "--trust-folder", "three", url=api.url).stdout == "Three.\n"
    assert sung.exists(), "the canary can sing"


@pytest.mark.behaviour("B-1191")
def test_what_a_hook_says_at_the_start_is_told_once_and_stays(place: Place, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    settings(place, {"SessionStart": [group(keeps(seen, "echo branch is main"), matcher="startup")]})
    with fake_api([turn("One."), turn("Two.")]) as api:
        place.coder("-p", "one", url=api.url)
        place.coder("-p", "-c", "two", url=api.url)
    api.check()
    assert said_to_model(api, 0).count("branch is main") == 1
    assert said_to_model(api, 1).count("branch is main") == 1
    (told,) = kept(seen)
    assert told["source"] == "startup" and told["hook_event_name"] == "SessionStart" and told["model"]


@pytest.mark.behaviour("B-1191")
def test_the_start_of_a_session_that_goes_on_is_another_one(place: Place, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    settings(place, {"SessionStart": [group(keeps(seen))]})
    with fake_api([turn("One."), turn("Two."), turn("Three.")]) as api:
        place.coder("-p", "one", url=api.url)
        place.coder("-p", "-c", "two", url=api.url)
        place.coder("-p", "-c", "--fork-session", "three", url=api.url)
    assert [told["source"] for told in kept(seen)] == ["startup", "resume", "fork"]


@pytest.mark.behaviour("B-1192")
def test_a_hook_adds_to_a_prompt_what_the_model_is_to_know(place: Place, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    settings(place, {"UserPromptSubmit": [group(keeps(seen, "echo it is Tuesday"))]})
    with fake_api([turn("One.")]) as api:
        assert place.coder("-p", "what day is it", url=api.url).stdout == "One.\n"
    assert "it is Tuesday" in said_to_model(api)
    (told,) = kept(seen)
    assert told["prompt"] == "what day is it" and told["permission_mode"] == "default" and told["prompt_id"]


@pytest.mark.behaviour("B-1192")
@pytest.mark.parametrize(
    "says_no", ["echo 'no secrets here' >&2; exit 2", says({"decision": "block", "reason": "no secrets here"})]
)
def test_a_prompt_that_a_hook_blocks_is_not_sent(place: Place, says_no: str) -> None:
    settings(place, {"UserPromptSubmit": [group(says_no)]})
    with fake_api([turn("Never.")]) as api:
        done = place.coder("-p", "my password is hunter2", url=api.url)
        as_json = place.coder("-p", "my password is hunter2", "--output-format", "json", url=api.url)
    assert api.requests == [] and (done.code, done.stdout) == (1, "")
    assert done.stderr == "coder: The prompt was not sent. UserPromptSubmit hook: no secrets here\n"
    assert as_json.result["terminal_reason"] == "hook_stopped"
    assert not any("hunter2" in path.read_text() for path in place.transcripts())


@pytest.mark.behaviour("B-1192")
def test_a_command_that_a_hook_blocks_has_run_nothing_yet(place: Place, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    command = place.home / ".coder" / "commands" / "facts.md"
    command.parent.mkdir(parents=True)
    command.write_text(f"---\nallowed-tools: Bash(touch *)\n---\nWhat is this?\n!`touch {ran}`\n", encoding="utf-8")
    options = ("-p", "/facts", "--add-dir", str(tmp_path), "--permission-mode", "acceptEdits")
    settings(place, {"UserPromptSubmit": [group("echo 'not now' >&2; exit 2")]})
    with fake_api([turn("One.")]) as api:
        blocked = place.coder(*options, url=api.url)
        assert blocked.code == 1 and not ran.exists() and not api.requests
        settings(place, {})
        assert place.coder(*options, url=api.url).stdout == "One.\n" and ran.exists()


@pytest.mark.behaviour("B-1195")
def test_a_stop_hook_makes_the_run_go_on_until_it_is_content(place: Place, tmp_path: Path) -> None:
    seen, ok = tmp_path / "seen", tmp_path / "ok"
    hook = keeps(seen, f"test -e {ok} || {{ touch {ok}; echo 'run the tests' >&2; exit 2; }}")
    settings(place, {"Stop": [group(hook)]})
    with fake_api([turn("Done?"), turn("Now it is.")]) as api:
        done = place.coder("-p", "go", url=api.url)
    api.check()
    assert (done.code, done.stdout) == (
        0,
        "Now it is.\n",
    ) and "Stop hook: the run goes on, run the tests" in done.stderr
    assert "run the tests" in said_to_model(api)
    first, second = kept(seen)
    assert (first["stop_hook_active"], second["stop_hook_active"]) == (False, True)
    assert first["last_assistant_message"] == "Done?" and first["background_tasks"] == []


@pytest.mark.behaviour("B-1195")
def test_a_stop_hook_that_is_never_content_ends_the_run_unmet(place: Place) -> None:
    settings(place, {"Stop": [group("echo 'never good enough' >&2; exit 2")]})
    with fake_api([turn(f"Try {number}.") for number in range(4)]) as api:
        done = place.coder(
            *("-p", "go", "--output-format", "json"), url=api.url, env={"CLAUDE_CODE_STOP_HOOK_BLOCK_CAP": "2"}
        )
    assert len(api.requests) == 3 and done.code == 1
    assert done.result["terminal_reason"] == "stop_hook_prevented"
    assert "went on 2 times" in done.result["errors"][0] and "never good enough" in done.result["errors"][0]


@pytest.mark.behaviour("B-1195")
def test_a_run_that_failed_is_told_to_other_hooks_than_one_that_is_done(place: Place, tmp_path: Path) -> None:
    stopped, failed = tmp_path / "stopped", tmp_path / "failed"
    settings(place, {"Stop": [group(keeps(stopped))], "StopFailure": [group(keeps(failed), matcher="invalid_request")]})
    with fake_api([turn(fault=fault("status", 400))]) as api:
        done = place.coder("-p", "go", url=api.url)
    assert done.code != 0 and not stopped.exists()
    (told,) = kept(failed)
    assert told["error"] == "invalid_request" and told["error_details"]


@pytest.mark.behaviour("B-1197")
def test_stream_json_tells_of_the_hooks_of_the_start_and_on_request_of_all(place: Place) -> None:
    settings(
        place,
        {
            "SessionStart": [group("echo hello; echo oops >&2")],
            "PreToolUse": [group("exit 0", matcher="Bash")],
            "SessionEnd": [group("true")],
        },
    )

    def run(*flags: str) -> Done:
        with fake_api([turn(tool("Bash", command="ls")), turn("Done.")]) as api:
            return place.coder("-p", "go", "--output-format", "stream-json", *flags, url=api.url)

    def hooks(done: Done) -> list[tuple[str, str]]:
        found = [line for line in done.lines if str(line.get("subtype", "")).startswith("hook_")]
        return [(line["subtype"], line["hook_name"]) for line in found]

    start = [("hook_started", "SessionStart:startup"), ("hook_response", "SessionStart:startup")]
    assert hooks(run()) == start
    done = run("--verbose", "--include-hook-events")
    both = [*start, ("hook_started", "PreToolUse:Bash"), ("hook_response", "PreToolUse:Bash")]
    assert [each for each in hooks(done) if "SessionEnd" not in each[1]] == both
    assert ("hook_started", "SessionEnd:other") not in hooks(done)
    response = next(line for line in done.lines if line.get("subtype") == "hook_response")
    expected = {"hook_event": "SessionStart", "outcome": "success", "exit_code": 0, "stdout": "hello\n"}
    assert {key: response[key] for key in expected} == expected
    assert (response["stderr"], response["output"]) == ("oops\n", "hello\noops\n")
    assert done.lines[-1]["type"] == "result"


@pytest.mark.behaviour("B-1197")
def test_a_message_of_a_hook_reaches_whoever_looks_on(place: Place) -> None:
    settings(place, {"UserPromptSubmit": [group(says({"systemMessage": "quota at 90%"}))]})
    with fake_api([turn("One."), turn("Two.")]) as api:
        done = place.coder("-p", "go", "--output-format", "stream-json", url=api.url)
        text = place.coder("-p", "go", url=api.url)
    told = [line for line in done.lines if line.get("subtype") == "informational"]
    assert [(line["level"], line["content"]) for line in told] == [("warning", "UserPromptSubmit hook: quota at 90%")]
    assert "coder: UserPromptSubmit hook: quota at 90%" in text.stderr


@pytest.mark.behaviour("B-1198")
def test_variables_that_a_hook_leaves_reach_later_commands(place: Place, tmp_path: Path) -> None:
    lines = "\n".join(
        [
            'export STAGE="of $WHO"',
            "export PATH=$PATH:/opt/tools",
            "export SUBSTITUTED=$(touch " + str(tmp_path / "ran") + ")",
            "touch " + str(tmp_path / "ran"),
        ]
    )
    hook = f"cat >> \"$CLAUDE_ENV_FILE\" <<'END'\n{lines}\nEND"
    settings(place, {"SessionStart": [group(hook)]}, permissions={"allow": ["Bash(printenv *)"]})
    with fake_api([turn(tool("Bash", command="printenv STAGE PATH")), turn("Done.")]) as api:
        done = place.coder("-p", "go", url=api.url, env={"WHO": "ours"})
    said = said_to_model(api)
    assert "of ours" in said and ":/opt/tools" in said
    assert not (tmp_path / "ran").exists() and "2 lines in CLAUDE_ENV_FILE not used" in done.stderr


@pytest.mark.behaviour("B-1200")
def test_the_end_of_a_session_is_told(place: Place, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    settings(place, {"SessionEnd": [group(keeps(seen))]})
    with fake_api([turn("One.")]) as api:
        place.coder("-p", "one", url=api.url)
    (told,) = kept(seen)
    assert told["reason"] == "other"


@pytest.mark.behaviour("B-1200")
def test_an_interrupt_ends_the_hook_that_runs_and_the_session_all_the_same(place: Place, tmp_path: Path) -> None:
    started, seen, late = tmp_path / "started", tmp_path / "seen", tmp_path / "late"
    slow = f"touch {started}; sleep 1000; touch {late}"
    settings(place, {"UserPromptSubmit": [group(slow)], "SessionEnd": [group(keeps(seen))]})
    with fake_api([turn("Never.")]) as api:
        process = place.start("-p", "one", url=api.url)
        asyncio.run(until(started.exists))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (130, "") and api.requests == []
    assert "Traceback" not in err and len(kept(seen)) == 1 and not late.exists()
    alive = subprocess.run(["pgrep", "-f", str(late)], capture_output=True, check=False)
    assert alive.returncode == 1, "the hook is gone with all it started"


@pytest.mark.behaviour("B-1204")
def test_hooks_are_asked_before_a_compaction_and_told_after_it(place: Place, tmp_path: Path) -> None:
    before, after, starts = tmp_path / "before", tmp_path / "after", tmp_path / "starts"
    words = "A long answer about the tests. " * 200
    hooks: dict[str, list[Json]] = {
        "PreCompact": [group(keeps(before))],
        "PostCompact": [group(keeps(after))],
        "SessionStart": [group(keeps(starts, "echo 'the house rules'"), matcher="compact")],
    }
    settings(place, hooks)
    with fake_api([turn(words), turn(words), turn("What was said, in short."), turn("Three.")]) as api:
        for prompt in (("one",), ("-c", "two"), ("-c", "/compact the tests"), ("-c", "three")):
            assert place.coder("-p", *prompt, url=api.url).code == 0
    api.check()
    assert kept(before)[0]["trigger"] == "manual" and kept(before)[0]["custom_instructions"] == "the tests"
    assert "in short" in kept(after)[0]["compact_summary"]
    assert [told["source"] for told in kept(starts)] == ["compact"]
    assert said_to_model(api).count("the house rules") == 1


@pytest.mark.behaviour("B-1204")
def test_a_hook_keeps_a_conversation_from_being_compacted(place: Place) -> None:
    settings(place, {"PreCompact": [group("echo 'not in the middle of this' >&2; exit 2")]})
    with fake_api([turn("A long answer. " * 200), turn("Never.")]) as api:
        place.coder("-p", "one", url=api.url)
        done = place.coder("-p", "-c", "/compact", url=api.url)
    assert len(api.requests) == 1 and "not in the middle of this" in done.stdout + done.stderr


@pytest.mark.behaviour("B-1196")
def test_a_hook_that_runs_coder_does_not_call_itself_for_ever(place: Place, tmp_path: Path) -> None:
    """E02: recursion."""
    runs = tmp_path / "runs"
    with_key = "ANTHROPIC_API_KEY=sk-test"  # which hooks are not given
    again = f"echo x >> '{runs}'; {with_key} '{sys.executable}' -m coder -p deeper >/dev/null 2>>'{runs}'"
    settings(place, {"Stop": [group(again)]})
    with fake_api([turn(f"Answer {number}.") for number in range(8)]) as api:
        done = place.coder("-p", "go", url=api.url)
    assert done.stdout == "Answer 0.\n" and runs.read_text().count("x\n") == 3
    assert "Hooks are off: this session was started by a hook" in runs.read_text()


@pytest.mark.behaviour("B-1209")
def test_hooks_are_told_which_memory_files_the_model_reads(place: Place, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    settings(place, {"InstructionsLoaded": [group(keeps(seen), matcher="session_start")]})
    ours, theirs = place.home / ".coder" / "CLAUDE.md", place.project / "CLAUDE.md"
    ours.write_text("Be brief.\n")
    theirs.write_text("Use tabs.\n")
    with fake_api([turn("One.")]) as api:
        place.coder("-p", "one", url=api.url)
    told = {each["file_path"]: each["memory_type"] for each in kept(seen)}
    assert told == {str(ours): "User", str(theirs): "Project"}


@pytest.mark.behaviour("B-1198")
def test_the_key_reaches_a_hook_where_the_person_says_so_and_no_repository_can(place: Place, tmp_path: Path) -> None:
    seen, key = tmp_path / "seen", "sk-test-key-that-must-not-show"
    hook = group(f'echo "${{ANTHROPIC_API_KEY-none}}" >> {seen}')
    write(place.project / ".coder" / "settings.json", {"env": {"ANTHROPIC_API_KEY": "theirs"}})
    with fake_api([turn("One."), turn("Two.")]) as api:
        settings(place, {"Stop": [hook]})
        place.coder("-p", "one", url=api.url)
        settings(place, {"Stop": [hook]}, env={"ANTHROPIC_API_KEY": key})
        place.coder("-p", "two", url=api.url)
    assert seen.read_text().split() == ["none", key]
