import copy
from collections.abc import Callable

import pytest

from coder.core.messages import Json
from coder.replay.cache import CacheSimulation, CacheUse
from coder.replay.pieces import Prefix
from coder.replay.reader import PieceReader
from tests.support.fakeapi import assistant, model_request, result, text, tool, user

MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Cache:
    def __init__(self, min_tokens: int = 0) -> None:
        self.clock = Clock()
        self.simulation = CacheSimulation(min_tokens=min_tokens, clock=self.clock)
        self.reader = PieceReader()

    def ask(self, body: Json) -> CacheUse:
        use = self.simulation.look(self.reader.read(copy.deepcopy(body)))
        self.simulation.commit(use)
        return use

    def total(self, body: Json) -> int:
        return self.reader.read(copy.deepcopy(body)).tokens


def marked(block: Json, mark: Json = MARK) -> Json:
    return {**block, "cache_control": mark}


def texts(count: int, start: int = 0) -> list[Json]:
    return [text(f"block number {n}") for n in range(start, start + count)]


def test_without_marks_everything_is_paid_in_full() -> None:
    cache = Cache()
    body = model_request(user("a long question"))
    assert cache.ask(body) == CacheUse(fresh=cache.total(body))
    assert cache.ask(body).read == 0


@pytest.mark.behaviour("B-156")
def test_what_a_mark_wrote_is_read_by_the_next_request() -> None:
    cache = Cache()
    first = model_request(user(marked(text("question"))), system=[text("careful")])
    use = cache.ask(first)
    assert (use.read, use.written_5m, use.fresh) == (0, cache.total(first), 0)
    second = model_request(user("question"), assistant("answer"), user(marked(text("more"))), system=[text("careful")])
    again = cache.ask(second)
    assert again.read == cache.total(first)
    assert again.written_5m == cache.total(second) - cache.total(first)
    assert again.fresh == 0


def test_the_prefix_is_only_written_at_marks() -> None:
    cache = Cache()
    cache.ask(model_request(user(*texts(3), marked(text("end")))))
    assert cache.ask(model_request(user(*texts(3), marked(text("other"))))).read == 0


@pytest.mark.parametrize(("added", "is_hit"), [(19, True), (20, False)])
@pytest.mark.behaviour("B-156")
def test_lookup_goes_back_twenty_blocks_and_no_further(added: int, is_hit: bool) -> None:
    cache = Cache()
    cache.ask(model_request(user(marked(text("start")))))
    later = [text("start"), *texts(added)]
    later[-1] = marked(later[-1])
    assert (cache.ask(model_request(user(*later))).read > 0) == is_hit


def test_a_mark_on_the_previous_end_bridges_many_parallel_calls() -> None:
    calls = [tool("Read", id=f"toolu_{n}", file_path=str(n)) for n in range(12)]
    results = [result(f"toolu_{n}") for n in range(12)]
    first = model_request(user(marked(text("start"))))
    lone = model_request(user("start"), assistant(*calls), user(*results[:-1], marked(results[-1])))
    bridged = copy.deepcopy(lone)
    bridged["messages"][0]["content"][0]["cache_control"] = MARK
    for body, is_hit in ((lone, False), (bridged, True)):
        cache = Cache()
        cache.ask(first)
        assert (cache.ask(body).read > 0) == is_hit


@pytest.mark.parametrize(("mark", "seconds"), [(MARK, 300), (HOUR, 3600)])
def test_an_entry_lives_as_long_as_its_mark_says_and_a_read_renews_it(mark: Json, seconds: int) -> None:
    cache = Cache()
    body = model_request(user(marked(text("question"), mark)))
    cache.ask(body)
    for _ in range(2):
        cache.clock.now += seconds - 1
        assert cache.ask(body).read > 0
    cache.clock.now += seconds
    assert cache.ask(body).read == 0


def test_a_read_between_marks_renews_an_entry_by_its_own_time() -> None:
    cache = Cache()
    cache.ask(model_request(user(marked(text("start"), HOUR))))
    cache.clock.now += 3000
    assert cache.ask(model_request(user("start", marked(text("more"))))).read > 0
    cache.clock.now += 3000
    assert cache.ask(model_request(user("start", marked(text("other"))))).read > 0


