from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from coder.workspace.capture import Capture
from coder.workspace.pump import Pump
from tests.support.processes import until


class Pipe:
    def __init__(self, folder: Path) -> None:
        self.reading, self.writing = os.pipe()
        self.capture = Capture(folder / "spill", head=10, tail=10)

    def write(self, data: bytes) -> None:
        os.write(self.writing, data)

    def end(self) -> None:
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    pipe = Pipe(tmp_path)
    yield pipe
    pipe.end()


async def test_settling_takes_what_is_there_although_the_pipe_stays_open(pipe: Pipe) -> None:
    pump = Pump(pipe.reading, pipe.capture)
    pipe.write(b"x" * 60_000)
    await pump.settle(0)
    spill = pipe.capture.captured().spill
    assert spill is not None
    assert spill.stat().st_size == 60_000
    assert not pump.ended.is_set()
    pump.close()


async def test_settling_waits_a_moment_for_the_end(pipe: Pipe) -> None:
    pump = Pump(pipe.reading, pipe.capture)
    loop = asyncio.get_running_loop()
    loop.call_later(0.02, pipe.write, b"last words")
    loop.call_later(0.04, pipe.end)
    await pump.settle(30)
    assert pump.ended.is_set()
    assert pipe.capture.captured().head == b"last words"


async def test_small_pieces_are_gathered_and_none_is_lost(pipe: Pipe) -> None:
    pump = Pump(pipe.reading, pipe.capture)
    for number in range(200):
        pipe.write(b"%03d\n" % number)
        await asyncio.sleep(0)
    pipe.end()
    await until(pump.ended.is_set)
    held = pipe.capture.captured()
    assert (held.total, held.newlines) == (800, 200)
    assert held.spill is not None
    assert held.spill.read_bytes() == b"".join(b"%03d\n" % number for number in range(200))


async def test_what_is_dropped_is_read_and_forgotten(pipe: Pipe) -> None:
    pump = Pump(pipe.reading, pipe.capture)
    pump.drop()
    pipe.write(b"x" * 60_000)
    pipe.end()
    await until(pump.ended.is_set)
    assert pipe.capture.total == 0


async def test_closing_in_the_middle_of_saving_finishes_the_file(pipe: Pipe) -> None:
    pump = Pump(pipe.reading, pipe.capture)
    pipe.write(b"x" * 60_000)
    while pipe.capture.total == 0:
        await asyncio.sleep(0)
    pump.close()
    pump.close()
    await until(lambda: pipe.capture.captured().spill is not None)
    spill = pipe.capture.captured().spill
    assert spill is not None
    await until(lambda: spill.stat().st_size == 60_000)
