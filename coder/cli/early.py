"""What ends a run before it has a session: a signal, or something wrong with its flags, its settings, its start. A
program that waits for a result gets one all the same. Must not know sessions; imports next to nothing, being there
first.
"""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself takes more than all of this
    from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STARVED = "there is not enough memory to go on. Give the process more: ulimit -v, or the limit of its container"
INTERRUPTED = "Interrupted before the session began. Nothing was sent to the model"

_PATIENCE = 30.0  # seconds that are waited for a reader that does not read
_HURRIED = 3.0  # the same, once a signal has come
_RESERVED = 4 << 20  # bytes; of zeros that nobody looks at, no page is taken (a bytearray would take all of them)

_unwinds = False
_is_leaving = False  # the result is on its way
_caught: int = signal.SIGINT
_reserve = b""  # memory to say with that there is none
_form = ""  # "json" where whoever started us waits for a result, "text" where a run was asked for, else ""


def begin(argv: list[str]) -> None:
    """To be called with the first thing that is done. Flags are only looked at here: they may make no sense."""
    global _form, _reserve
    _form = _form_of(argv)
    if not _form:
        return
    _reserve = bytes(_RESERVED)
    for number in SIGNALS:
        # An ignored signal stays ignored: nohup and background jobs of a shell rely on it.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    atexit.register(_said)


def over() -> None:
    """Somebody else sees to the one result from now on."""
    global _form
    _form = ""


def give_back() -> None:
    """Signals are again what they are in any program: what runs now sees to them itself."""
    over()
    for number in SIGNALS:
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@contextmanager
def unwinding() -> Iterator[None]:
    """Something is begun inside that is to be undone: a signal is a KeyboardInterrupt, whichever it is."""
    global _unwinds
    _unwinds = True
    try:
        yield
    finally:
        _unwinds = False


def failed(why: str) -> None:
    """Writes the one result, for whoever waits for one: nobody else will. `why` is what is said on stderr too."""
    global _is_leaving
    if _form == "json":
        _is_leaving = True
        _write(1, _result(why, "turn_setup_failed"), _PATIENCE, 1)
        _is_leaving = False
    over()


def is_of_memory(error: BaseException) -> bool:
    """Whether there was no memory, also as imports say it: by an error of the interpreter, or of its loader."""
    said = str(error)
    return isinstance(error, MemoryError | SystemError) or (
        isinstance(error, ImportError) and ("map segment" in said or "allocate memory" in said)
    )


def starved() -> NoReturn:
    """There is no memory, not even to say so as everything else is said. Leaves at once: the interpreter would tell of
    each thing that it cannot take down."""
    global _is_leaving, _reserve
    _is_leaving, _reserve = True, b""
    if _form == "json":
        _write(1, _result(STARVED, "turn_setup_failed"), _PATIENCE, 1)
    _write(2, f"coder: {STARVED}\n".encode(), _HURRIED, 1)
    os._exit(1)


def interrupted(number: int = 0) -> int:
    """The same after a signal, by default the one that was a KeyboardInterrupt. Returns the exit code."""
    global _is_leaving
    _is_leaving = True
    code = 128 + (number or _caught)
    if _form == "json":
        _write(1, _result(INTERRUPTED, "aborted_streaming"), _HURRIED, code)
    elif _form == "text":
        _write(2, f"coder: {INTERRUPTED}\n".encode(), _HURRIED, code)
    over()
    return code


def _on_signal(number: int, frame: FrameType | None) -> None:
    global _caught
    if _is_leaving:
        if signal.getitimer(signal.ITIMER_REAL)[0] > _HURRIED:
            _leave_in(_HURRIED, 128 + number)
        return
    if _unwinds:
        _caught = number
        raise KeyboardInterrupt
    # Nothing has begun that would have to be ended, and half of what is imported may be there: an exception could end
    # anywhere, unseen.
    os._exit(interrupted(number))


def _said() -> None:
    """All is said, and nothing but the interpreter is still to be taken down. That drops our handlers first: a signal
    would take the place of the exit code."""
    for number in SIGNALS:
        if signal.getsignal(number) not in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, signal.SIG_IGN)


def _leave_in(seconds: float, code: int) -> None:
    signal.signal(signal.SIGALRM, lambda *_: os._exit(code))
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _form_of(argv: list[str]) -> str:
    is_json = is_run = False
    for at, word in enumerate(argv):
        name, _, value = word.partition("=")
        if name in ("--output-format", "--input-format"):
            value = value or (argv[at + 1] if at + 1 < len(argv) else "")
            is_json = is_json or value in ("json", "stream-json")
        is_run = is_run or name in ("-p", "--print") or (name == "--input-format" and value == "stream-json")
    return "" if not is_run else "json" if is_json else "text"


def _result(why: str, reason: str) -> bytes:
    """Put together by hand: in a signal handler the module json may be half imported."""
    counts = ("input", "output", "cache_creation_input", "cache_read_input")
    usage = "".join(f'"{each}_tokens":0,' for each in counts) + (
        '"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},'
        '"server_tool_use":{"web_search_requests":0,"web_fetch_requests":0},"service_tier":"standard"'
    )
    return (
        f'{{"type":"result","subtype":"error_during_execution","is_error":true,"duration_ms":0,"duration_api_ms":0,'
        f'"num_turns":0,"stop_reason":null,"total_cost_usd":0.0,"usage":{{{usage}}},'
        f'"modelUsage":{{}},"permission_denials":[],"terminal_reason":"{reason}","errors":["{_quoted(why)}"],'
        f'"session_id":"","uuid":"{_uuid()}"}}\n'
    ).encode()


def _quoted(text: str) -> str:
    return "".join(each if " " <= each <= "~" and each not in '"\\' else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    code = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))


def _uuid() -> str:
    """A random one of version 4."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def _write(fd: int, data: bytes, patience: float, code: int) -> None:
    """Leaves with that code when nobody has read it for so long."""
    _leave_in(patience, code)
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        pass  # nobody reads it
    signal.setitimer(signal.ITIMER_REAL, 0.0)
