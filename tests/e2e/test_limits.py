"""Budgets, rate limits and fallback models, end to end."""

from __future__ import annotations

import shlex
import signal
from typing import Any

import pytest

from tests.support.bills import price, rows, sent
from tests.support.cli import DEADLINE, Done, Place
from tests.support.fakeapi import RunningApi, fake_api, fault, rule, thinking, tool, turn

BYPASS = ("--permission-mode", "bypassPermissions")
QUICK = {"CLAUDE_CODE_MAX_RETRIES": "1"}
SONNET, OPUS = "claude-sonnet-5-5", "claude-opus-5-5"
CALL = tool("Bash", command="seq 3000")


def run(place: Place, api: RunningApi, *args: str, form: str = "json", **options: Any) -> Done:
    return place.coder("-p", "go", *BYPASS, "--output-format", form, *args, url=api.url, **options)


@pytest.mark.behaviour("B-534")
@pytest.mark.behaviour("B-536")
def test_a_budget_in_dollars_ends_the_run_before_it_is_passed(place: Place) -> None:
    with fake_api([turn("More.", CALL, repeat="forever", usage={"output_tokens": 900})]) as api:
        done = run(place, api, "--max-budget-usd", "0.15")
        spent = price(sent(api))
        limits = [each["max_tokens"] for each in api.requests]
    result = done.result
    assert (done.code, result["subtype"], result["terminal_reason"]) == (1, "error_max_budget_usd", "budget_exhausted")
    assert 0.05 < spent <= 0.15 and result["total_cost_usd"] == pytest.approx(spent)
    assert len(limits) > 2 and limits == sorted(limits, reverse=True) and 1_000 <= limits[-1] < 20_000
    (error,) = result["errors"]
    assert f"${spent:.4f} of $0.15 used" in error and "coder -p -r " in error and " --max-budget-usd 0.1" in error
    with fake_api([turn("Done.")]) as api:
        again = place.coder(*said_command(error), *BYPASS, url=api.url)
    assert (again.code, again.stdout, len(place.transcripts())) == (0, "Done.\n", 1)


def said_command(error: str) -> list[str]:
    """The arguments of the command that an error names last."""
    return shlex.split(error[error.rindex("coder -p") :].partition(",")[0])[1:]


@pytest.mark.behaviour("B-535")
def test_a_budget_in_tokens_ends_the_run_before_it_is_passed_whatever_the_model_costs(place: Place) -> None:
    with fake_api([turn("More.", CALL, repeat="forever")]) as api:
        done = run(place, api, "--max-tokens", "60000", "--model", "local-model", form="text")
        used = [each.usage for each in sent(api)]
    total = sum(sum(v for k, v in usage.items() if k.endswith("_tokens")) for usage in used if usage)
    assert done.code == 1 and len(used) > 2 and 20_000 < total <= 60_000
    assert done.stderr.startswith("coder: Budget reached: ") and "of 60,000 tokens used" in done.stderr
    again = rows(place)
    assert all(row.usd is None and row.model == "local-model" for row in again)


@pytest.mark.behaviour("B-537")
@pytest.mark.parametrize("args", [("--model", "local-model"), ("--fallback-model", "haiku,local-model")])
def test_money_cannot_be_limited_for_a_model_without_a_price(place: Place, args: tuple[str, ...]) -> None:
    with fake_api([turn("x")]) as api:
        done = run(place, api, "--max-budget-usd", "5", *args)
        assert api.requests == []
    assert done.code == 2 and "local-model" in done.stderr and "--max-tokens" in done.stderr


@pytest.mark.behaviour("B-539")
def test_h13_a_long_limit_stops_the_run_with_how_to_go_on(place: Place) -> None:
    with fake_api([turn("x", fault=fault("status", 429, retry_after=3600)), turn("ok")]) as api:
        done = run(place, api, form="text")
        (path,) = place.transcripts()
        assert done.code == 75
        assert "wait 1 h." in done.stderr and f"coder -p -r {path.stem}" in done.stderr
        assert "--on-limit wait" in done.stderr
    with fake_api([turn("ok")]) as api:
        again = place.coder(*said_command(done.stderr), url=api.url)
    assert (again.code, again.stdout) == (0, "ok\n")


@pytest.mark.behaviour("B-021")
def test_a_run_out_of_time_says_how_to_go_on(place: Place) -> None:
    with fake_api([turn("x", wait=DEADLINE), turn("Done.")]) as api:
        done = run(place, api, "--time-budget", "2")
        (error,) = done.result["errors"]
        again = place.coder(*said_command(error), url=api.url)
    assert (done.code, done.result["subtype"]) == (124, "error_during_execution")
    assert error.startswith("The time budget of 2s is used up. Go on with: ")
    assert (again.code, again.stdout, len(place.transcripts())) == (0, "Done.\n", 1)