def test_the_two_lifetimes_are_counted_apart() -> None:
    cache = Cache()
    body = model_request(user(marked(text("question"))), system=[marked(text("careful " * 20), HOUR)])
    usage = cache.ask(body).usage()
    hour, five = (
        usage["cache_creation"]["ephemeral_1h_input_tokens"],
        usage["cache_creation"]["ephemeral_5m_input_tokens"],
    )
    assert hour > five > 0
    assert usage["cache_creation_input_tokens"] == hour + five


def test_a_prefix_below_the_minimum_is_not_cached() -> None:
    cache = Cache(min_tokens=1024)
    small, large = model_request(user(marked(text("x" * 3000)))), model_request(user(marked(text("x" * 3700))))
    assert cache.ask(small).written_5m == 0
    assert cache.ask(large).written_5m > 0


def test_the_automatic_mark_is_the_last_block() -> None:
    cache = Cache()
    body = model_request(user("question"), cache_control=MARK)
    assert cache.ask(body).written_5m == cache.total(body)


@pytest.mark.parametrize(
    ("change", "reads_head"),
    [
        (lambda b: b.update(model="other"), False),
        (lambda b: b["system"][0].update(text="changed"), False),
        (lambda b: b.update(thinking={"type": "adaptive"}), True),
        (lambda b: b["messages"][0]["content"][0].update(text="changed"), True),
    ],
)
def test_a_change_spares_only_what_comes_before_it(change: Callable[[Json], None], reads_head: bool) -> None:
    cache = Cache()
    body = model_request(user(marked(text("question"))), system=[marked(text("careful"))])
    cache.ask(body)
    changed = copy.deepcopy(body)
    change(changed)
    assert (cache.ask(changed).read > 0) == reads_head
    assert cache.ask(changed).read == cache.total(changed)


def test_looking_alone_changes_nothing() -> None:
    cache = Cache()
    prefix = cache.reader.read(model_request(user(marked(text("question")))))
    cache.simulation.look(prefix)
    assert cache.simulation.look(prefix).read == 0


def read(reader: PieceReader, body: Json) -> tuple[Prefix, int]:
    """The prefix of a body, and how many of its messages were known."""
    known = reader.share(body)
    return reader.read(body), known


def test_unchanged_messages_are_read_once_and_shared() -> None:
    reader = PieceReader()
    one = model_request(user("a" * 1000), assistant("b"), user("c"))
    two = model_request(*copy.deepcopy(one["messages"]), assistant("d"), user("e"))
    first, _ = read(reader, one)
    second, known = read(reader, two)
    assert known == 2  # the third was the last when it was judged
    assert all(mine is theirs for mine, theirs in zip(first.pieces, second.pieces, strict=False))
    assert two["messages"][2] is one["messages"][2]
    assert second == read(PieceReader(), copy.deepcopy(two))[0]


def test_a_moved_mark_reads_one_message_anew_and_changes_no_hash() -> None:
    reader = PieceReader()
    one = model_request(user("a"), assistant("b"), user(marked(text("c"))))
    two = model_request(user("a"), assistant("b"), user("c"), assistant("d"), user(marked(text("e"))))
    first, _ = read(reader, copy.deepcopy(one))
    second, known = read(reader, two)
    assert known == 2
    assert second.hashes[:3] == first.hashes
    assert second.marks() == [(4, "5m")]


@pytest.mark.parametrize(
    "body", [{}, {"messages": []}, {"messages": 3}, {"messages": [3]}, {"messages": [{"content": [1]}]}]
)
def test_sharing_takes_any_json(body: Json) -> None:
    assert PieceReader().share(body) == 0


def test_equal_numbers_written_differently_are_not_shared() -> None:
    reader = PieceReader()
    calls = [tool("Edit", id="t", count=count) for count in (1, 1.0, True)]
    requests = [model_request(user("go"), assistant(call), user(result("t"))) for call in calls]
    assert len({read(reader, request)[0].pieces[1].digest for request in requests}) == 3
