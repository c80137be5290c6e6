import hashlib
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.replay.conditions import View, When
from coder.replay.faults import KINDS
from coder.replay.load import load_player, load_script
from coder.replay.player import Call, Played
from coder.replay.problems import Refusal
from coder.replay.script import ScriptPlayer
from coder.replay.script_load import script
from tests.support.fakeapi import assistant, fault, model_request, result, rule, text, thinking, tool, turn, user


def play(player: ScriptPlayer, *messages: Json, **params: Any) -> Played:
    body = model_request(*(messages or (user("go"),)), **params)
    return player.play(Call(body, "req_1", hashlib.sha256(json.dumps(body).encode()).hexdigest(), {"input_tokens": 5}))


def said(played: Played) -> str:
    return "".join(str(block.get("text", block.get("name"))) for block in played.content)


def player(*turns: Any, **rest: Any) -> ScriptPlayer:
    return ScriptPlayer(script({"turns": list(turns), **rest}, "test.yaml"))


def after(words: str, name: str = "Grep", *, error: bool = False) -> tuple[Json, ...]:
    """A conversation whose last tool result says `words`."""
    return user("go"), assistant(tool(name, id="toolu_1")), user(result("toolu_1", words, error=error))


@pytest.mark.behaviour("B-157")
def test_turns_are_played_in_order_and_then_there_are_none() -> None:
    turns = player(turn("one"), turn("two"))
    assert [said(play(turns)), said(play(turns))] == ["one", "two"]
    with pytest.raises(Refusal, match=r"test.yaml: no reply for request 3: all 2 turns are played and no rule matches"):
        play(turns)


def test_every_way_to_write_a_turn_means_the_same() -> None:
    for raw in ("hi", ["hi"], {"text": "hi"}, {"blocks": ["hi"]}, {"blocks": [{"text": "hi"}]}, turn("hi")):
        assert play(player(raw)).content == (text("hi"),)


def test_the_short_form_orders_thinking_text_and_tool() -> None:
    raw = {"tool": "Read", "input": {"file_path": "/a"}, "text": "reading", "thinking": "hm"}
    content = play(player(raw)).content
    assert [block["type"] for block in content] == ["thinking", "text", "tool_use"]
    assert content[2]["input"] == {"file_path": "/a"}


def test_the_stop_reason_fits_the_blocks_unless_given() -> None:
    reasons = player(turn("hi"), turn(tool("Read")), turn("no", stop_reason="refusal"))
    assert [play(reasons).stop_reason for _ in range(3)] == ["end_turn", "tool_use", "refusal"]


def test_made_up_ids_differ_between_requests_and_blocks() -> None:
    calls = player(turn(tool("Read"), tool("Read")), turn(tool("Read")))
    ids = [block["id"] for block in play(calls).content] + [block["id"] for block in play(calls, *after("x")).content]
    assert len(set(ids)) == 3


def test_thinking_is_signed_and_hidden_when_the_request_wants_it_hidden() -> None:
    thoughts = player(turn(thinking("secret plan"), "hi"), turn(thinking("secret plan"), "hi"))
    shown = play(thoughts).content[0]
    hidden = play(thoughts, thinking={"type": "adaptive", "display": "omitted"}).content[0]
    assert thoughts.is_known_thinking(shown["thinking"], shown["signature"])
    assert hidden["thinking"] == ""
    assert thoughts.is_known_thinking("", hidden["signature"])


def test_usage_is_simulated_overridden_or_left_out() -> None:
    numbers = player(turn("hi"), turn("hi", usage={"output_tokens": -3, "input_tokens": None}), turn("hi", usage=None))
    first, second, third = (play(numbers).usage for _ in range(3))
    assert first is not None
    assert first["input_tokens"] == 5
    assert first["output_tokens"] > 0
    assert second == {"input_tokens": None, "output_tokens": -3}
    assert third is None


def test_a_turn_repeats_as_often_as_it_says() -> None:
    turns = player(turn("again", repeat=2), turn("last", repeat="forever"))
    assert [said(play(turns)) for _ in range(5)] == ["again", "again", "last", "last", "last"]
    assert turns.unfinished() == ""


def test_what_was_not_asked_for_is_told() -> None:
    turns = player(turn("one"), turn("two"), turn("three"))
    play(turns)
    assert turns.unfinished() == "2 of 3 turns were not asked for"


@pytest.mark.behaviour("B-157")
def test_the_first_rule_that_holds_answers_before_the_next_turn() -> None:
    rules = [rule({"last_tool_result_contains": "FAILED"}, "fix"), rule({"last_tool": "Grep"}, "grepped")]
    ruled = player(turn("turn"), rules=rules, otherwise=turn("else"))
    assert said(play(ruled, *after("1 FAILED"))) == "fix"
    assert said(play(ruled, *after("1 passed"))) == "grepped"
    assert said(play(ruled, *after("1 passed", "Bash"))) == "turn"
    assert said(play(ruled)) == "else"


