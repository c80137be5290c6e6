import copy

import pytest

from coder.core.messages import Json
from coder.replay.continuity import Continuity, Verdict
from coder.replay.reader import PieceReader
from coder.replay.signing import sign
from tests.support.fakeapi import assistant, model_request, result, text, tool, user

TOOLS = [{"name": name, "input_schema": {"type": "object"}} for name in ("Read", "Edit")]
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": sign("hm")}
CALL = tool("Read", id="toolu_1", file_path="/a")


class Watch:
    """Continuity and a reader as the server joins them."""

    def __init__(self) -> None:
        self.continuity = Continuity()
        self.reader = PieceReader()

    def ask(self, body: Json, *, edit: str = "", reply: Json | None = None, stop_reason: str = "end_turn") -> Verdict:
        verdict = self.continuity.check(self.reader.read(copy.deepcopy(body)), edit=edit)
        if reply is not None and verdict.conversation is not None:
            self.continuity.answered(verdict.conversation, tuple(reply["content"]), stop_reason)
        return verdict


def body(*messages: Json, system: str = "Be careful.", **params: object) -> Json:
    return model_request(*messages, **{"system": [text(system)], "tools": copy.deepcopy(TOOLS), **params})


def begun() -> tuple[Watch, list[Json]]:
    """A watch that has seen two requests, and the messages of the second."""
    watch = Watch()
    first = user("fix it")
    reply = assistant(THOUGHT, "reading", CALL)
    assert not watch.ask(body(first), reply=reply).problem
    messages = [first, reply, user(result("toolu_1"))]
    assert not watch.ask(body(*messages), reply=assistant("done")).problem
    return watch, messages


def test_a_longer_conversation_extends_the_shorter() -> None:
    watch, messages = begun()
    assert watch.ask(body(*messages, assistant("done"), user("thanks"))).problem == ""


def test_text_merged_into_the_last_user_message_extends_it() -> None:
    watch, messages = begun()
    assert watch.ask(body(*messages[:2], user(result("toolu_1"), "hurry"))).problem == ""


def test_moved_cache_marks_are_no_change() -> None:
    watch, messages = begun()
    marked = copy.deepcopy(messages)
    marked[0]["content"][0]["cache_control"] = {"type": "ephemeral"}
    marked[2]["content"][0]["content"][0]["cache_control"] = {"type": "ephemeral"}
    request = body(*marked, assistant("done"), user("thanks"))
    request["system"][0]["cache_control"] = {"type": "ephemeral"}
    assert watch.ask(request).problem == ""


def test_string_content_equals_one_text_block() -> None:
    watch, messages = begun()
    assert (
        watch.ask(body({"role": "user", "content": "fix it"}, *messages[1:], assistant("done"), user("x"))).problem
        == ""
    )


def test_the_same_request_again_is_a_retry() -> None:
    watch, messages = begun()
    assert watch.ask(body(*messages)).problem == ""


@pytest.mark.behaviour("B-153")
@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda b: b["messages"][0]["content"][0].update(text="fix it now"), "messages.0.content.0"),
        (lambda b: b["messages"][1]["content"].pop(0), "messages.1.content.0"),
        (lambda b: b["messages"][1]["content"][2]["input"].update(file_path="/b"), "messages.1.content.2"),
        (lambda b: b["messages"][2]["content"][0].update(content=[text("cleared")]), "messages.2.content.0"),
        (lambda b: b["system"][0].update(text="Be careful. It is 10:02."), "system.0"),
        (lambda b: b["tools"].reverse(), "tools.0"),
        (
            lambda b: b["tools"].append({"name": "New", "input_schema": {"type": "object"}}),
            "tools: was 2 blocks, now 3",
        ),
        (lambda b: b.update(model="other"), "model"),
        (lambda b: b.update(thinking={"type": "adaptive"}), "thinking"),
        (lambda b: b.update(output_config={"effort": "low"}), "output_config"),
    ],
)
def test_each_change_of_the_prefix_is_named(change, place: str) -> None:  # type: ignore[no-untyped-def]  # lambdas
    watch, messages = begun()
    request = copy.deepcopy(body(*messages, assistant("done"), user("thanks")))
    change(request)
    problem = watch.ask(request).problem
    assert problem.startswith(f"prefix continuity broken at {place}")


