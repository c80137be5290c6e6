from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import fake_api, fault, thinking, tool, turn

KEY = "sk-test-key-that-must-not-show"


@pytest.mark.behaviour("B-010")
def test_text_prints_the_answer_and_nothing_else(place: Place) -> None:
    with fake_api([turn(thinking("hm"), "A greeting.")]) as api:
        done = place.coder("-p", "what is this?", url=api.url)
    assert (done.code, done.stdout, done.stderr) == (0, "A greeting.\n", "")


@pytest.mark.behaviour("B-010")
def test_text_has_no_escape_byte_even_when_the_model_writes_one(place: Place) -> None:
    with fake_api([turn("\x1b[31mred\x1b[0m and \x07bell")]) as api:
        done = place.coder("-p", "x", url=api.url)
    assert done.stdout == "red and bell\n"


@pytest.mark.behaviour("B-011")
def test_json_is_one_result_object(place: Place) -> None:
    with fake_api([turn("Hello.")]) as api:
        done = place.coder("-p", "x", "--output-format", "json", url=api.url)
    result = json.loads(done.stdout)
    assert done.stderr == "" and done.code == 0
    assert result["type"] == "result" and result["subtype"] == "success" and result["is_error"] is False
    assert result["result"] == "Hello." and result["terminal_reason"] == "completed"
    assert result["num_turns"] == 1 and result["permission_denials"] == []
    assert result["total_cost_usd"] > 0 and result["usage"]["output_tokens"] > 0
    assert set(result["modelUsage"]) == {"claude-sonnet-5-5"}
    assert {"duration_ms", "duration_api_ms", "session_id", "uuid", "stop_reason"} <= set(result)


@pytest.mark.behaviour("B-012")
def test_stream_json_tells_the_run_in_order(place: Place) -> None:
    (place.project / "a.txt").write_text("first\nsecond\n", encoding="utf-8")
    path = str(place.project / "a.txt")
    with fake_api([turn(thinking("look"), "Reading.", tool("Read", file_path=path)), turn("It has two lines.")]) as api:
        done = place.coder("-p", "x", "--output-format", "stream-json", "--verbose", url=api.url)
    assert done.code == 0 and done.stderr == ""
    kinds = [line["type"] for line in done.lines]
    assert kinds == ["system", "assistant", "assistant", "assistant", "user", "assistant", "result"]
    init, *_ = done.lines
    assert init["subtype"] == "init" and init["cwd"] == str(place.project) and init["permissionMode"] == "default"
    assert {"Read", "Edit", "Write", "Glob", "Grep", "Bash"} <= set(init["tools"])
    thought, text, call = (line["message"]["content"][0] for line in done.lines[1:4])
    assert thought["type"] == "thinking" and thought["signature"]
    assert text == {"type": "text", "text": "Reading."}
    assert call["type"] == "tool_use" and call["name"] == "Read"
    assert len({line["message"]["id"] for line in done.lines[1:4]}) == 1
    answer = done.lines[4]
    assert answer["message"]["content"][0]["tool_use_id"] == call["id"]
    assert answer["tool_use_result"]["file"]["content"].startswith("first\nsecond")
    assert len({line["uuid"] for line in done.lines}) == len(done.lines)
    assert {line["session_id"] for line in done.lines} == {init["session_id"]}


@pytest.mark.behaviour("B-012")
def test_streamed_uuids_are_those_of_the_transcript(place: Place) -> None:
    with fake_api([turn("One.", tool("TodoWrite", todos=[])), turn("Two.")]) as api:
        done = place.coder("-p", "x", "--output-format", "stream-json", url=api.url)
    (transcript,) = place.transcripts()
    stored = {json.loads(line).get("uuid") for line in transcript.read_text(encoding="utf-8").splitlines()}
    streamed = {line["uuid"] for line in done.lines if line["type"] in ("assistant", "user")}
    assert streamed and streamed <= stored