def test_a_rule_with_times_steps_back_afterwards() -> None:
    ruled = player(rules=[rule({}, "rule", times=2)], otherwise="else")
    assert [said(play(ruled)) for _ in range(3)] == ["rule", "rule", "else"]


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"turn": 2}, True),
        ({"turn": 1}, False),
        ({"request": 1}, True),
        ({"model": "test"}, True),
        ({"model": "opus"}, False),
        ({"tool_error": True}, True),
        ({"tool_error": False}, False),
        ({"last_tool": "Grep"}, True),
        ({"last_tool": "Bash"}, False),
        ({"last_tool_result_contains": "app.py"}, True),
        ({"last_tool_result_not_contains": "app.py"}, False),
        ({"last_tool_result_not_contains": "other"}, True),
        ({"any_tool_result_contains": "app"}, True),
        ({"any_tool_result_not_contains": "app"}, False),
        ({"last_user_contains": "hurry"}, True),
        ({"last_user_contains": "app.py"}, False),
        ({"last_user_not_contains": "hurry"}, False),
        ({"last_assistant_contains": "look"}, True),
        ({"system_contains": "careful"}, True),
        ({"regex": r"^(?P<path>\S+\.py):(?P<line>\d+)"}, True),
        ({"regex": r"^nothing"}, False),
        ({"any_regex": "app"}, True),
        ({"user_regex": "^hurry$"}, True),
        ({"turn": 2, "model": "opus"}, False),
    ],
)
def test_each_condition_asks_what_its_name_says(when: Json, holds: bool) -> None:
    request = model_request(
        user("go"),
        assistant("I look", tool("Grep", id="toolu_1")),
        user(result("toolu_1", "src/app.py:3: bug", error=True), "hurry"),
        system="Be careful.",
    )
    (made,) = script({"rules": [{"when": when, "reply": "x"}]}, "s").rules
    assert (made.when.match(View(request)) is not None) == holds


def test_conditions_on_results_do_not_hold_without_any() -> None:
    (made,) = script({"rules": [{"when": {"last_tool_result_not_contains": "x"}, "reply": "x"}]}, "s").rules
    assert made.when.match(View(model_request(user("go")))) is None


@pytest.mark.behaviour("B-157")
def test_captures_fill_the_reply_wherever_they_stand() -> None:
    found = rule(
        {"regex": r"^(?P<path>\S+):(?P<line>\d+):"},
        "line {{line}} of {{path}}",
        tool("Edit", file_path="{{path}}", edits=[{"at": "{{line}}", "keep": "{ braces }"}]),
    )
    content = play(player(rules=[found]), *after("src/app.py:3: bug")).content
    assert content[0]["text"] == "line 3 of src/app.py"
    assert content[1]["input"] == {"file_path": "src/app.py", "edits": [{"at": "3", "keep": "{ braces }"}]}


def test_an_older_result_can_be_captured_too() -> None:
    found = rule({"any_regex": r"(?P<path>\S+\.py)"}, "{{path}}")
    messages = [*after("in a.py"), assistant(tool("Read", id="toolu_2")), user(result("toolu_2", "nothing"))]
    assert said(play(player(rules=[found]), *messages)) == "a.py"


def test_an_expectation_that_fails_says_what_came_instead() -> None:
    turns = player(turn("fine", expect={"last_tool_result_contains": "2 passed"}))
    with pytest.raises(
        Refusal, match=r"turns\[0\].expect: last_tool_result_contains does not hold; last came: '1 failed'"
    ):
        play(turns, *after("1 failed"))
    assert said(play(turns, *after("2 passed"))) == "fine"


def test_a_fatal_fault_leaves_the_turn_for_the_retry_and_others_do_not() -> None:
    turns = player(turn("one", fault=[fault("status", 529, times=2), fault("cut", after=2)]), turn("two"))
    assert [play(turns).answer.status for _ in range(2)] == [529, 529]
    assert not play(turns).whole
    assert play(turns).whole
    assert said(play(turns)) == "two"
    benign = player(turn("one", fault=fault("ping_flood")), turn("two"))
    assert [said(play(benign)), said(play(benign))] == ["one", "two"]


def test_the_same_turn_written_twice_is_played_twice() -> None:
    once = turn("same")
    assert [said(play(p)) for p in [player(once, once)] for _ in range(2)] == ["same", "same"]


