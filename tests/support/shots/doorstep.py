"""The way in, the way out, and the front ends without a screen."""

from __future__ import annotations

import json
from collections.abc import Sequence

from coder.cli.tour import BEGIN
from tests.support.cli import CODER, Done
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.screens import Terminal
from tests.support.shop import calm
from tests.support.studio import GRACE, USAGE, Shot, Studio, trimmed


def no_key(studio: Studio) -> Sequence[str]:
    with studio.session(None, env={"ANTHROPIC_API_KEY": ""}, waits=False) as term:
        term.wait("It found no API key")
        term.wait("4 Leave")
        term.settle()
        return term.screen


def trust(studio: Studio) -> Sequence[str]:
    settings = studio.project / ".coder" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(
        json.dumps(
            {
                "hooks": {"PostToolUse": [{"matcher": "Edit", "hooks": [{"type": "command", "command": "make lint"}]}]},
                "permissions": {"allow": ["Bash(npm test *)", "Bash(make *)"]},
            }
        ),
        encoding="utf-8",
    )
    (studio.project / ".mcp.json").write_text(
        json.dumps({"mcpServers": {"docs": {"command": "npx", "args": ["some-server"]}}}), encoding="utf-8"
    )
    with studio.session((), waits=False) as term:
        term.wait("Do you trust")
        term.settle()
        asked = trimmed(term.screen)
        term.during(GRACE)
        term.send("1")
        term.wait("? for shortcuts")
        term.settle()
        return [*asked, "", "(after 1)", "", *trimmed(term.screen)]


def spoken(studio: Studio) -> Sequence[str]:
    run = turn("I will run the tests.", tool("Bash", command="npm test"), usage=USAGE)
    with studio.session([run, turn("All 30 tests pass.", usage=USAGE)], "--screen-reader", waits=False) as term:
        term.wait("you:")
        term.during(1.0)
        term.send("run the tests\r")
        term.wait("Type 1 to 4")
        term.during(GRACE)
        term.send("1\r")
        term.wait("All 30 tests pass")
        term.wait(lambda: any(row.startswith("Done") for row in term.screen))
        term.settle()
        return term.history


def left(studio: Studio) -> Sequence[str]:
    with studio.session([turn("Fixed.", usage=USAGE)], prompt="Fix rounding in the cart") as term:
        calm(term)
        term.press("ctrl+d")
        term.end()
        return trimmed(term.screen)[4:]


def again(studio: Studio) -> Sequence[str]:
    with studio.session() as term:
        term.during(1.0)
        term.press("ctrl+c")
        term.wait("again to leave")
        term.settle()
        return trimmed(term.screen)[4:]


def busy(studio: Studio) -> Sequence[str]:
    script = [turn(tool("Bash", command="npm run dev", run_in_background=True)), turn("It runs.")]
    with studio.session(script, "--permission-mode", "bypassPermissions", prompt="Start the server") as term:
        calm(term)
        term.press("ctrl+d")
        term.wait("leave")
        term.settle()
        return trimmed(term.screen)[4:]


def headless(studio: Studio, *arguments: str, env: dict[str, str] | None = None) -> Done:
    with fake_api([turn("`auth.py` checks the password.", usage=USAGE)], allow_violations=True) as api:
        return studio.place.coder(*arguments, url=api.url, env=studio.env(env))


def answer(studio: Studio) -> Sequence[str]:
    done = headless(studio, "-p", "How does login work?")
    return ['$ coder -p "How does login work?"', *done.stdout.splitlines(), *done.stderr.splitlines()]


def keyless(studio: Studio) -> Sequence[str]:
    env = {name: value for name, value in studio.env().items() if name != "ANTHROPIC_API_KEY"}
    done = studio.place.coder("-p", "hi", env=env)
    return ["$ coder -p hi; echo $?", *done.stderr.splitlines(), str(done.code)]


def helped(studio: Studio) -> Sequence[str]:
    done = headless(studio, "--help", env={"COLUMNS": "80"})
    return ["$ coder --help", *done.stdout.splitlines()]


def tour(studio: Studio) -> Sequence[str]:
    scratch = studio.root / "scratch"
    scratch.mkdir()
    env = {**studio.place.env(None), **studio.env(), "TMPDIR": str(scratch)}
    del env["ANTHROPIC_API_KEY"]
    terminal = Terminal([*CODER, "demo"], env=env, cwd=studio.project)
    try:
        for words, key in (("Make this edit to app.py?", "1"), ("Run this command?", "1")):
            terminal.wait(words)
            terminal.during(GRACE)
            terminal.press(key)
        for words in ("Go back to before", "This session: $0.00"):
            terminal.wait(words)
            terminal.during(GRACE)
            terminal.press("esc")
        terminal.end()
        rows = trimmed(terminal.history)
    finally:
        terminal.close()
    first = next(at for at, row in enumerate(rows) if BEGIN in row)
    return [*rows[max(first - 4, 0) : first + 5], "", "(…)", "", *rows[-6:]]


SHOTS = (
    Shot("First run without a key", "Nothing is contacted.", no_key),
    Shot("Trust", "Before a folder may run anything; `1` opens it without.", trust),
    Shot("Leaving", "ctrl+d on an empty prompt, or /quit.", left),
    Shot("Leaving with ctrl+c", "The hint goes when you stay.", again),
    Shot("Leaving while a command runs", "It is asked about.", busy),
    Shot("Screen reader", "`coder --screen-reader`: lines, nothing redrawn.", spoken),
    Shot("Headless", "`coder -p`: the answer, nothing else.", answer),
    Shot("Headless without a key", "One line, exit code 4.", keyless),
    Shot("coder --help", "24 rows.", helped),
    Shot("coder demo", "Its first and last rows.", tour),
)
