"""What a run says of itself: evidence, claims without it, and the check that must succeed before it ends."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import DEADLINE, Done, Place
from tests.support.fakeapi import RunningApi, fake_api, tool, turn
from tests.support.processes import is_alive

ALL = ("--permission-mode", "bypassPermissions")
REPORT = "============ {} in 0.01s ============"
TESTS = "./run-tests"  # stands for a runner: prints the next of its reports


def place_tests(place: Place, *reports: str, code: int = 0) -> None:
    """A script that gives these reports, one a run, the last one again and again."""
    for number, report in enumerate(reports, 1):
        (place.project / f".report{number}").write_text(REPORT.format(report) + "\n", encoding="utf-8")
    script = place.project / TESTS
    script.write_text(
        "#!/bin/sh\nn=$(($(cat .count 2>/dev/null || echo 0) + 1)); echo $n > .count\n"
        f'[ -e .report$n ] || n={len(reports)}\ncat .report$n\ngrep -q "failed" .report$n && exit 1\nexit {code}\n',
        encoding="utf-8",
    )
    script.chmod(0o755)


def run(place: Place, api: RunningApi, *args: str, form: str = "json", **options: Any) -> Done:
    return place.coder("-p", "go", *ALL, "--output-format", form, *args, url=api.url, **options)


def said(api: RunningApi) -> list[str]:
    """The last message of each request, as text."""
    found = []
    for request in api.requests:
        content = request["messages"][-1]["content"]
        found.append(content if isinstance(content, str) else "".join(b.get("text", "") for b in content))
    return found


def call() -> dict[str, Any]:
    return tool("Bash", command=TESTS)


def write(place: Place, name: str, text: str = "x = 1\n") -> dict[str, Any]:
    return tool("Write", file_path=str(place.project / name), content=text)


@pytest.mark.behaviour("B-1215")
@pytest.mark.parametrize("form", ["text", "json", "stream-json"])
def test_a_run_that_ran_and_changed_nothing_has_no_evidence(place: Place, form: str) -> None:
    with fake_api([turn("Hello.")]) as api:
        done = run(place, api, form=form)
    assert (done.code, done.stderr) == (0, "")
    assert form == "text" or "evidence" not in done.result


@pytest.mark.behaviour("B-1216")
def test_a_result_says_what_ran_how_it_ended_and_what_changed(place: Place) -> None:
    (place.project / "old.py").write_text("x = 1\n", encoding="utf-8")
    place_tests(place, "1 failed, 11 passed", "12 passed, 2 skipped")
    steps = [
        turn(call()),
        turn(write(place, "new.py")),
        turn(tool("Bash", command="sed -i s/1/2/ old.py; rm -f nothing; grep -q nothing old.py")),
        turn(tool("Bash", command="exit 3")),
        turn(call()),
        turn("All tests pass."),
    ]
    with fake_api(steps) as api:
        evidence = run(place, api).result["evidence"]
    assert [(ran["command"], ran["code"], ran["is_failure"]) for ran in evidence["ran"]] == [
        (TESTS, 1, True),
        ("sed -i s/1/2/ old.py; rm -f nothing; grep -q nothing old.py", 1, False),
        ("exit 3", 3, True),
        (TESTS, 0, False),
    ]
    assert evidence["tests"] == {"runner": "pytest", "passed": 12, "failed": 0, "skipped": 2}
    assert sorted(evidence["changed"]) == [".count", "new.py", "old.py"]
    assert (evidence["commands"], evidence["failures"], evidence["files"]) == (4, 2, 3)
    assert (evidence["before"], evidence["checked"]) == (None, None)
    assert evidence["doubts"] == ["more tests are skipped: 2, was none before (./run-tests)"]


@pytest.mark.behaviour("B-1217")
def test_a_claim_without_a_run_is_challenged_once_and_then_doubted(place: Place) -> None:
    with fake_api([turn("Done. All tests pass."), turn("As I said, all tests pass.")]) as api:
        done = run(place, api, form="text")
        (_, challenge) = said(api)
    assert challenge == (
        "Your answer says that the tests pass, but coder saw no test run: run it and look, or give your whole final "
        "answer again without saying so."
    )
    assert (done.code, done.stdout) == (0, "As I said, all tests pass.\n")
    assert done.stderr == "coder: ! The answer says the tests pass: coder saw no test run.\n"


@pytest.mark.behaviour("B-1217")
def test_an_answer_that_takes_its_claim_back_is_not_doubted(place: Place) -> None:
    with fake_api([turn("All tests pass."), turn("I have not run the tests.")]) as api:
        done = run(place, api, form="text")
    assert (done.code, done.stdout, done.stderr) == (0, "I have not run the tests.\n", "")


@pytest.mark.behaviour("B-1217")
def test_a_challenge_that_leads_to_a_run_is_settled_by_it(place: Place) -> None:
    place_tests(place, "12 passed")
    with fake_api([turn("All tests pass."), turn(call()), turn("I ran them: all 12 tests pass.")]) as api:
        done = run(place, api, form="text")
    assert (done.code, done.stderr) == (0, "coder: Seen: 1 command · pytest 12 passed · 1 file changed\n")


@pytest.mark.behaviour("B-1218")
def test_a_claim_that_a_run_bears_out_is_left_alone(place: Place) -> None:
    place_tests(place, "12 passed")
    with fake_api([turn(write(place, "a.py")), turn(call()), turn("All tests pass.")]) as api:
        done = run(place, api)
    assert done.result["result"] == "All tests pass." and done.result["evidence"]["doubts"] == []


@pytest.mark.behaviour("B-1219")
@pytest.mark.parametrize(
    ("reports", "after", "fact"),
    [
        (["2 failed, 10 passed"], None, "the last test run failed (./run-tests: 2 failed, 10 passed)"),
        (["no tests ran"], None, "the last test run tested nothing (./run-tests)"),
        (["12 passed"], "late.py", "late.py changed after the last test run"),
    ],
)
def test_a_claim_that_a_run_contradicts_is_challenged(
    place: Place, reports: list[str], after: str | None, fact: str
) -> None:
    place_tests(place, *reports)
    steps = [turn(call()), *([turn(write(place, after))] if after else []), turn("All tests pass."), turn("So it is.")]
    with fake_api(steps) as api:
        run(place, api)
        assert said(api)[-1].startswith(f"Your answer says that the tests pass, but {fact}: run it")


@pytest.mark.behaviour("B-1220")
def test_tests_are_told_against_the_run_before_and_fewer_of_them_is_a_doubt(place: Place) -> None:
    (place.project / "test_a.py").write_text("def test(): ...\n", encoding="utf-8")
    place_tests(place, "12 passed", "10 passed")
    steps = [turn(call()), turn("One."), turn(tool("Bash", command=f"rm test_a.py; {TESTS}")), turn("Two.")]
    with fake_api(steps) as api:
        first = run(place, api, form="text")
        second = place.coder("-p", "-c", "again", *ALL, "--output-format", "json", url=api.url)
    assert first.stderr == "coder: Seen: 1 command · pytest 12 passed · 1 file changed\n"
    assert "1 test file was deleted: test_a.py" in second.result["evidence"]["doubts"]


def check_script(place: Place, *codes: int) -> str:
    """A command that ends with these codes, one a run, the last one again and again."""
    listed = " ".join(map(str, codes))
    (place.project / "check.sh").write_text(
        'n=$(($(cat "$HOME/n" 2>/dev/null || echo 0) + 1)); echo $n > "$HOME/n"\n'
        f'set -- {listed}\n[ $n -gt $# ] && n=$#\nshift $((n - 1))\necho "check says $1"\nexit $1\n',
        encoding="utf-8",
    )
    return "sh check.sh"


@pytest.mark.behaviour("B-1221")
def test_a_run_goes_on_until_the_check_succeeds(place: Place) -> None:
    check = check_script(place, 2, 1, 0)
    with fake_api([turn("One."), turn(write(place, "a.py")), turn("Two."), turn("Three.")]) as api:
        done = run(place, api, "--check", check, form="text")
        reminders = [text for text in said(api) if "check says" in text]
    assert (done.code, done.stdout) == (0, "Three.\n")
    assert len(reminders) == 2
    assert "ended with exit code 2 (try 1 of 3):\nsh check.sh\n" in reminders[0] and "check says 2" in reminders[0]
    assert done.stderr.splitlines() == [
        "coder: Check failed: sh check.sh ended with exit code 2 (try 1 of 3)",
        "coder: Check failed: sh check.sh ended with exit code 1 (try 2 of 3)",
        "coder: Seen: no command ran · 1 file changed",
        "coder: ✓ Check passed: sh check.sh · 3 tries",
    ]


@pytest.mark.behaviour("B-1361")
@pytest.mark.parametrize("check", ["", " "])
def test_a_check_that_is_no_command_is_refused(place: Place, check: str) -> None:
    with fake_api([turn("Done.")]) as api:
        done = run(place, api, "--check", check, form="text")
        assert (done.code, done.stdout, api.requests) == (2, "", [])
    assert done.stderr == (
        "coder: --check is empty, so nothing would be checked. Give it a command, or leave it out.\n"
    )


@pytest.mark.behaviour("B-1222")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_check_that_never_succeeds_ends_the_run_with_an_error(place: Place, form: str) -> None:
    check = check_script(place, 7)
    with fake_api([turn("One."), turn("Two.")]) as api:
        done = run(place, api, "--check", check, "--check-tries", "2", form=form)
    assert done.code == 1
    (kept,) = place.transcripts()
    error = (
        "The check failed: sh check.sh ended with exit code 7 after 2 tries. Go on with: coder -r "
        f"{kept.stem}, or allow more tries with --check-tries 4."
    )
    if form == "text":
        assert done.stdout == "Two.\n"
        assert done.stderr.splitlines()[-2:] == [
            "coder: ✗ Check failed: sh check.sh · exit 7 · 2 tries",
            f"coder: {error}",
        ]
    else:
        result = done.result
        assert (result["subtype"], result["is_error"]) == ("error_during_execution", True)
        assert result["errors"] == [error]
        assert result["evidence"]["checked"] == {
            "command": "sh check.sh",
            "code": 7,
            "tries": 2,
            "tail": "check says 7",
            "is_late": False,
        }


@pytest.mark.behaviour("B-1223")
def test_a_check_of_the_settings_runs_only_where_something_changed(place: Place) -> None:
    settings = place.home / ".coder" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(f'{{"check": "{check_script(place, 0)}"}}', encoding="utf-8")
    with fake_api([turn("Nothing to do."), turn(write(place, "a.py")), turn("Done.")]) as api:
        assert "evidence" not in run(place, api).result
        assert run(place, api).result["evidence"]["checked"]["code"] == 0


@pytest.mark.behaviour("B-1224")
def test_a_passing_check_bears_out_a_claim_and_can_be_undone(place: Place) -> None:
    (place.project / "kept.txt").write_text("before\n", encoding="utf-8")
    with fake_api([turn("All tests pass.")]) as api:
        done = run(place, api, "--check", "echo after > kept.txt")
    assert done.result["evidence"]["doubts"] == [] and done.result["num_turns"] == 1
    assert (place.project / "kept.txt").read_text() == "after\n"
    back = place.coder("rewind", "1", "-y")
    assert (place.project / "kept.txt").read_text() == "before\n", back


@pytest.mark.behaviour("B-1225")
def test_a_check_can_be_interrupted_and_ends_with_all_it_started(place: Place) -> None:
    with fake_api([turn("Done.")]) as api:
        process = place.start(
            "-p", "go", "--output-format", "json", "--check", "echo $$ > pid; sleep 600 & wait", url=api.url
        )
        try:
            pid = written(place.project / "pid")
            process.send_signal(signal.SIGINT)
            stdout, _ = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
    assert process.returncode == 130 and '"terminal_reason":"aborted_streaming"' in stdout
    assert not is_alive(int(pid))


@pytest.mark.behaviour("B-1225")
def test_a_check_that_hangs_is_killed_and_said_so(place: Place) -> None:
    with fake_api([turn("One."), turn("Two.")]) as api:
        check = "echo $$ > pid; echo begun; sleep 600"
        late = {"CODER_CHECK_TIMEOUT_MS": "1500"}
        done = run(place, api, "--check", check, "--check-tries", "1", env=late)
    assert done.code == 1 and not is_alive(int(written(place.project / "pid")))
    how = "was not done within 1.5 seconds (CODER_CHECK_TIMEOUT_MS) and was killed after 1 try"
    assert done.result["errors"][0].startswith(f"The check failed: {check} {how}")
    checked = done.result["evidence"]["checked"]
    assert (checked["code"], checked["is_late"]) == (124, True) and checked["tail"].startswith("begun")


@pytest.mark.behaviour("B-1227")
def test_everything_that_was_seen_is_told_with_verbose(place: Place) -> None:
    with fake_api([turn(tool("Bash", command="exit 3")), turn("Hm.")]) as api:
        assert run(place, api, form="text").stderr == ""
    with fake_api([turn(tool("Bash", command="exit 3")), turn("Hm.")]) as api:
        lines = run(place, api, "--verbose", form="text").stderr.splitlines()
    assert lines[-1] == "coder: Seen: 1 command (1 failed: exit 3, exit 3)"


def written(path: Path) -> str:
    """What a file holds once there is a line in it."""
    deadline = time.monotonic() + DEADLINE
    while not path.exists() or not (text := path.read_text()).endswith("\n"):
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.01)
    return text