BAD: list[tuple[Any, str]] = [
    ({}, r"bad.yaml: the script says nothing"),
    (7, r"^bad.yaml: expected a mapping, got 7"),
    ({"version": 2, "turns": ["hi"]}, r"bad.yaml: version: expected 1, got 2"),
    ({"turn": []}, r"bad.yaml: turn: unknown key; expected one of .*turns"),
    ({"turns": {"a": 1}}, r"bad.yaml: turns: expected a list, got"),
    ({"turns": [3]}, r"bad.yaml: turns\[0\]: expected a mapping, got 3"),
    ({"turns": [{}]}, r"bad.yaml: turns\[0\]: an empty turn"),
    ({"turns": ["a", {"text": "x", "dealy": 1}]}, r"bad.yaml: turns\[1\].dealy: unknown key; expected one of .*delay"),
    ({"turns": [{"text": 4}]}, r"turns\[0\].text: expected text, got 4"),
    ({"turns": [{"text": "x", "delta": 0}]}, r"turns\[0\].delta: expected a whole number from 1, got 0"),
    ({"turns": [{"text": "x", "delay": -1}]}, r"turns\[0\].delay: expected a number of seconds"),
    ({"turns": [{"text": "x", "delay": True}]}, r"turns\[0\].delay: expected a number, got True"),
    ({"turns": [{"text": "x", "repeat": "always"}]}, r"turns\[0\].repeat: expected a whole number from 1, or forever"),
    ({"turns": [{"blocks": [{"type": "song"}]}]}, r"turns\[0\].blocks\[0\].type: expected text, thinking, .* in `raw`"),
    ({"turns": [{"blocks": [{"raw": {"x": 1}}]}]}, r"blocks\[0\].raw.type: expected text, got None"),
    ({"turns": [{"blocks": [{"tool": "R", "input": []}]}]}, r"blocks\[0\].input: expected a mapping, got \[\]"),
    ({"turns": [{"text": "\ud800"}]}, r"turns\[0\]: holds half of a surrogate pair"),
    ({"turns": [{"text": "x", "fault": "bang"}]}, r"fault.kind: expected one of status, .*, got 'bang'"),
    ({"turns": [{"text": "x", "fault": {"kind": "status"}}]}, r"fault.status: missing; the fault status needs it"),
    (
        {"turns": [{"text": "x", "fault": {"kind": "cut", "afer": 1}}]},
        r"fault.afer: unknown key; expected one of .*after",
    ),
    (
        {"turns": [{"text": "x", "fault": [{"kind": "stall", "seconds": "2"}]}]},
        r"fault\[0\].seconds: expected a number",
    ),
    ({"rules": [{"when": {}}]}, r"rules\[0\].reply: missing"),
    ({"rules": [{"when": {"turns": 1}, "reply": "x"}]}, r"rules\[0\].when.turns: unknown key"),
    ({"rules": [{"when": {"regex": "("}, "reply": "x"}]}, r"when.regex: not a regular expression"),
    ({"rules": [{"when": {"regex": "(?P<a>.)"}, "reply": "{{b}}"}]}, r"\{\{b\}\} is not captured; .* capture a"),
    (
        {"rules": [{"when": {}, "reply": {"text": "x", "repeat": 2}}]},
        r"rules\[0\].reply.repeat: a rule repeats by itself",
    ),
]


@pytest.mark.behaviour("B-158")
@pytest.mark.parametrize(("raw", "message"), BAD, ids=lambda value: str(value)[:50].encode("ascii", "replace").decode())
def test_a_bad_script_is_refused_with_place_and_expectation(raw: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        script(raw, "bad.yaml")


def test_every_fault_kind_can_be_loaded_from_its_fields() -> None:
    needs: dict[str, Json] = {"status": {"status": 500}, "redirect": {"location": "http://127.0.0.1:9/"}}
    for kind, made in KINDS.items():
        raw = {"text": "x", "fault": {"kind": kind, **needs.get(kind, {}), "times": "forever"}}
        (only,) = script([raw], "s").turns[0].faults
        assert (type(only), only.times) == (made, 0)


def test_yaml_and_json_files_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("turns:\n  - text: hi\n    fault: {kind: status, status: 529}\n", encoding="utf-8")
    (tmp_path / "a.json").write_text('[{"text": "hi", "fault": {"kind": "status", "status": 529}}]', encoding="utf-8")
    assert load_script(tmp_path / "a.yaml").turns == load_script(tmp_path / "a.json").turns


@pytest.mark.behaviour("B-158")
@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.yaml", b"turns: [", "not valid YAML"),
        ("a.json", b"[", "not valid JSON"),
        ("a.json", b"\xff", "not UTF-8 text"),
        ("a.json", None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_parsed_names_itself(tmp_path: Path, name: str, data: bytes | None, message: str) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=message) as caught:
        load_player(path)
    assert str(path) in str(caught.value)


def test_every_script_and_fault_of_the_guide_can_be_played() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "replay.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        script(yaml.safe_load(example), "guide")
    assert set(KINDS) <= set(re.findall(r"`(\w+)`", guide))
    named = set(re.findall(r"`(\w+)`", guide))
    assert {field.name for field in fields(When)} <= named
