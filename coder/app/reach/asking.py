"""What servers ask of a session, made when the first one asks. Must not know what becomes of a question."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.app.reach.noes import Noes
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.mcp.server import Server

if TYPE_CHECKING:
    from coder.agent.gate import Gate
    from coder.app.hooking.points import Points
    from coder.app.reach import eliciting, sampling
    from coder.app.reach.sampling import Means
else:  # few servers ask
    eliciting, sampling = LazyModule("coder.app.reach.eliciting"), LazyModule("coder.app.reach.sampling")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parties:
    """Whom questions go through. The gate is given late: it is made after the tools."""

    gate: Callable[[], Gate]
    points: Points


class Asks:
    """`means` gives what asking the model takes, `say` tells people something."""

    def __init__(self, parties: Parties, means: Callable[[], Means], say: Callable[[str], None]) -> None:
        self._parties = parties
        self._means = means
        self._say = say
        self._noes = Noes(say)
        self._sampling: sampling.Sampling | None = None
        self._elicitation: eliciting.Elicitation | None = None

    async def sample(self, server: Server, params: Json) -> Json:
        self._sampling = self._sampling or sampling.Sampling(self._means(), self._noes)
        return await self._sampling(server, params)

    async def elicit(self, server: Server, params: Json) -> Json:
        if self._elicitation is None:
            parties = self._parties
            self._elicitation = eliciting.Elicitation(
                lambda ask: parties.gate().ask(ask), parties.points, self._say, noes=self._noes
            )
        return await self._elicitation(server, params)
