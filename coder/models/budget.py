"""The money and the tokens that all requests of a session may use together. Must not know prices, transports or events.

Each attempt is paid for at its worst before it is sent, and settled when it is over. What was sent and did not come
back whole stays paid for at its worst: nobody knows what of it was billed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.errors import ErrorKind, ModelError
from coder.core.messages import Usage
from coder.core.model import CountingModel, ModelRequest
from coder.core.prints import PromptPrint

if TYPE_CHECKING:
    from coder.models.metered import Attempt

LEAST_OUTPUT = 1_000  # tokens; a reply that has to be shorter is not asked for, unless it was wanted shorter
_UNSEEN = 1_000  # tokens of a prompt that are in no byte of the request: the API's own words about tools
_NEXT = 100  # and of the marks around new messages
_REMEMBERED = 8
_FOUND = 10_000  # tokens that one search of the provider adds to what its model reads

Price: TypeAlias = Callable[[str, Usage], float | None]
Rates: TypeAlias = Callable[[str, int], "tuple[float, float] | None"]


@dataclass(frozen=True, slots=True)
class Hold:
    """What is set aside for one attempt, in dollars and tokens; `max_tokens` is what its reply may have. `above` is the
    same in the budget that this one is a part of."""

    max_tokens: int
    prompt: int
    dollars: float
    tokens: int
    above: Hold | None = None


class Budget:
    """Shared by every agent of a session. `price` is that of one request; `rates` gives the dearest prices of a token
    of the prompt and of the reply, in dollars, for a prompt of so many tokens. Both are None for an unknown price.

    A limit that is None does not hold. Neither limit is ever passed, as long as the API bills no more than its own
    count of the prompt and `max_tokens`. What is spent from it is spent from `above` too, which it is a part of."""

    def __init__(
        self, dollars: float | None, tokens: int | None, price: Price, rates: Rates, above: Budget | None = None
    ) -> None:
        self._above = above
        self._limit_dollars = math.inf if dollars is None else dollars
        self._limit_tokens = math.inf if tokens is None else tokens
        self._price = price
        self._rates = rates
        self._dollars = self._lost_dollars = 0.0
        self._tokens = self._lost_tokens = 0
        self._holds: list[Hold] = []
        self._settled = asyncio.Event()
        self._counted: list[tuple[PromptPrint, int]] = []

    async def reserve(self, request: ModelRequest, print_: PromptPrint, counter: CountingModel | None) -> Hold:
        """Sets aside what the request may cost at most, with as long a reply as is left to pay.

        Asks the API to count the prompt when its bytes alone would be too much, and waits for other requests to be
        settled when only they stand in the way. Raises ModelError of kind "budget" or "token_budget".
        """
        own = self._bound(print_)
        fee = self._price(request.model, Usage(web_search_requests=_searches(request))) or 0.0
        least = min(request.max_tokens, LEAST_OUTPUT)
        counted = counter is None
        while True:
            prompt = _read(own, _searches(request))
            room = self._room(request.model, prompt, fee)
            if room >= least:
                break
            if not counted and counter is not None:
                counted, own = True, min(own, await _count(counter, request, own))
            elif self._holds:
                self._settled.clear()
                await self._settled.wait()
            else:
                raise self._refusal(request.model, prompt, least, fee)
        output = min(request.max_tokens, room)
        hold = Hold(output, prompt, self._dearest(request.model, prompt, output) + fee, prompt + output)
        self._holds.append(hold)
        return hold if self._above is None else await self._with_above(hold, self._above, request, print_, counter)

    async def _with_above(
        self, own: Hold, above: Budget, request: ModelRequest, print_: PromptPrint, counter: CountingModel | None
    ) -> Hold:
        try:
            higher = await above.reserve(replace(request, max_tokens=own.max_tokens), print_, counter)
        except BaseException:
            self.settle(own, None)
            raise
        hold = replace(own, max_tokens=higher.max_tokens, above=higher)
        self._holds[self._holds.index(own)] = hold
        return hold

    def settle(self, hold: Hold, attempt: Attempt | None) -> None:
        """Takes what the attempt used in place of what was set aside; None for one that was not billed."""
        self._holds.remove(hold)
        self._settled.set()
        if self._above is not None and hold.above is not None:
            self._above.settle(hold.above, attempt)
        if attempt is None:
            return
        usage, model = attempt.usage, attempt.request.model
        tokens = usage.prompt_tokens + usage.output_tokens
        dollars = self._price(model, usage) or 0.0
        if attempt.status == "billed":
            self._remember(attempt.taken.print, usage.prompt_tokens)
        else:
            self._lost_tokens += max(0, hold.tokens - tokens)
            self._lost_dollars += max(0.0, hold.dollars - dollars)
            tokens, dollars = max(tokens, hold.tokens), max(dollars, hold.dollars)
        self._tokens += tokens
        self._dollars += dollars

    def _bound(self, print_: PromptPrint) -> int:
        """The most tokens the prompt can count: a token is never less than a byte."""
        fresh = sum(print_.most) + _UNSEEN
        for known, count in self._counted:
            same = (known.model, known.shape) == (print_.model, print_.shape)
            length = len(known.pieces)
            if same and print_.pieces[:length] == known.pieces:
                fresh = min(fresh, count + sum(print_.most[length:]) + _NEXT)
        return fresh

    def _remember(self, print_: PromptPrint, count: int) -> None:
        self._counted = [(print_, count), *self._counted[: _REMEMBERED - 1]]

    def _room(self, model: str, prompt: int, fee: float) -> int:
        """Tokens that a reply to such a prompt may have; below 0 when not even the prompt can be paid for."""
        room = self._limit_tokens - self._tokens - sum(hold.tokens for hold in self._holds) - prompt
        if self._limit_dollars < math.inf:
            rates = self._rates(model, prompt)
            if rates is None:
                raise _unpriced(model)
            left = self._limit_dollars - self._dollars - sum(hold.dollars for hold in self._holds)
            left -= prompt * rates[0] + fee
            room = min(room, left / rates[1] if rates[1] else math.inf if left >= 0 else -1)
        return -1 if room < 0 else int(min(room, 10**9))

    def _dearest(self, model: str, prompt: int, output: int) -> float:
        rates = self._rates(model, prompt)
        return 0.0 if rates is None else prompt * rates[0] + output * rates[1]

    def _refusal(self, model: str, prompt: int, output: int, fee: float) -> ModelError:
        kind: ErrorKind = "token_budget"
        if self._tokens + prompt + output > self._limit_tokens:
            used, lost = f"{self._tokens - self._lost_tokens:,}", f"{self._lost_tokens:,}" if self._lost_tokens else ""
            limit, need = f"{self._limit_tokens:,} tokens", f"{prompt + output:,}"
            again = f"--max-tokens {max(int(self._limit_tokens), 2 * (prompt + output))}"
        else:
            kind = "budget"
            cost = self._dearest(model, prompt, output) + fee
            used = _money(self._dollars - self._lost_dollars)
            lost = _money(self._lost_dollars) if self._lost_dollars else ""
            limit, need = _money(self._limit_dollars), _money(cost)
            again = f"--max-budget-usd {max(self._limit_dollars, math.ceil(200 * cost) / 100):g}"
        broken = f" (and up to {lost} for what broke off)" if lost else ""
        return ModelError(
            f"Budget reached: {used} of {limit} used{broken}, and the next request could take {need}. "
            f'Go on with: coder -p -c {again} "go on"',
            kind,
        )


def _searches(request: ModelRequest) -> int:
    """How often the provider may search while it answers."""
    return sum(int(tool.get("max_uses", 0)) for tool in request.server_tools)


def _read(prompt: int, searches: int) -> int:
    """The tokens read in all, when after each search everything so far is read again."""
    return prompt * (searches + 1) + _FOUND * searches * (searches + 1) // 2


async def _count(counter: CountingModel, request: ModelRequest, otherwise: int) -> int:
    """The API's count and a little more, since it calls it an estimate."""
    try:
        count = await counter.count_tokens(replace(request, headers={}))
    except ModelError:
        return otherwise
    return count + count // 50 + _NEXT


def _unpriced(model: str) -> ModelError:
    return ModelError(
        f"The price of {model} is not known, so --max-budget-usd cannot hold. Use --max-tokens to limit its tokens.",
        "budget",
    )


def _money(dollars: float) -> str:
    """In cents; below ten of them in hundredths, where there are any. What is more than nothing is never $0.00."""
    if 0 < dollars < 0.0001:
        return "<$0.0001"
    text = f"{dollars:.4f}" if 0 < dollars < 0.1 else f"{dollars:.2f}"
    return f"${text.removesuffix('00') if len(text) == 6 else text}"