def test_the_report_shows_both_texts_around_the_difference() -> None:
    watch, messages = begun()
    problem = watch.ask(body(*messages, assistant("done"), user("x"), system="Be careless.")).problem
    assert "careful" in problem
    assert "careless" in problem


def test_shuffled_keys_of_a_tool_input_break_the_prefix() -> None:
    watch = Watch()
    first = user("go")
    use = {"type": "tool_use", "id": "toolu_1", "name": "Edit", "input": {"a": 1, "b": 2}}
    watch.ask(body(first), reply=assistant(use))
    watch.ask(body(first, assistant(use), user(result("toolu_1"))))
    shuffled = {**use, "input": {"b": 2, "a": 1}}
    assert watch.ask(body(first, assistant(shuffled), user(result("toolu_1")), assistant("x"), user("y"))).problem


def test_a_dropped_tail_breaks_the_prefix() -> None:
    watch, messages = begun()
    watch.ask(body(*messages, assistant("done"), user("thanks")))
    assert "messages.2.content.1" in watch.ask(body(*messages[:2], user(result("toolu_1"), "other"))).problem


@pytest.mark.behaviour("B-154")
def test_a_logged_edit_permits_one_break_and_is_reported() -> None:
    watch, messages = begun()
    short = [messages[0], messages[1], user(result("toolu_1", "cleared"))]
    verdict = watch.ask(body(*short, assistant("done"), user("x")), edit="compaction")
    assert (verdict.problem, verdict.edit) == ("", "compaction")
    assert watch.ask(body(*short, assistant("done"), user("x"), assistant("y"), user("z"))).problem == ""
    assert watch.ask(body(*messages, assistant("done"), user("x"))).problem


def test_an_edit_that_breaks_nothing_is_not_reported() -> None:
    watch, messages = begun()
    assert watch.ask(body(*messages, assistant("done"), user("x")), edit="compaction").edit == ""


@pytest.mark.behaviour("B-155")
def test_a_request_without_replies_opens_its_own_conversation() -> None:
    watch, messages = begun()
    assert watch.ask(body(user("fix it"), system="Make a title.", tools=[])).problem == ""
    assert watch.ask(body(*messages, assistant("done"), user("thanks"))).problem == ""


def test_two_runs_of_the_same_prompt_go_their_own_ways() -> None:
    watch, first = Watch(), user("fix it")
    for words in ("one", "two"):
        watch.ask(body(first), reply=assistant(words))
    for words in ("one", "two"):
        assert watch.ask(body(first, assistant(words), user(f"more after {words}"))).problem == ""


def test_the_same_prompt_after_a_finished_run_starts_anew() -> None:
    watch, messages = begun()
    assert watch.ask(body(messages[0]), reply=assistant("again")).problem == ""
    assert watch.ask(body(messages[0], assistant("again"), user("x"))).problem == ""
    assert watch.ask(body(*messages, assistant("done"), user("thanks"))).problem == ""


def test_a_resumed_conversation_the_server_never_saw_is_taken_as_new() -> None:
    watch, _ = begun()
    assert watch.ask(body(user("elsewhere"), assistant("long ago"), user("go on"))).problem == ""


@pytest.mark.behaviour("B-168")
@pytest.mark.parametrize(
    "thinking", [[], [{**THOUGHT, "thinking": "hm!", "signature": sign("hm!")}], [THOUGHT, THOUGHT]]
)
def test_thinking_of_the_last_reply_comes_back_as_it_was(thinking: list[Json]) -> None:
    watch, first = Watch(), user("fix it")
    watch.ask(body(first), reply=assistant(THOUGHT, CALL))
    problem = watch.ask(body(first, assistant(*thinking, CALL), user(result("toolu_1")))).problem
    assert problem.startswith(
        "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message"
    )


def test_a_reply_the_client_never_took_need_not_come_back() -> None:
    watch, first = Watch(), user("fix it")
    watch.ask(body(first), reply=assistant(THOUGHT, CALL))
    assert watch.ask(body(first, assistant("[interrupted]"), user("go on"))).problem == ""


def test_only_a_paused_turn_may_be_continued() -> None:
    watch, first = Watch(), user("search")
    watch.ask(body(first), reply=assistant("so far"), stop_reason="pause_turn")
    assert watch.ask(body(first, assistant("so far")), reply=assistant("the end")).paused
    assert not watch.ask(body(first, assistant("so far"), assistant("the end"))).paused
