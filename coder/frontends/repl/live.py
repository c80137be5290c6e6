"""The rows above the prompt while a run is on: what is being written, the calls that run, the todo list, the state, the
queue. Pure; must not know a terminal.

Where rows are short, what matters least goes first: the todo list, then the queue, then the calls and the agents, then
the tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.frontends.amounts import counted, tokens, whole_seconds
from coder.frontends.beside import AT_WORK
from coder.frontends.repl.board import Board, Call
from coder.frontends.styled import Row, cut, foreign, plain, row, width_of

if TYPE_CHECKING:
    from coder.core.agents import AgentRow
    from coder.frontends.render import agents as agents_drawn
    from coder.frontends.render import failures
else:  # a run comes after the first paint
    agents_drawn = LazyModule("coder.frontends.render.agents")
    failures = LazyModule("coder.frontends.render.failures")

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_MOST_TODOS = 6
_MOST_CALLS = 4
_FOLD_BELOW = 30  # rows of the terminal
_TAKE_BACK = "↑ takes it back"
_WORDS = 40  # characters of what a server says of its progress
_ENOUGH = 24  # cells of a command
_QUIET = 10.0  # seconds without a byte, after which it is said


@dataclass(frozen=True, slots=True)
class Look:
    """How it is drawn: `marks` in their forms for this terminal, `keys` as the person has them."""

    width: int
    height: int
    is_still: bool = False  # no animation
    stop_key: str = "esc"
    background_key: str = "ctrl+b"
    todo_key: str = "ctrl+t"
    transcript_key: str = "ctrl+o"
    spinner: str = SPINNER


def live_rows(board: Board, tail: Sequence[Row], look: Look, agents: Sequence[AgentRow] = ()) -> list[Row]:
    """At most a third of the terminal, and one row at least while a run is on. `agents` are those of the session: while
    some are at work they have rows with no run on, too."""
    most = max(look.height // 3, 1)
    own = _own(board, agents)
    agents = [each for each in agents if each.state in AT_WORK]
    state = [_state(board, look, own, agents)] if board.is_running and board.phase != "asking" else []
    queue = _queue(board)
    calls, output = _calls(board, own), _output(board)
    calls = [*_steps(board), *calls]
    room = most - len(state)
    queue = queue[-max(min(len(queue), room), 0) :] if room > 0 else []
    room -= len(queue)
    if agents:
        calls += agents_drawn.live_rows(agents, look.width, room - len(calls))
    calls = calls[: max(room, 0)]
    room -= len(calls)
    output = output[-room:] if room > 0 else []
    room -= len(output)
    shown_tail = list(tail[-room:]) if room > 0 and tail else []
    room -= len(shown_tail)
    todos = _todos(board, look, room)
    if len(todos) > room:
        todos = []
    rows = [cut(each, look.width) for each in (*shown_tail, *calls, *todos, *state, *output, *queue)]
    if queue:
        rows[-len(queue)] = _with_hint(rows[-len(queue)], look.width)
    return rows


def todo_rows(board: Board) -> list[Row]:
    """The whole todo list."""
    marks = {"completed": ("✓", "ok"), "in_progress": ("▸", "bold")}
    rows: list[Row] = []
    for each in board.todos:
        status = str(each.get("status"))
        mark, style = marks.get(status, ("☐", ""))
        text = each.get("activeForm") if status == "in_progress" else each.get("content")
        name = foreign(str(text or each.get("content") or ""))
        rows.append(
            row("  ", (f"{mark} ", style), (name, "dim" if status == "completed" else ""))  # type: ignore[arg-type]  # styles of the table
        )
    return rows


def state_words(board: Board) -> str:
    """The state, in the only words there are for it, or in those of a hook that is waited for."""
    if not board.calls and (status := next((text for text in board.hooks.values() if text), "")):
        return foreign(status)
    match board.phase:
        case "thinking":
            return "Thinking"
        case "writing":
            return "Writing"
        case "running":
            first = next(iter(board.calls.values()), None)
            return f"Running {foreign(_named(first))}" if first is not None else "Waiting for the model"
        case "compacting":
            return "Compacting"
        case "ending":
            return "Finishing"
        case "asking":
            return "Waiting for you"
        case "retrying":
            return "Trying again"
        case _:
            return "Waiting for the model"


def _named(call: Call) -> str:
    return call.summary.removeprefix("Bash ")


def _steps(board: Board) -> list[Row]:
    """The steps of workflows that are under way."""
    return [row(("▸ ", "bold"), agents_drawn.step_words(each)) for each in board.steps.values()]


def _own(board: Board, agents: Sequence[AgentRow]) -> list[Call]:
    """The calls that no agent tells of."""
    told = {each.call for each in agents}
    return [each for each in board.calls.values() if each.id not in told]


def _state(board: Board, look: Look, own: Sequence[Call], agents: Sequence[AgentRow]) -> Row:
    mark = "▸" if look.is_still else look.spinner[int(board.clock() * 10) % len(look.spinner)]
    if board.phase == "retrying" and board.retry is not None:
        text = failures.retry_text(board.retry.event, board.retry.until - board.clock(), key=look.stop_key)
        return row((f"{mark} ", "warn"), text)
    words = state_words(board) if own or not board.calls else "Waiting for the model"
    awaited = [each for each in agents if not each.background and each.parent == "main"]
    if awaited and not own and board.phase in ("running", "waiting"):
        count = sum(each.state != "queued" for each in awaited)
        words = f"Running {counted(count, 'agent')}"
        told = f"{look.transcript_key} shows what {'it was' if count == 1 else 'they were'} told"
        parts = [whole_seconds(board.seconds), told]
    elif board.phase == "running" and own:
        call = own[0]
        words = f"Running {foreign(_named(call))}"
        parts = [*_progress(call), whole_seconds(board.clock() - call.began)]
    else:
        parts = [whole_seconds(board.seconds)]
        if board.tokens:
            parts.append(f"↓ {tokens(board.tokens)} tokens")
        if board.clock() - board.heard >= _QUIET and board.phase in ("waiting", "thinking", "writing"):
            parts.append("nothing received yet" if not board.tokens else "nothing received lately")
    hint = f"{look.background_key} sends it to the background"
    whole = len(" · ".join([*parts, hint])) + 5
    # A long command is shortened for it: its beginning is enough to know it by.
    if _command(board) and look.background_key and min(width_of(row(words)), _ENOUGH) + whole < look.width:
        parts.append(hint)
    room = look.width - len(" · ".join(parts)) - 6
    shown = plain(cut(row(words), max(room, 12)))
    return row((f"{mark} ", "bold"), shown, (f" · {' · '.join(parts)}", "dim"))


def _calls(board: Board, calls: Sequence[Call]) -> list[Row]:
    """Those of several; one alone is told by the state."""
    if len(calls) == len(board.calls) == 1:
        return []
    rows = [row(("▸ ", "bold"), " · ".join((foreign(call.summary), *_progress(call)))) for call in calls[:_MOST_CALLS]]
    if len(calls) > _MOST_CALLS:
        rows.append(row((f"  … {len(calls) - _MOST_CALLS} more", "dim")))
    return rows


def _progress(call: Call) -> list[str]:
    """How far a server says that a call of it is."""
    return [foreign(call.last)[:_WORDS]] if call.name.startswith("mcp__") and call.last else []


def _command(board: Board) -> Call | None:
    """The command that is all that runs."""
    call = next(iter(board.calls.values()), None)
    return call if call is not None and len(board.calls) == 1 and call.name == "Bash" else None


def _output(board: Board) -> list[Row]:
    call = _command(board)
    return [row((f"  {foreign(line)}", "dim")) for line in call.last.splitlines()[-3:]] if call is not None else []


def _todos(board: Board, look: Look, room: int) -> list[Row]:
    if not board.todos or not board.open_todos:
        return []
    if is_folded(board, look.height) or room < 2:
        return [_folded(board)]
    rows = todo_rows(board)
    if len(rows) <= min(_MOST_TODOS, room):
        return rows
    # What is being done stays in view.
    now = next((at for at, each in enumerate(board.todos) if each.get("status") == "in_progress"), 0)
    most = min(_MOST_TODOS, room) - 1
    first = max(min(now - 1, len(rows) - most), 0)
    left = len(rows) - most
    return [*rows[first : first + most], row((f"  … {left} more", "dim"))]


def is_folded(board: Board, height: int) -> bool:
    """As the person wants it, else by the rows there are."""
    return height < _FOLD_BELOW if board.folded is None else board.folded


def _folded(board: Board) -> Row:
    now = next((each for each in board.todos if each.get("status") == "in_progress"), None)
    named = now or next((each for each in board.todos if each.get("status") != "completed"), {})
    done = len(board.todos) - board.open_todos
    word = "now" if now else "next"
    text = named.get("activeForm") if now else named.get("content")
    return row(f"  todo {done}/{len(board.todos)} · {word}: {foreign(str(text or named.get('content') or ''))}")


def _queue(board: Board) -> list[Row]:
    rows = [row(("↳ next step: ", "dim"), foreign(text)) for text in board.queued]
    return rows + [row(("↳ after this run: ", "dim"), foreign(text)) for text in board.after]


def _with_hint(given: Row, width: int) -> Row:
    gap = width - width_of(given) - len(_TAKE_BACK)
    return (*given, *row((" " * gap + _TAKE_BACK, "dim"))) if gap >= 2 else given
