"""Every fault the fake API can inject, end to end: none loses a message, runs a tool twice, or prints a traceback."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.cli import Done, Place
from tests.support.fakeapi import RunningApi, fake_api, fault, thinking, tool, turn

COUNTING = "echo ran >> runs.txt"


def run(place: Place, api: RunningApi, *more: str, **options: Any) -> Done:
    return place.coder(
        "-p", "do it", "--permission-mode", "bypassPermissions", "--output-format", "stream-json", *more,
        url=api.url, **options,
    )  # fmt: skip


def runs(place: Place) -> int:
    file = place.project / "runs.txt"
    return file.read_text(encoding="utf-8").count("ran") if file.exists() else 0


def script(broken: dict[str, Any]) -> list[dict[str, Any]]:
    """A run whose second request meets the fault: after a tool has run, and in the middle of a reply with a call."""
    return [
        turn("Running it.", tool("Bash", command=COUNTING)),
        turn(thinking("Now again."), "And once more.", tool("Bash", command=COUNTING), fault=broken),
        turn("Done."),
    ]


RETRIED = {
    "429 with Retry-After": fault("status", 429, retry_after=0.2),
    "529": fault("status", 529, times=2),
    "500": fault("status", 500),
    "502": fault("status", 502, body="<html>bad gateway</html>"),
    "503": fault("status", 503),
    "an error event in the middle": fault("error_event", after=6),
    "a cut after some events": fault("cut", after=9),
    "a cut inside the tool input": fault("cut", after=15),
    "a cut at a byte": fault("cut", at_byte=700),
    "a cut before the headers": fault("cut", before_headers=True),
    "a reset connection": fault("cut", after=4, reset=True),
    "no message_stop": fault("no_message_stop"),
    "events out of order": fault("out_of_order"),
}


@pytest.mark.behaviour("B-031")
@pytest.mark.parametrize("name", RETRIED)
def test_a_passing_fault_is_retried_and_nothing_runs_twice(place: Place, name: str) -> None:
    with fake_api(script(RETRIED[name])) as api:
        done = run(place, api)
    retries = [line for line in done.lines if line.get("subtype") == "api_retry"]
    assert done.code == 0 and done.stderr == "" and done.result["result"] == "Done."
    assert runs(place) == 2
    assert len(retries) == RETRIED[name].get("times", 1)
    assert retries[0]["attempt"] == 1 and retries[0]["retry_delay_ms"] >= 0
    texts = [
        b["text"]
        for line in done.lines
        if line["type"] == "assistant"
        for b in line["message"]["content"]
        if "text" in b
    ]
    assert texts == ["Running it.", "And once more.", "Done."]
    bodies = api.requests
    assert bodies[1] == bodies[2]


HARMLESS = {
    "unknown events, deltas and blocks": fault("unknown_events"),
    "a flood of pings": fault("ping_flood", count=3000),
    "a slow drip": fault("drip", bytes=64),
    "a huge event": fault("huge_event", size=2_000_000),
}


@pytest.mark.behaviour("B-032")
@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_only_odd_is_lived_with(place: Place, name: str) -> None:
    with fake_api(script(HARMLESS[name])) as api:
        done = run(place, api)
    assert done.code == 0 and done.stderr == "" and done.result["result"] == "Done."
    assert runs(place) == 2
    assert not [line for line in done.lines if line.get("subtype") == "api_retry"]


FATAL = {
    "400": (fault("status", 400, message="messages: something is off"), 1, "something is off"),
    "401": (fault("status", 401), 4, "ANTHROPIC_API_KEY"),
    "403": (fault("status", 403), 4, "403"),
    "404": (fault("status", 404), 1, "model"),
    "413": (fault("status", 413), 1, ""),
    "a captive portal": (fault("html"), 4, ""),
    "a redirect": (fault("redirect", location="http://127.0.0.2:9/v1/messages"), 4, "127.0.0.2"),
    "garbage that says gzip": (fault("gzip_garbage"), 4, ""),
}


@pytest.mark.behaviour("B-033")
@pytest.mark.parametrize("name", FATAL)
def test_what_a_retry_cannot_mend_is_said_at_once_and_the_session_goes_on(place: Place, name: str) -> None:
    broken, code, words = FATAL[name]
    with fake_api(script(broken)) as api:
        done = run(place, api)
        again = run(place, api, "-c")
    assert done.code == code and done.stderr == "" and "Traceback" not in done.stdout
    assert done.result["is_error"] is True and words in done.result["result"]
    assert done.lines[-1]["type"] == "result"
    assert again.code == 0 and runs(place) == 2
    results = [b for m in api.requests[-1]["messages"] for b in m["content"] if b["type"] == "tool_result"]
    assert len(results) == 2


@pytest.mark.behaviour("B-034")
def test_overload_to_the_end_is_exit_code_4_and_keeps_the_prompt(place: Place) -> None:
    with fake_api([turn(fault=fault("status", 529, times=3)), turn("back")]) as api:
        done = run(place, api, env={"CLAUDE_CODE_MAX_RETRIES": "2"})
        again = run(place, api, "-c")
    assert done.code == 4 and done.result["api_error_status"] == 529
    assert again.result["result"] == "back"
    prompts = [b["text"] for b in api.requests[-1]["messages"][0]["content"]]
    assert prompts.count("do it") == 2


@pytest.mark.behaviour("B-035")
def test_a_rate_limit_too_long_to_wait_for_stops_with_75(place: Place) -> None:
    with fake_api([turn("later", fault=fault("status", 429, retry_after=3600))]) as api:
        done = run(place, api)
        again = run(place, api, "-c")
    assert done.code == 75 and len(api.requests) == 2
    assert done.result["api_error_status"] == 429 and again.result["result"] == "later"


@pytest.mark.behaviour("B-036")
def test_silence_is_noticed_and_retried(place: Place) -> None:
    settings = '{"coder": {"idleTimeout": 1}}'
    with fake_api(
        [turn("half of it", fault=fault("stall", after=3)), turn(fault=fault("stall", before_headers=True)), turn("ok")]
    ) as api:
        done = run(place, api, "--settings", settings)
    assert done.code == 0 and done.result["result"] in ("half of it", "ok")
    assert [line for line in done.lines if line.get("subtype") == "api_retry"]


@pytest.mark.behaviour("B-037")
def test_malformed_tool_json_is_answered_and_never_run(place: Place) -> None:
    broken = [turn(tool("Bash", command=COUNTING), fault=fault("malformed_json")), turn("I see.")]
    with fake_api(broken) as api:
        done = run(place, api)
    answer = api.requests[1]["messages"][-1]["content"][0]
    assert done.code == 0 and runs(place) == 0
    assert answer["is_error"] is True and "not valid JSON" in answer["content"][0]["text"]


@pytest.mark.behaviour("B-037")
def test_malformed_tool_json_again_and_again_stops_the_run(place: Place) -> None:
    with fake_api([turn(tool("Bash", command=COUNTING), fault=fault("malformed_json", times=9), repeat=9)]) as api:
        done = run(place, api)
    assert done.code == 1 and len(api.requests) == 3 and runs(place) == 0
    assert done.result["terminal_reason"] == "malformed_tool_use_exhausted"


@pytest.mark.behaviour("B-038")
def test_a_call_cut_by_the_output_limit_is_not_run_and_the_model_goes_on(place: Place) -> None:
    script = [turn("Now", tool("Bash", command=COUNTING), fault=fault("unfinished_json")), turn("Done.")]
    with fake_api(script) as api:
        done = run(place, api)
    assert done.code == 0 and runs(place) == 0 and done.result["result"] == "Done."
    assert "output limit" in api.requests[1]["messages"][-1]["content"][-1]["text"]


@pytest.mark.behaviour("B-039")
def test_an_unknown_tool_and_wrong_fields_are_explained_to_the_model(place: Place) -> None:
    script = [turn(tool("Teleport", to="x"), tool("Read", path="a"), tool("Bash", command=7)), turn("Sorry.")]
    with fake_api(script) as api:
        done = run(place, api)
    texts = [block["content"][0]["text"] for block in api.requests[1]["messages"][-1]["content"]]
    assert done.code == 0
    assert "There is no tool 'Teleport'" in texts[0] and "Read" in texts[0]
    assert "file_path" in texts[1] and "path" in texts[1]
    assert "command" in texts[2]


@pytest.mark.behaviour("B-040")
def test_repeated_call_ids_are_each_run_once(place: Place) -> None:
    script = [
        turn(tool("Bash", command=COUNTING, id="toolu_same")),
        turn(tool("Bash", command=COUNTING, id="toolu_same")),
        turn("Done."),
    ]
    with fake_api(script) as api:
        done = run(place, api)
    ids = [b["id"] for m in api.requests[-1]["messages"] for b in m["content"] if b["type"] == "tool_use"]
    assert done.code == 0 and runs(place) == 2 and len(set(ids)) == 2


@pytest.mark.behaviour("B-041")
@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ({"stop_reason": "refusal"}, 1, "error_during_execution"),
        ({"stop_reason": "model_context_window_exceeded"}, 1, "error_during_execution"),
        ({"stop_reason": "some_new_reason"}, 0, "success"),
    ],
)
def test_every_stop_reason_has_an_end(place: Place, options: dict[str, str], code: int, reason: str) -> None:
    with fake_api([turn("Well.", **options)]) as api:
        done = run(place, api)
    assert done.code == code and done.result["subtype"] == reason


@pytest.mark.behaviour("B-041")
def test_a_paused_turn_is_sent_back_as_it_is(place: Place) -> None:
    with fake_api([turn("Thinking about it", stop_reason="pause_turn"), turn(" and done.")]) as api:
        done = run(place, api)
    assert done.code == 0
    assert api.requests[1]["messages"][-1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "Thinking about it", "cache_control": {"type": "ephemeral"}}],
    }


@pytest.mark.behaviour("B-042")
def test_usage_nobody_can_add_up_does_not_stop_a_run(place: Place) -> None:
    with fake_api([turn("ok", usage=None), turn("x")]) as api:
        done = run(place, api)
    assert done.code == 0 and done.result["usage"]["input_tokens"] == 0


@pytest.mark.behaviour("B-043")
def test_an_unknown_model_costs_unknown_never_zero(place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        done = run(place, api, "--model", "qwen3-coder")
    assert done.code == 0 and done.result["total_cost_usd"] is None
    assert "thinking" not in api.requests[0] and api.requests[0]["model"] == "qwen3-coder"
