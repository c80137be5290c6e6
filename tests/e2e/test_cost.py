"""Costs end to end: what the ledger says is what the server billed, and the pages say what the ledger does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.bills import dollars, price, rows, sent
from tests.support.cli import Done, Place
from tests.support.fakeapi import RunningApi, fake_api, fault, rule, thinking, tool, turn

SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}
BYPASS = ("--permission-mode", "bypassPermissions", "--output-format", "json")


def run(place: Place, api: RunningApi, *args: str, **options: Any) -> Done:
    return place.coder("-p", "go", *BYPASS, *args, url=api.url, **options)


def data(done: Done) -> dict[str, Any]:
    assert done.code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.behaviour("B-530")
@pytest.mark.behaviour("B-531")
def test_the_ledger_adds_up_to_what_was_billed_through_retries_cuts_and_resumes(place: Place) -> None:
    call = tool("Bash", command="seq 2000")
    script = [
        turn("One.", call, fault=fault("status", 529, retry_after=0.01, times=2)),
        turn(thinking("Hm."), "Two.", call, fault=fault("cut", after=5)),
        turn("Three.", fault=fault("status", 429, retry_after=0.01)),
        turn("Four.", call),
        turn("Five.", fault=fault("cut", at_byte=300)),
        turn("Six."),
    ]
    with fake_api(script) as api:
        results = [run(place, api).result, run(place, api, "-c").result, run(place, api, "-c").result]
        found = rows(place)
        whole, broken = sent(api), sent(api, whole=False)
    billed = [row for row in found if row.status == "billed"]
    estimated = [row for row in found if row.status == "estimated"]
    assert (len(billed), len(estimated)) == (len(whole), len(broken)) == (6, 2)
    assert dollars(billed) == pytest.approx(price(whole), rel=1e-9)
    assert dollars(estimated) == pytest.approx(price(broken), rel=0.2)  # guessed, but not wildly
    assert all(row.usage.prompt_tokens for row in estimated)
    assert sum(result["total_cost_usd"] for result in results) == pytest.approx(dollars(found))
    assert {row.session for row in found} == {results[0]["session_id"]} and len({row.run for row in found}) == 3
    assert [row.turn for row in billed] == [1, 2, 3, 1, 2, 1]
    assert all(row.request_id.startswith("req_") and row.price and row.purpose == "main" for row in found)
    (ledger,) = (place.home / ".coder" / "ledger").glob("*.jsonl")
    assert ledger.stat().st_mode & 0o777 == 0o600


@pytest.mark.behaviour("B-530")
@pytest.mark.behaviour("B-531")
def test_the_ledger_adds_up_through_a_compaction_and_a_fork(place: Place) -> None:
    reads = []
    for number in range(5):
        path = place.project / f"notes{number}.txt"
        path.write_text(f"a line of notes, number {number}\n" * 450, encoding="utf-8")
        reads.append(turn(tool("Read", file_path=str(path)), fault=fault("status", 529, retry_after=0.01)))
    summary = rule(SUMMARISES, "The notes are read.", fault=fault("status", 529, retry_after=0.01))
    script = {"rules": [summary], "turns": [*reads, turn("Read."), turn("Forked."), turn("The first again.")]}
    with fake_api(script) as api:
        first = run(place, api, "--model", "haiku", env={"CLAUDE_AUTOCOMPACT_PCT_OVERRIDE": "2"}).result
        fork = run(place, api, "-c", "--fork-session").result
        again = run(place, api, "-r", first["session_id"]).result
        found, whole = rows(place), sent(api)
        assert "compaction" in api.context_edits
    assert fork["session_id"] != first["session_id"] == again["session_id"]
    assert [row.purpose for row in found].count("compact") == 1 and len(found) == len(whole) == 9
    assert dollars(found) == pytest.approx(price(whole), rel=1e-9)
    of_fork = [row for row in found if row.session == fork["session_id"]]
    assert len(of_fork) == 1 and dollars(of_fork) == pytest.approx(fork["total_cost_usd"])
    both = first["total_cost_usd"] + again["total_cost_usd"]
    assert dollars(row for row in found if row.session == first["session_id"]) == pytest.approx(both)
    by_session = run_json(place, "cost", "--by", "session", "--json")
    assert by_session["total"]["usd"] == pytest.approx(price(whole)) and len(by_session["by_session"]) == 2
    by_purpose = run_json(place, "cost", "--by", "purpose", "--json")["by_purpose"]
    assert sum(each["usd"] for each in by_purpose.values()) == pytest.approx(price(whole))


@pytest.mark.behaviour("B-549")
def test_a_session_that_is_not_kept_is_in_no_ledger_but_knows_its_cost(place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        done = run(place, api, "--no-session-persistence")
        assert done.result["total_cost_usd"] == pytest.approx(price(sent(api)))
    assert not (place.home / ".coder").exists()


@pytest.mark.behaviour("B-533")
def test_a_ledger_that_cannot_be_written_stops_nothing(place: Place) -> None:
    (place.home / ".coder").mkdir()
    (place.home / ".coder" / "ledger").write_text("in the way", encoding="utf-8")
    with fake_api([turn("Hm.", tool("Bash", command="true")), turn("ok")]) as api:
        done = place.coder("-p", "go", *BYPASS[:2], "--output-format", "stream-json", url=api.url)
        assert (done.code, done.stderr) == (0, "")
        assert done.result["total_cost_usd"] == pytest.approx(price(sent(api)))
    notices = [line["content"] for line in done.lines if line.get("subtype") == "informational"]
    assert len(notices) == 1 and "cost ledger could not be written" in notices[0]


@pytest.mark.behaviour("B-544")
@pytest.mark.behaviour("B-545")
def test_coder_cost_says_what_was_spent_and_what_is_not_known(place: Place) -> None:
    with fake_api([turn("ok", repeat=4)]) as api:
        first = run(place, api).result
        run(place, api, "--model", "opus")
        run(place, api, "-c", "--model", "nobody-knows-me")
    page = place.coder("cost")
    assert (page.code, page.stderr) == (0, "")
    known = run_json(place, "cost", "--json")
    total = known["last_session"]["total"]
    assert (total["usd"], total["unknown_price"], total["requests"]) == (None, 1, 2)
    assert f"at least ${total['usd_at_least']:.4f}, and 1 request of unknown price" in page.stdout
    assert "nobody-knows-me" in page.stdout and "Today:" in page.stdout and "this month:" in page.stdout
    one = place.coder("cost", first["session_id"][:8])
    assert one.stdout.startswith(f"Session {first['session_id'][:8]}: ${first['total_cost_usd']:.4f} · 1 request ")
    by_session = run_json(place, "cost", "--by", "session", "--json")
    assert by_session["by_session"][first["session_id"]]["usd"] == pytest.approx(first["total_cost_usd"])
    assert by_session["total"]["requests"] == 3 == today(known)["requests"]
    assert place.coder("cost", "--since", "2999-01-01").stdout.startswith("Since 2999-01-01: $0.00 · 0 requests")


def run_json(place: Place, *args: str) -> dict[str, Any]:
    return data(place.coder(*args))


def today(overview: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = overview["today"]
    return found


def test_lines_that_cannot_be_read_are_told_and_left_out(place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        run(place, api)
    (ledger,) = (place.home / ".coder" / "ledger").glob("*.jsonl")
    with ledger.open("ab") as file:
        file.write(b'{"v":1,"ts":"2026-11-\n\xff\n')
    done = place.coder("cost")
    assert done.code == 0 and "1 request " in done.stdout
    assert done.stderr == "coder: 2 lines of the ledger could not be read and are not counted.\n"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("cost", "--by", "x\x1b[31m"), 2, "is none of day, session, model, purpose, agent"),
        (("cost", "--since", "yesterday"), 2, "expected a day such as"),
        (("cost", "no-such-session"), 1, "There is no session"),
        (("cache",), 1, "No session of this folder has asked a model yet"),
        (("cache", "no-such-session"), 1, "There is no session"),
        (("context", "no-such-session"), 1, "No conversation found"),
    ],
)
def test_what_cannot_be_shown_is_one_line(place: Place, args: tuple[str, ...], code: int, words: str) -> None:
    done = place.coder(*args)
    assert done.code == code and words in done.stderr and done.stderr.count("\n") == 1 and "\x1b" not in done.stderr


@pytest.mark.behaviour("B-547")
def test_coder_cache_names_the_byte_of_a_changed_system_prompt(place: Place) -> None:
    # An edit that nobody announced: exactly what the fake API refuses unless told not to look.
    with fake_api([turn("ok", repeat=3)]) as api:
        run(place, api, "--append-system-prompt", "Always answer in English.")
        run(place, api, "-c", "--append-system-prompt", "Always answer in English.")
        run(place, api, "-c", "--append-system-prompt", "Always answer in Spanish.")
        bodies = [each.body for each in sent(api)]
        usages = [each.usage for each in sent(api)]
    found = run_json(place, "cache", "--json")
    misses = [line.get("miss") for line in found["requests"]]
    assert misses[:2] == [None, None]
    was, now = (prompt_of(body) for body in bodies[1:])
    at = next(n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b)
    assert (misses[2]["place"], misses[2]["byte"], misses[2]["exact"]) == ("system[1]", at, True)
    assert misses[2]["was"].startswith("English.") and misses[2]["now"].startswith("Spanish.")
    assert misses[2]["why"] == "the system prompt changed" and misses[2]["usd"] > 0
    assert usages[1] is not None and usages[2] is not None
    before = usages[1]["cache_read_input_tokens"] + usages[1]["cache_creation_input_tokens"]
    assert misses[2]["tokens"] == found["missed_tokens"] == before - usages[2]["cache_read_input_tokens"]
    page = place.coder("cache").stdout
    assert f"system[1], byte {at:,} of the prompt" in page and "was “English." in page
    assert max(map(len, page.splitlines())) <= 80


def prompt_of(body: Any) -> bytes:
    """Tools, system texts and content blocks as JSON, without cache marks."""
    blocks = [*body["tools"], *body["system"], *(b for m in body["messages"] for b in m["content"])]
    plain = [{key: value for key, value in block.items() if key != "cache_control"} for block in blocks]
    return b"".join(json.dumps(block, ensure_ascii=False, separators=(",", ":")).encode() for block in plain)


@pytest.mark.behaviour("B-546")
def test_coder_context_adds_up_to_what_the_api_counted(place: Place) -> None:
    (place.project / "big.txt").write_text("line\n" * 1_500, encoding="utf-8")
    read = tool("Read", file_path=str(place.project / "big.txt"))
    with fake_api([turn("Look.", read), turn("Done.")]) as api:
        new = data(place.coder("context", "--json", url=api.url))
        session = run(place, api).result["session_id"]
        known = data(place.coder("context", session, "--json"))
        usage = sent(api)[-1].usage
    assert usage is not None
    counted = usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    assert (known["total"], known["source"]) == (counted, "counted")
    for report in (new, known):
        assert sum(part["tokens"] for part in report["parts"].values()) == report["total"]
    assert new["source"] == "counted" and "tool results" not in new["parts"]
    assert known["largest"][0]["label"].startswith("Read ") and known["parts"]["tool results"]["items"] == 1
    assert len(place.transcripts()) == 1
    page = place.coder("context").stdout
    assert max(map(len, page.splitlines())) <= 80 and page.startswith(f"Session {session[:8]}\nContext: ")


@pytest.mark.behaviour("B-547")
def test_coder_cache_names_a_compaction_that_another_process_made(place: Place) -> None:
    reads = []
    for number in range(4):
        path = place.project / f"notes{number}.txt"
        path.write_text(f"a line of notes, number {number}\n" * 450, encoding="utf-8")
        reads.append(turn(tool("Read", file_path=str(path))))
    script = {"rules": [rule(SUMMARISES, "Read.")], "turns": [*reads, turn("ok", fault=fault("status", 401))]}
    with fake_api(script) as api:
        failed = run(place, api, "--model", "haiku", env={"CLAUDE_AUTOCOMPACT_PCT_OVERRIDE": "2"})
        run(place, api, "-c")
        assert (failed.code, api.context_edits) == (4, ["compaction"])
    misses = [line["miss"]["why"] for line in run_json(place, "cache", "--json")["requests"] if "miss" in line]
    assert misses == ["the past was changed: compaction"]


@pytest.mark.behaviour("B-544")
def test_the_pages_are_80_columns_wide_whatever_the_names(place: Place) -> None:
    names = ("us.anthropic.some-very-long-model-name-that-goes-on-and-on-20290101-v1:0", "local/" + "another-" * 6)
    with fake_api([turn("Hm.", tool("Bash", command="seq 900")), turn("ok", repeat=2)]) as api:
        run(place, api, "--model", names[0])
        run(place, api, "-c", "--model", names[1])
    for args in (("cost",), ("cost", "--by", "session"), ("cost", "--by", "model"), ("cache",), ("context",)):
        lines = place.coder(*args).stdout.splitlines()
        assert max(map(len, lines)) <= 80, (args, lines)


@pytest.mark.behaviour("B-546")
def test_context_is_that_of_the_sessions_own_model(place: Place) -> None:
    with fake_api([turn("ok", repeat=2)]) as api:
        run(place, api, "--model", "local-model")
    assert (found := run_json(place, "context", "--json"))["model"] == "local-model"
    assert (found["window"], found["compacts_at"]) == (200_000, 160_000)
    assert run_json(place, "context", "--json", "--model", "sonnet")["model"] == "claude-sonnet-5-5"


@pytest.mark.behaviour("B-544")
def test_the_reports_take_a_session_by_whatever_resume_takes(place: Place) -> None:
    with fake_api([turn("ok", repeat=2)]) as api:
        session = run(place, api, "--name", "Cart fix").result["session_id"]
        run(place, api)
    for handle in (session, session[:8], "Cart fix"):
        assert run_json(place, "cache", handle, "--json")["session"] == session
        assert run_json(place, "cost", handle, "--json")["total"]["requests"] == 1
        assert run_json(place, "context", handle, "--json")["source"] == "counted"
    shown = place.coder("cost", "--by", "session").stdout
    assert f"  {session[:8]} Cart fix  " in shown and session not in shown


@pytest.mark.behaviour("B-549")
def test_what_is_played_back_costs_nothing_and_is_in_no_ledger(place: Place) -> None:
    with fake_api([turn("ok")]) as api:
        run(place, api, "--no-session-persistence", "--record", "run.jsonl")
    done = place.coder("-p", "go", *BYPASS, "--replay", "run.jsonl")
    assert (done.code, rows(place)) == (0, [])
