"""Extensions of every kind in whole sessions: their tools are called, their secrets seen by nobody else, and nothing of
them outlives coder."""

from __future__ import annotations

import json
import shutil

import pytest

from coder.core.messages import Json
from coder.extensions import locking
from tests.support.bundles import SERVER, bundle
from tests.support.cli import Place
from tests.support.echo_bundles import packed
from tests.support.fakeapi import fake_api, tool, tool_input, turn
from tests.support.installs import Installs
from tests.support.processes import is_alive, linux_only, pid_in, until

SECRET = "canary-1 $& ${HOME} $(id) \\ \"'\ncanary-2 `id` %s é"
OFF = {"CODER_KEYRING": "off"}
# What every user of the machine can see, without the command that looks.
SEEN = "ps -eo args | grep -c '[c]anary-'; ps -eo args | grep -o '[e]xtensions/echo-[a-z]*' | sort -u"


def results(body: Json) -> str:
    return json.dumps([block for block in body["messages"][-1]["content"] if block["type"] == "tool_result"])


def names(body: Json) -> list[str]:
    return [each["name"] for each in body["tools"] if each["name"].startswith("mcp__")]


HERE = ("binary", "python", *(["node"] if shutil.which("node") else []))


@pytest.mark.behaviour("B-1726")
@pytest.mark.behaviour("B-1729")
@pytest.mark.parametrize(
    "kinds",
    [
        HERE,
        pytest.param(
            ("uv",),
            marks=[pytest.mark.online, pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")],
        ),
    ],
    ids=" ".join,
)
def test_each_kind_is_called_and_its_secret_is_seen_by_it_alone(kinds: tuple[str, ...], place: Place) -> None:
    installs = Installs(place.home)
    for kind in kinds:
        record = installs.install(packed(kind, place.project), token=SECRET, limit=7)
        manifest = installs.manifest(record)
        locking.fetch(manifest, installs.store.folder(record), installs.store.work(record), installs.env)
    tools = [f"mcp__echo-{kind}__show_config" for kind in kinds]
    by_dispatch = turn(*(tool_input("UseTool", {"name": name, "input": {}}) for name in tools))
    natively = turn(*(tool_input(name, {}) for name in tools))
    look = turn(tool("Bash", command=SEEN, description="look"))
    allowed = ("--allowedTools", ",".join(["Bash", *(f"mcp__echo-{kind}" for kind in kinds)]))
    said = []
    found = turn(tool_input("ToolSearch", {"query": "config"}))
    with fake_api([found, by_dispatch, look, turn("One."), natively, turn("Two.")]) as api:
        for words in ("One.\n", "Two.\n"):
            done = place.coder("-p", "go", *allowed, url=api.url, env={**OFF, "CODER_DEBUG": "1"})
            assert (done.code, done.stdout) == (0, words), done
            said.append(done.stderr)
    assert [names(body) for body in api.requests] == [[]] * 4 + [sorted(tools)] * 2
    for body in (api.requests[2], api.requests[5]):
        assert results(body).count(f"token={SECRET.encode().hex()};limit={b'7'.hex()}") == len(kinds)
    running = "\\\\n".join(f"extensions/echo-{kind}" for kind in sorted(kinds))
    assert f"0\\\\n{running}" in json.dumps(results(api.requests[3])), results(api.requests[3])
    said.append(place.coder("extension", "show", f"echo-{kinds[0]}", env=OFF).stdout)
    listed = place.coder("mcp", "list", env=OFF)
    assert listed.stdout.count("✔ Connected (1 tool)") == len(kinds), listed
    gone = place.coder("mcp", "remove", f"echo-{kinds[0]}", env=OFF)
    hint = f"echo-{kinds[0]} is an extension. To remove it: coder extension remove echo-{kinds[0]}"
    assert (gone.code, gone.stderr) == (2, f"coder: {hint}\n")
    said += [listed.stdout, listed.stderr, json.dumps(api.requests)]
    assert not any("canary" in text for text in said)
    files = [path for path in place.home.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    assert [path.name for path in files] == ["secrets.json"]


# What its tool does: it never answers.
WAITS = SERVER.replace(
    "        case _:",
    """        case "tools/call":
            import subprocess
            for name, pid in (("child", subprocess.Popen(["sleep", "600"]).pid), ("own", os.getpid())):
                with open(os.path.join(sys.argv[1], name), "w") as file:
                    file.write(f"{pid}\\n")
            continue
        case _:""",
)


@linux_only
@pytest.mark.behaviour("B-1732")
async def test_nothing_of_an_extension_outlives_coder(place: Place) -> None:
    made = bundle(
        place.project / "one.mcpb",
        {"server/main.py": WAITS},
        args=["${user_config.where}"],
        user_config={"where": {"type": "directory", "title": "Where"}},
    )
    where = place.home / "where"
    where.mkdir()
    Installs(place.home).install(made, where=str(where))
    with fake_api([turn(tool_input("UseTool", {"name": "mcp__echo__echo", "input": {}}))]) as api:
        running = place.start("-p", "go", "--allowedTools", "mcp__echo", "--require-mcp", "echo", url=api.url, env=OFF)
        await until(lambda: pid_in(where / "own") is not None)
        pids = [pid for name in ("child", "own") if (pid := pid_in(where / name)) is not None]
        assert len(pids) == 2 and all(map(is_alive, pids))
        running.kill()
        running.communicate()
        await until(lambda: not any(map(is_alive, pids)))
