"""Runs checks, some at a time, and gives their verdicts in order. Must not know what is checked or how it is shown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

from coder.conformance.check import SHOWN, Check, Skipped, Unmet, Verdict
from coder.conformance.ground import Ground
from coder.core.scratch import Scratch

AT_ONCE = 2
PATIENCE = 60.0
_WHOLE = 5  # a check takes at most so many waits


async def verdicts(
    checks: Sequence[Check], command: Sequence[str], *, patience: float = PATIENCE, at_once: int = AT_ONCE
) -> AsyncIterator[Verdict]:
    """In the order of `checks`, each as soon as it and those before it are done."""
    slots = asyncio.Semaphore(at_once)

    async def judged(check: Check) -> Verdict:
        async with slots:
            return await _judge(check, command, patience)

    tasks = [asyncio.create_task(judged(check)) for check in checks]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _judge(check: Check, command: Sequence[str], patience: float) -> Verdict:
    began = time.monotonic()

    def verdict(**fields: str) -> Verdict:
        state = fields.pop("state")
        return Verdict(check, state, round(time.monotonic() - began, 3), **fields)  # type: ignore[arg-type]  # a State

    with Scratch("conformance") as folder:
        ground = Ground.below(folder, command, patience)
        try:
            async with asyncio.timeout(patience * _WHOLE):
                await check.run(ground)
        except Unmet as unmet:
            return verdict(state="fail", expected=unmet.expected, seen=unmet.seen)
        except Skipped as skipped:
            return verdict(state="skip", reason=str(skipped))
        except TimeoutError:
            return verdict(state="fail", expected="an end", seen=f"it takes more than {patience * _WHOLE:g} s")
        except OSError as error:
            return verdict(state="fail", expected="a command that can be started", seen=str(error))
        except Exception as error:  # noqa: BLE001  # whatever a command says, it is a verdict on it
            seen = f"{type(error).__name__}: {error}"[:SHOWN]
            return verdict(state="fail", expected="frames whose fields are of the kinds they must be", seen=seen)
        finally:
            await ground.aclose()
    return verdict(state="pass")
