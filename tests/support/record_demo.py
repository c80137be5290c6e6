"""Records the demo's cassette anew: a scripted model behind the recording proxy, the rest real. `make demo-record`."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from rich.console import Console

from coder.cli.demo import HERE, run_demo
from coder.frontends.steps import StepsOut
from coder.replay.run import recording
from tests.support.demo_script import script
from tests.support.fakeapi import running_api


async def record(folder: Path) -> str:
    project = folder / "timebox"
    shutil.copytree(HERE / "sample", project)
    cassette = folder / "cassette.jsonl"
    async with (
        running_api(script(project)) as api,
        recording(cassette, api.url, roots={"project": str(project)}) as url,
    ):
        ended, _ = await run_demo(StepsOut(Console(), project), project, folder / "home", url)
    assert ended.reason == "done", ended.error
    shutil.copyfile(cassette, HERE / "cassette.jsonl")
    return f"{HERE / 'cassette.jsonl'} is recorded anew."


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="coder-demo-") as name:
        print(asyncio.run(record(Path(name).resolve())))
