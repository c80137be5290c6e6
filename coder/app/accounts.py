"""Where the requests of a session are accounted for: told as events, and kept in the ledger file.

Every attempt of every agent comes here once, from the metered models. Must not know front ends or transports.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.events import AnyEvent, ContextEdited, Notice, TurnStarted, UsageReported
from coder.core.lazy import LazyModule
from coder.models import catalog
from coder.models.metered import Attempt
from coder.models.prints import head_pieces
from coder.telemetry.ledger_file import LedgerFile
from coder.telemetry.logs import redacted

if TYPE_CHECKING:
    from coder.core.prints import Difference
    from coder.telemetry import rows
else:  # needed when the first reply is there
    rows = LazyModule("coder.telemetry.rows")

_log = logging.getLogger(__name__)


class Accounts:
    """`file` is None for a session that leaves nothing on disk; `edited` says why its past changed since its last
    request, if it did. A ledger that cannot be written never stops a run."""

    def __init__(
        self, session: str, folder: Path, file: LedgerFile | None, secrets: tuple[str, ...] = (), edited: str = ""
    ) -> None:
        self._session = session
        self._folder = os.path.realpath(folder)
        self._file = file
        self._secrets = tuple(secret for secret in secrets if secret)
        self._emit: Callable[[AnyEvent], None] = lambda event: None
        self._run = uuid.uuid4().hex[:8]
        self._number = 0
        self._lanes: dict[tuple[str, str], int] = {}
        self._turns: dict[str, int] = {}
        self._edits = {"main": edited} if edited else {}
        self._warned = False

    def tell_through(self, emit: Callable[[AnyEvent], None]) -> None:
        self._emit = emit

    def on(self, event: AnyEvent) -> None:
        """Notes what the next rows should say. Decides nothing."""
        match event:
            case TurnStarted():
                self._turns[event.agent] = event.turn
            case ContextEdited():
                self._edits[event.agent] = event.why

    def record(self, attempt: Attempt) -> None:
        """Never raises. What may not have been billed at all is in the file, but counts in no total."""
        if attempt.status != "unknown":
            self._emit(
                UsageReported(
                    agent=attempt.agent,
                    model=attempt.request.model,
                    usage=attempt.usage,
                    api_seconds=attempt.seconds,
                    purpose=attempt.request.purpose,
                    status=attempt.status,
                    request_id=attempt.request_id,
                )
            )
        if self._file is None:
            return
        try:
            row = self._row(attempt)
            self._file.append(rows.encode(row))
            self._keep_head(self._file, row.prompt.head, attempt)
        except OSError as error:
            _log.warning("the cost ledger could not be written: %s", error)
            if not self._warned:
                self._warned = True
                why = error.strerror or error
                self._emit(
                    Notice(level="info", text=f"The cost ledger could not be written ({why}): costs are missing.")
                )

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _row(self, attempt: Attempt) -> rows.Row:
        request, taken = attempt.request, attempt.taken
        self._number += 1
        usd = None if attempt.status == "unknown" else catalog.price(request.model, attempt.usage)
        return rows.Row(
            ts=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            session=self._session,
            folder=self._folder,
            run=self._run,
            number=self._number,
            turn=self._turns.get(attempt.agent, 0),
            agent=attempt.agent,
            purpose=request.purpose,
            model=request.model,
            usage=attempt.usage,
            price=catalog.as_of(),
            usd=usd,
            status=attempt.status,
            request_id=attempt.request_id,
            ms=round(attempt.seconds * 1000),
            prompt=self._prompt(attempt),
            difference=self._shown(taken.difference),
            edit=self._edits.pop(attempt.agent, ""),
        )

    def _prompt(self, attempt: Attempt) -> rows.PromptRow:
        taken = attempt.taken
        lane = (attempt.agent, taken.lane)
        before = self._lanes.get(lane, 0) if taken.before is not None else 0
        self._lanes[lane] = self._number
        pieces = taken.print.pieces
        length = sum(role in ("t", "s") for role, _, _ in pieces)
        head = blake2b(repr(pieces[:length]).encode(), digest_size=8).hexdigest()
        same = taken.shared if before else 0
        return rows.PromptRow(head, length, taken.print.shape, before, same, pieces[same:])

    def _shown(self, difference: Difference | None) -> Difference | None:
        if difference is None:
            return None
        was, now = (redacted(text, self._secrets) for text in (difference.was, difference.now))
        return replace(difference, was=was, now=now)

    def _keep_head(self, file: LedgerFile, name: str, attempt: Attempt) -> None:
        """The head's own words, so that a change of them can be named later, in another process too."""
        taken = attempt.taken
        is_new = taken.before is None or taken.shared < sum(role in ("t", "s") for role, _, _ in taken.print.pieces)
        if is_new and not file.has_head(name):
            words = [redacted(piece, self._secrets) for piece in head_pieces(attempt.request)]
            file.keep_head(name, json.dumps(words, ensure_ascii=False).encode("utf-8", "replace"))