@pytest.mark.behaviour("B-013")
def test_a_prompt_is_joined_with_what_is_piped_in(place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        done = place.coder("-p", "what is this?", url=api.url, stdin="piped words\n")
    sent = api.requests[0]["messages"][0]["content"][-1]["text"]
    assert done.code == 0 and done.stderr == "" and "piped words" in sent and "what is this?" in sent


@pytest.mark.behaviour("B-013")
@pytest.mark.parametrize("args", [("-p",), ("-p", "-")])
def test_the_prompt_may_come_from_standard_input_alone(args: tuple[str, ...], place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        done = place.coder(*args, url=api.url, stdin="only this\n")
    assert done.code == 0 and api.requests[0]["messages"][0]["content"][-1]["text"] == "only this"


@pytest.mark.behaviour("B-014")
def test_h1_an_open_pipe_that_never_closes_does_not_hold_up_the_run(place: Place) -> None:
    read, write = os.pipe()
    with fake_api([turn("ok")]) as api:
        with os.fdopen(read) as stdin:
            process = place.start("-p", "x", url=api.url, stdin=stdin)
        out, _ = process.communicate(timeout=DEADLINE)
    os.close(write)
    assert process.returncode == 0 and out == "ok\n"


def test_without_a_prompt_and_without_input_it_says_what_is_missing(place: Place) -> None:
    done = place.coder("-p", url="http://127.0.0.1:9")
    assert done.code == 2 and "Input must be provided either through stdin or as a prompt argument" in done.stderr


def test_more_than_ten_megabytes_of_input_is_refused_with_what_to_do(place: Place) -> None:
    done = place.coder("-p", "x", url="http://127.0.0.1:9", stdin="x" * 10_500_000)
    assert done.code == 2 and "10 MB" in done.stderr and "file" in done.stderr


@pytest.mark.behaviour("B-015")
def test_h2_a_call_nobody_can_allow_is_denied_and_the_flag_is_named(place: Place) -> None:
    command = "python3 -m pytest -q > seen.txt"
    with fake_api([turn(tool("Bash", command=command)), turn("I could not.")]) as api:
        done = place.coder("-p", "run the tests", url=api.url)
    assert done.code == 77 and done.stdout == "I could not.\n"
    assert done.stderr.startswith(f"coder: not allowed: Bash {command} (nobody to ask; ")
    assert '--allowedTools "Bash(python3 -m pytest *)"' in done.stderr and done.stderr.count("\n") == 1
    assert list(place.project.iterdir()) == []
    told = api.requests[1]["messages"][-1]["content"][0]
    assert told["is_error"] is True and "permission" in told["content"][0]["text"]


@pytest.mark.behaviour("B-015")
def test_denials_are_listed_in_the_result(place: Place) -> None:
    with fake_api([turn(tool("Bash", command="rm -rf logs", id="toolu_1")), turn("no")]) as api:
        done = place.coder("-p", "x", "--output-format", "stream-json", url=api.url)
    assert done.code == 77 and done.stderr == ""
    expected = {"tool_name": "Bash", "tool_use_id": "toolu_1", "tool_input": {"command": "rm -rf logs"}}
    assert done.result["permission_denials"] == [expected]
    assert [line["subtype"] for line in done.lines if line["type"] == "system"] == ["init", "permission_denied"]


def test_a_later_turn_that_worked_ends_with_zero(place: Place) -> None:
    script = [turn(tool("Bash", command="rm -rf x")), turn(tool("Bash", command="echo fine")), turn("done")]
    with fake_api(script) as api:
        assert place.coder("-p", "x", url=api.url).code == 0


@pytest.mark.behaviour("B-016")
def test_h3_an_unknown_slash_command_is_a_usage_error(place: Place) -> None:
    done = place.coder("-p", "/nope", url="http://127.0.0.1:9")
    assert done.code == 2 and done.stdout == "" and "Unknown command: /nope" in done.stderr


@pytest.mark.behaviour("B-017")
def test_h4_an_empty_reply_is_never_a_silent_success(place: Place) -> None:
    empty = turn(stop_reason="end_turn", repeat=2)
    with fake_api([empty]) as api:
        done = place.coder("-p", "x", url=api.url)
    assert done.code == 1 and done.stdout == "" and "empty reply" in done.stderr
    assert len(api.requests) == 2


@pytest.mark.behaviour("B-018")
def test_h8_line_separators_and_split_characters_survive(place: Place) -> None:
    words = "a\u2028b\u2029c 日本語 🎉\r\nend"
    with fake_api([turn(words, delta=1)]) as api:
        done = place.coder("-p", "x", "--output-format", "stream-json", url=api.url)
    assert done.result["result"] == words
    assert "\u2028" not in done.stdout and "\ufffd" not in done.stdout


@pytest.mark.behaviour("B-020")
def test_turn_limit_is_an_error_result(place: Place) -> None:
    with fake_api([turn(tool("Bash", command="echo again"), repeat=5)]) as api:
        done = place.coder("-p", "x", "--max-turns", "2", "--output-format", "json", url=api.url)
    assert done.code == 1 and len(api.requests) == 2
    assert done.result["subtype"] == "error_max_turns" and done.result["terminal_reason"] == "max_turns"
    again = (
        f'coder -p -r {done.result["session_id"]} "go on"'  # not the last session of the folder, which may be another
    )
    assert done.result["errors"] == [f"Reached maximum number of turns (2). Go on with: {again}"]


@pytest.mark.behaviour("B-021")
def test_time_budget_ends_with_124_and_kills_what_runs(place: Place) -> None:
    with fake_api([turn(tool("Bash", command="sleep 300"))]) as api:
        done = place.coder("-p", "x", "--time-budget", "1.5", "--output-format", "json", url=api.url)
    assert done.code == 124 and done.result["is_error"] is True and "time budget" in done.result["errors"][0]


@pytest.mark.behaviour("B-022")
def test_without_a_key_it_says_which_variable_to_set(place: Place) -> None:
    env = {"HTTPS_PROXY": "http://127.0.0.1:9"}
    done = place.coder("-p", "x", env=env)
    assert done.code == 4 and done.stdout == "" and "ANTHROPIC_API_KEY" in done.stderr


@pytest.mark.behaviour("B-022")
def test_a_refused_key_is_reported_and_never_shown(place: Place) -> None:
    with fake_api([turn(fault=fault("status", 401, message=f"invalid key {KEY}", times=2))]) as api:
        text = place.coder("-p", "x", url=api.url)
        done = place.coder("-p", "x", "--output-format", "stream-json", url=api.url)
    assert text.code == done.code == 4
    assert KEY not in text.stdout + text.stderr + done.stdout + done.stderr
    assert all(KEY not in path.read_text(encoding="utf-8") for path in place.transcripts())
    assert done.result["subtype"] == "success" and done.result["is_error"] is True
    assert done.result["terminal_reason"] == "api_error" and done.result["api_error_status"] == 401
    assert done.lines[-1]["type"] == "result"


@pytest.mark.behaviour("B-023")
def test_nobody_listening_is_said_within_seconds(place: Place) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    done = place.coder("-p", "x", url=url)
    assert done.code == 4 and "127.0.0.1" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["-p", "x", "--modle", "y"], "Did you mean --model?"),
        (["-p", "x", "--max-turns", "0"], "whole number from 1"),
        (["-p", "x", "--permission-mode", "yolo"], "invalid choice"),
        (["-p", "x", "--cwd", "/no/such/folder"], "/no/such/folder"),
        (["-p", "x", "--add-dir", "/no/such/folder"], "/no/such/folder"),
        (["-p", "x", "--settings", "{broken"], "settings"),
        (["-p", "two", "prompts"], "quotes"),
        (["-p", "--allowedTools", "Read", "fix the tests"], "Put the prompt before"),
        (["dmo"], "Did you mean coder demo?"),
        ([], "coder -p"),
    ],
)
@pytest.mark.behaviour("B-024")
def test_bad_usage_is_one_line_and_exit_code_2(place: Place, args: list[str], words: str) -> None:
    done = place.coder(*args, url="http://127.0.0.1:9")
    assert done.code == 2 and words in done.stderr and done.stdout == ""
    assert done.stderr.startswith("coder: ") and done.stderr.count("\n") == 1


