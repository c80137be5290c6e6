"""The row below the prompt: mode, model, context, cost, and the one key that matters now. Pure."""

from __future__ import annotations

from coder.core.choices import Mode
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.frontends.amounts import money
from coder.frontends.model_names import short_model
from coder.frontends.modes import in_words
from coder.frontends.styled import Row, Span, cut, foreign, width_of
from coder.models import catalog

_YELLOW, _RED = 70, 85


@dataclass(frozen=True, slots=True)
class Status:
    """`context` is in per cent of the window, None while nothing is known. `cost` is None where a price is unknown. An
    empty `model` is not known yet, and its cost neither. `vim` is the mode of its keys, "" where it is not to be told.
    """

    mode: Mode
    model: str
    context: int | None
    cost: float | None
    hint: str = ""
    compacts_soon: bool = False
    instead: str = ""  # said in place of all of it
    vim: str = ""


def status_before(config: Config, hint: str, vim: str, *, goes_on: bool, instead: str = "") -> Status:
    """Of a session that is not open yet. One that `goes_on` has a model, a context and a cost that are not known."""
    if goes_on:
        return Status(config.mode, "", None, None, hint, instead=instead, vim=vim)
    return Status(config.mode, catalog.resolve(config.model.name, config.env), 0, 0.0, hint, instead=instead, vim=vim)


def status_row(status: Status, width: int) -> Row:
    """As much of it as fits: narrow terminals lose the cost, then the model, then the hint."""
    if status.instead:
        return cut((Span(status.instead, "dim"),), width)
    context = _context(status)
    model = Span(foreign(short_model(status.model)), "dim")
    cost = Span(money(status.cost), "dim")
    left = [*_vim(status.vim), _mode(status.mode)]
    if width >= 60 and status.model:
        left.append(model)
    if context is not None:
        left.append(context)
    if width >= 80 and status.model:
        left.append(cost)
    made = _joined(left)
    hint = status.hint if width >= 60 else ""
    gap = width - width_of(made) - len(hint)
    if not hint or gap < 2:
        return cut(made, width)
    return (*made, Span(" " * gap), Span(hint, "dim"))


def mode_row(mode: Mode, hint: str, width: int, vim: str = "") -> Row:
    """The mode and the hint alone, below rows of the person's own."""
    made = _joined([*_vim(vim), _mode(mode)])
    gap = width - width_of(made) - len(hint)
    return cut((*made, Span(" " * max(gap, 1)), Span(hint, "dim")), width) if hint and gap > 1 else cut(made, width)


def _vim(mode: str) -> list[Span]:
    return [Span(f"-- {mode} --", "dim")] if mode else []


def _mode(mode: Mode) -> Span:
    if mode == "bypassPermissions":
        return Span(f"! {in_words(mode)}", "warn")
    return Span(in_words(mode), "warn" if mode == "dontAsk" else "dim")


def _context(status: Status) -> Span | None:
    if status.context is None:
        return None
    text = f"{status.context}% context" + (", compacts soon" if status.compacts_soon else "")
    style = "bad" if status.context >= _RED else "warn" if status.context >= _YELLOW else "dim"
    return Span(text, style)  # type: ignore[arg-type]  # one of three styles


def _joined(spans: list[Span]) -> Row:
    made: list[Span] = []
    for span in spans:
        made += ([Span(" · ", "dim")] if made else []) + [span]
    return tuple(made)