@pytest.mark.behaviour("B-540")
def test_a_long_limit_is_waited_for_where_that_was_asked_for_and_ctrl_c_ends_the_wait(place: Place) -> None:
    with fake_api([turn("x", fault=fault("status", 429, retry_after=7200))]) as api:
        process = place.start("-p", "go", "--on-limit", "wait", url=api.url)
        assert process.stderr is not None
        line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=DEADLINE)
    assert line == "coder: waiting for the model: 429 rate limit, next try in 2 h\n"
    assert process.returncode == 130 and "Traceback" not in rest
    assert rows(place) == []  # a refusal costs nothing


@pytest.mark.behaviour("B-540")
def test_a_limit_is_waited_out_and_the_run_goes_on(place: Place) -> None:
    with fake_api([turn("ok", fault=fault("status", 429, retry_after=0.05, times=4))]) as api:
        done = run(place, api, "--on-limit", "wait", form="stream-json", env=QUICK)
    waits = [line for line in done.lines if line.get("subtype") == "api_retry"]
    assert done.code == 0 and len(waits) == 4 and {wait["error"] for wait in waits} == {"rate_limit"}


def replied(body: dict[str, Any]) -> list[str]:
    return [block["type"] for m in body["messages"] if m["role"] == "assistant" for block in m["content"]]


def down(*models: str, status: int = 529, **options: Any) -> list[dict[str, Any]]:
    return [rule({"model": name}, "x", fault=fault("status", status, times="forever", **options)) for name in models]


@pytest.mark.behaviour("B-541")
@pytest.mark.behaviour("B-542")
def test_the_next_model_takes_over_and_the_first_is_asked_again_for_the_next_message(place: Place) -> None:
    script = {
        "rules": [rule({"model": SONNET, "request": n}, "x", fault=fault("status", 529)) for n in (2, 3)],
        "turns": [turn(thinking("Mine."), "Look.", CALL), turn(thinking("Mine."), "Done."), turn("Back.")],
    }
    with fake_api(script) as api:
        done = run(place, api, "--fallback-model", f"{OPUS},haiku", form="stream-json", env=QUICK)
        again = run(place, api, "-c")
        asked = [body["model"] for body in api.requests]
        kinds = [replied(body) for body in api.requests]
        edits = api.context_edits
    assert (done.code, again.code, again.result["result"]) == (0, 0, "Back.")
    assert asked == [SONNET, SONNET, SONNET, OPUS, SONNET]
    notices = [line["content"] for line in done.lines if line.get("subtype") == "informational"]
    assert notices == [f"{SONNET} is overloaded: this turn goes to {OPUS}."]
    assert list(done.result["modelUsage"]) == [SONNET, OPUS]
    assert [row.model for row in rows(place)] == [SONNET, OPUS, SONNET]
    mine = ["thinking", "text", "tool_use"]
    assert kinds == [[], mine, mine, ["text", "tool_use"], [*mine, "text"]]
    assert edits == ["fallback model", "another model"]


@pytest.mark.behaviour("B-541")
def test_a_chain_is_followed_to_its_end(place: Place) -> None:
    with fake_api({"rules": down(SONNET) + down(OPUS, status=404), "turns": [turn("ok")]}) as api:
        done = run(place, api, "--fallback-model", f"{OPUS},haiku", form="text", env=QUICK)
    assert (done.code, done.stdout) == (0, "ok\n")
    assert [line for line in done.stderr.splitlines() if "this turn" in line] == [
        f"coder: {SONNET} is overloaded: this turn goes to {OPUS}.",
        f"coder: {OPUS} was not found: this turn goes to claude-haiku-5-5.",
    ]


@pytest.mark.behaviour("B-543")
def test_a_rate_limit_goes_to_the_next_model_only_where_that_was_asked_for(place: Place) -> None:
    with fake_api({"rules": down(SONNET, status=429, retry_after=3600), "turns": [turn("ok")]}) as api:
        assert run(place, api, "--fallback-model", OPUS).code == 75
        assert run(place, api, "--fallback-model", OPUS, "--on-limit", "fallback").result["result"] == "ok"


@pytest.mark.behaviour("B-534")
def test_a_budget_holds_over_the_whole_chain(place: Place) -> None:
    script = {"rules": down(SONNET), "turns": [turn("More.", CALL, repeat="forever", usage={"output_tokens": 900})]}
    with fake_api(script) as api:
        done = run(place, api, "--fallback-model", OPUS, "--max-budget-usd", "0.2", env=QUICK)
        spent = price(sent(api))
    assert done.result["subtype"] == "error_max_budget_usd" and 0.08 < spent <= 0.2