@pytest.mark.behaviour("B-507")
def test_resume_that_names_no_session_says_which_there_are(place: Place) -> None:
    for args in (["-p", "-r"], ["-p", "x", "-r"], ["-p", "x", "-c"]):
        done = place.coder(*args)
        assert (done.code, done.stderr.count("\n")) == (1, 1) and "no session in this folder" in done.stderr, args
    with fake_api([turn("ok")]) as api:
        place.coder("-p", "fix the cart", url=api.url)
    done = place.coder("-p", "-r")
    assert done.code == 2 and done.stderr.startswith("coder: Which session? ") and "fix the cart" in done.stderr


@pytest.mark.behaviour("B-025")
def test_system_prompts_replace_and_append(place: Place) -> None:
    with fake_api([turn("ok", repeat=3)]) as api:
        place.coder("-p", "x", "--system-prompt", "Only this.", "--append-system-prompt", "And that.", url=api.url)
        place.coder("-p", "x", "--system-prompt", "", url=api.url)
        place.coder("-p", "x", "--append-system-prompt", "And that.", url=api.url)
    systems = [[block["text"] for block in body.get("system", [])] for body in api.requests]
    assert systems[0] == ["Only this.", "And that."] and systems[1] == []
    assert systems[2][-1] == "And that." and systems[2][0].startswith("You are coder")


