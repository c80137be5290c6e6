"""What is said when something goes wrong: what happened, what was kept, what to do."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.fakeapi import fault, turn
from tests.support.shots.run import LOGIN, told
from tests.support.studio import GRACE, Shot, Studio

PROMPT = "How does login work?"


def failed(studio: Studio, words: str, *faults: object, **more: object) -> Sequence[str]:
    with studio.session([turn(LOGIN, delta=8, fault=list(faults))], prompt=PROMPT, **more) as term:  # type: ignore[arg-type]  # options of a script
        term.wait(words)
        term.during(GRACE)
        return told(term, "How")


def refused(studio: Studio) -> Sequence[str]:
    return failed(studio, "was refused", fault("status", 401, message="invalid x-api-key", times="forever"))


def overloaded(studio: Studio) -> Sequence[str]:
    return failed(studio, "try 3 of", fault("status", 529, times="forever"))


def limited(studio: Studio) -> Sequence[str]:
    return failed(studio, "Rate limit", fault("status", 429, retry_after=34, times="forever"))


def nobody(studio: Studio) -> Sequence[str]:
    with studio.session(None, env={"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}, prompt=PROMPT) as term:
        term.wait("connection refused).", 60)
        term.wait("Your message is back")
        term.settle()
        return told(term, "How")


def unreachable(studio: Studio) -> Sequence[str]:
    with studio.session(None, env={"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}, prompt=PROMPT) as term:
        term.wait("Trying again")
        return told(term, "How")


def full(studio: Studio) -> Sequence[str]:
    message = "prompt is too long: 214000 tokens > 200000 maximum"
    studio.settings('{"autoCompact": false, "autoCompactEnabled": false}')
    return failed(studio, "no longer fits", fault("status", 400, message=message, times="forever"))


def cut(studio: Studio) -> Sequence[str]:
    with studio.session([turn(LOGIN, delta=8, fault=fault("cut", after=14, times="forever"))], prompt=PROMPT) as term:
        term.wait("Trying again")
        return told(term, "How")


def given_up(studio: Studio, *faults: object, words: str) -> Sequence[str]:
    return failed(studio, words, *faults, env={"CLAUDE_CODE_MAX_RETRIES": "1"})


def overloaded_still(studio: Studio) -> Sequence[str]:
    return given_up(studio, fault("status", 529, times="forever"), words="stayed overloaded")


def cut_still(studio: Studio) -> Sequence[str]:
    return given_up(studio, fault("cut", after=14, times="forever"), words="(connection lost)")


def too_long(studio: Studio) -> Sequence[str]:
    with studio.session([turn(LOGIN, stop_reason="max_tokens", repeat="forever")], prompt=PROMPT) as term:
        term.wait("output limit")
        term.settle()
        return told(term, "How")


def unknown(studio: Studio) -> Sequence[str]:
    with studio.session(prompt="/frobnicate") as term:
        term.wait("There is no")
        term.settle()
        return term.screen[4:]


SHOTS = (
    Shot("The key was refused", "401: it is not tried again.", refused),
    Shot("Overloaded", "529: a live row that counts down.", overloaded),
    Shot("Rate limit", "429: as long as the server asks for.", limited),
    Shot("Nobody answers, for now", "It is tried a few times.", unreachable),
    Shot("Nobody answers", "Nothing listens at the address.", nobody),
    Shot("The conversation no longer fits", "With automatic compaction off.", full),
    Shot("It stayed overloaded", "After the last try (here the second).", overloaded_still),
    Shot("The answer was cut off, for now", "The connection was lost in the middle.", cut),
    Shot("The answer was cut off", "After the last try (here the second).", cut_still),
    Shot("The answer was too long", "The model's own limit for one answer.", too_long),
    Shot("No such command", "The line is back in the prompt.", unknown),
)
