"""`/model`: which model answers. Must not know how one is asked."""

from __future__ import annotations

from difflib import get_close_matches

from coder.config.credentials import BASE_URL
from coder.core.errors import ConfigError
from coder.core.messages import Usage
from coder.frontends.amounts import exact_money, rounded, tokens
from coder.frontends.desk import Desk
from coder.frontends.picker import Action, Item, Picker
from coder.frontends.slash.saying import done, shown, warned
from coder.models import catalog

_DEFAULT = Action("ctrl+s", "also for new sessions")


async def run(desk: Desk, arguments: str) -> None:
    if desk.config.model.is_fixed:
        name = shown(desk.session.facts.model, 60)
        raise ConfigError(f"The administrator has set the model for everybody here: {name}. Ask them for another.")
    wanted, is_default = arguments.strip(), False
    if not wanted:
        picked = await desk.ui.pick(model_picker(desk))
        if picked is None or picked.item is None:
            return
        wanted, is_default = str(picked.item.value), picked.action == _DEFAULT.key
    name = checked(wanted, desk)
    now = desk.session.facts.model
    if is_default:
        desk.set_setting("model", name)
    if catalog.is_same_model(name, now):
        done(desk.ui, f"Model: {shown(now, 60)}, as it was.{' New sessions use it too.' if is_default else ''}")
        return
    filled = (await desk.session.context()).total if desk.prompts else 0
    await desk.reopen(model_name=name)
    also = " New sessions use it too." if is_default else ""
    done(desk.ui, f"Model: {shown(name, 60)} · {_about(name)}.{also}")
    _say_cost(desk, name, filled)


def checked(wanted: str, desk: Desk) -> str:
    """The id of the model that is meant. Raises ConfigError for a slip of the pen."""
    name = catalog.resolve(wanted, desk.config.env)
    if not name or name.split() != [name]:
        raise ConfigError(f"{shown(wanted, 60)} is no name of a model. /model lists those that coder knows.")
    model = desk.config.model
    is_ours = model.provider == "anthropic" and model.base_url == BASE_URL
    if catalog.describe(name).known or name.startswith("claude-") or not is_ours:
        return name
    near = get_close_matches(name.lower(), (*catalog.aliases(), *catalog.models()), n=1)
    hint = f"Did you mean {near[0]}?" if near else "/model lists those that coder knows."
    raise ConfigError(f"There is no model {shown(name, 60)}. {hint}")


def model_picker(desk: Desk) -> Picker:
    now = desk.session.facts.model
    known = sorted(catalog.models(), key=lambda name: catalog.rates(name) is None)
    names = known if any(catalog.is_same_model(now, name) for name in known) else [now, *known]
    short: dict[str, list[str]] = {}
    for alias in catalog.aliases():
        short.setdefault(catalog.resolve(alias, desk.config.env), []).append(alias)
    items, first = [], 0
    for at, name in enumerate(names):
        notes = [*short.get(name, ())]
        if catalog.is_same_model(now, name):
            first = at
            notes.insert(0, "now")
        window = rounded(catalog.describe(name).context_window)
        items.append(Item(name, (shown(name, 40), window, _price(name), ", ".join(notes))))
    return Picker(
        "Models", tuple(items), hint="type to search", actions=(_DEFAULT,), can_search=True, first=first,
        empty="No model of that name. /model NAME takes any.",
    )  # fmt: skip


def _price(name: str) -> str:
    rates = catalog.rates(name)
    return f"${rates[0]:g} in, ${rates[1]:g} out" if rates else "price unknown"


def _about(name: str) -> str:
    facts = catalog.describe(name)
    if not facts.known:
        return "coder does not know it: a window of 200k tokens is assumed, the cost is unknown"
    price = f"{_price(name)} per million tokens" if catalog.rates(name) else "cost unknown"
    return f"{rounded(facts.context_window)} context, {price}"


def _say_cost(desk: Desk, name: str, filled: int) -> None:
    """What the change costs: no other model reads the cache of this one."""
    if not filled:
        return
    window = catalog.describe(name).context_window
    if filled > window:
        size = f"{tokens(filled)} of {rounded(window)} tokens"
        warned(desk.ui, f"The conversation does not fit this model: {size}. /compact makes a summary.")
        return
    price = catalog.price(name, Usage(cache_creation_input_tokens=filled))
    cost = f", about {exact_money(price)}" if price is not None else ""
    warned(
        desk.ui, f"Its cache is empty: the next message pays for the whole conversation, {tokens(filled)} tokens{cost}."
    )