@pytest.mark.behaviour("B-026")
def test_disallowed_tools_are_not_even_offered(place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        place.coder("-p", "x", "--disallowedTools", "Bash,Write", url=api.url)
    names = {each["name"] for each in api.requests[0]["tools"]}
    assert "Read" in names and not names & {"Bash", "Write"}


@pytest.mark.behaviour("B-027")
def test_starting_changes_nothing_on_disk_but_transcript_and_ledger(place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        place.coder("-p", "x", url=api.url)
    (transcript,) = place.transcripts()
    ledger = place.home / ".coder" / "ledger"
    written = {path for path in place.home.rglob("*") if path.is_file() and not path.is_relative_to(ledger)}
    assert {path for path in written if path.suffix != ".lock"} == {transcript}
    assert list(place.project.iterdir()) == []
    assert transcript.stat().st_mode & 0o777 == 0o600
    assert (place.home / ".coder").stat().st_mode & 0o777 == 0o700


@pytest.mark.behaviour("B-027")
def test_no_session_persistence_writes_nothing_at_all(place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        done = place.coder("-p", "x", "--no-session-persistence", url=api.url)
    assert done.code == 0 and list(place.home.iterdir()) == [] and list(place.project.iterdir()) == []


@pytest.mark.behaviour("B-028")
def test_continue_goes_on_with_the_last_conversation(place: Place) -> None:
    with fake_api(
        [turn(thinking("so"), "First.", tool("TodoWrite", todos=[])), turn("Second."), turn("Third.")]
    ) as api:
        place.coder("-p", "one", url=api.url)
        done = place.coder("-p", "two", "-c", url=api.url)
    assert done.code == 0 and done.stdout == "Third.\n"
    assert len(place.transcripts()) == 1
    roles = [message["role"] for message in api.requests[-1]["messages"]]
    assert roles == ["user", "assistant", "user", "assistant", "user"]


@pytest.mark.behaviour("B-029")
def test_parallel_reads_are_answered_in_order(place: Place) -> None:
    for name in "abcd":
        (place.project / name).write_text(name * 3, encoding="utf-8")
    calls = [tool("Read", file_path=str(place.project / name), id=f"toolu_{name}") for name in "dbca"]
    with fake_api([turn(*calls), turn("ok")]) as api:
        assert place.coder("-p", "x", url=api.url).code == 0
    results = api.requests[1]["messages"][-1]["content"]
    assert [block["tool_use_id"] for block in results] == ["toolu_d", "toolu_b", "toolu_c", "toolu_a"]
    assert ["ddd" in block["content"][0]["text"] for block in results] == [True, False, False, False]


@pytest.mark.behaviour("B-030")
def test_four_cache_marks_at_the_places_that_pay(place: Place) -> None:
    script = [turn(tool("Bash", command="echo one")), turn(tool("Bash", command="echo two")), turn("ok")]
    with fake_api(script) as api:
        place.coder("-p", "x", url=api.url)
    last = api.requests[2]
    marked = [
        (number, index)
        for number, message in enumerate(last["messages"])
        for index, block in enumerate(message["content"])
        if "cache_control" in block
    ]
    assert "cache_control" in last["system"][-1]
    assert marked == [(0, 0), (2, 0), (4, 0)]


def test_installed_as_a_console_script(place: Place) -> None:
    script = Path(sys.executable).parent / "coder"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0].count(".") == 2


@pytest.mark.behaviour("B-022")
def test_the_debug_log_is_written_on_request_and_holds_no_key(place: Place) -> None:
    with fake_api([turn(tool("Bash", command="echo hi")), turn("ok")]) as api:
        done = place.coder("-p", "x", url=api.url, env={"CODER_DEBUG": "1"})
    (log,) = (place.home / ".coder" / "debug").iterdir()
    assert done.code == 0 and done.stderr == "" and KEY not in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.behaviour("B-009")
def test_a_denied_file_reaches_the_model_by_no_tool(place: Place) -> None:
    (place.project / ".env").write_text("TOKEN=hidden-value-1\n", encoding="utf-8")
    (place.project / "app.py").write_text("TOKEN = read('TOKEN')\n", encoding="utf-8")
    env = str(place.project / ".env")
    calls = [
        tool("Grep", pattern="TOKEN", output_mode="content"),
        tool("Grep", pattern="TOKEN", path=env, output_mode="content"),
        tool("Read", file_path=env),
        tool("Bash", command="cat .env"),
        tool("Bash", command="cat < .env"),
        tool("Edit", file_path=env, old_string="TOKEN=x", new_string="y"),
    ]
    settings = '{"permissions": {"deny": ["Read(.env)"]}}'
    with fake_api([turn(*calls), turn("ok")]) as api:
        done = place.coder("-p", "x", "--settings", settings, "--output-format", "stream-json", url=api.url)
    (transcript,) = place.transcripts()
    assert done.code == 0 and "app.py:1:TOKEN" in done.stdout
    for text in (json.dumps(api.requests), done.stdout, transcript.read_text(encoding="utf-8")):
        assert "hidden-value-1" not in text


@pytest.mark.behaviour("B-015")
def test_plan_mode_reads_but_changes_nothing_and_the_plan_becomes_the_answer(place: Place) -> None:
    script = [
        turn(tool("EnterPlanMode")),
        turn(tool("Bash", command="ls"), tool("Bash", command="touch made"), tool("Write", file_path="/x", content="")),
        turn(tool("ExitPlanMode", plan="1. Make the file.")),
        turn("The plan: 1. Make the file."),
    ]
    with fake_api(script) as api:
        done = place.coder("-p", "x", "--allowedTools", "Bash(touch *)", url=api.url)
    assert done.stdout == "The plan: 1. Make the file.\n" and list(place.project.iterdir()) == []
    assert done.stderr.count("not allowed") == 3 and "plan" in done.stderr
    errors = [b.get("is_error", False) for b in api.requests[2]["messages"][-1]["content"]]
    assert errors == [False, True, True]


def test_a_question_without_anybody_to_answer_is_left_to_the_model(place: Place) -> None:
    options = [{"label": "Tabs", "description": "t"}, {"label": "Spaces", "description": "s"}]
    question = {"question": "Tabs or spaces?", "header": "Style", "options": options, "multiSelect": False}
    with fake_api([turn(tool("AskUserQuestion", questions=[question])), turn("Spaces, as in the rest.")]) as api:
        done = place.coder("-p", "x", url=api.url)
    told = api.requests[1]["messages"][-1]["content"][0]
    assert done.code == 0 and done.stderr == "" and "is_error" not in told
    assert "nobody" in told["content"][0]["text"].lower()


@pytest.mark.behaviour("B-019")
@pytest.mark.parametrize("args", [["--help"], ["--version"], ["demo"], ["-p", "x"]])
def test_no_command_complains_when_its_reader_has_left(place: Place, args: list[str]) -> None:
    with fake_api([turn("an answer")]) as api:
        process = place.start(*args, url=api.url)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        error = process.stderr.read()
        process.stderr.close()
        process.wait(DEADLINE)
    assert error == ""
