"""What the slash commands show, each with the commands it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.support.fakeapi import tool, turn
from tests.support.shop import calm
from tests.support.shots.run import ALLOWED, edit, read, todos, told
from tests.support.studio import GRACE, USAGE, Shot, Studio, lasting, trimmed

Take = Callable[[Studio], Sequence[str]]


def talked(studio: Studio) -> list[dict[str, object]]:
    """A session in which something happened."""
    return [
        turn(read("app.py")(studio), usage=USAGE),
        turn(edit(studio), usage=USAGE),
        turn(todos(1), usage=USAGE),
        turn(tool("Bash", command="npm test"), usage=USAGE),
        turn("`greet` is polite now.", usage=USAGE),
    ]


def page(command: str, words: str, *, warm: bool = True, then: Sequence[str] = ()) -> Take:
    """What a command shows below what was said before."""

    def take(studio: Studio) -> Sequence[str]:
        turns = [*talked(studio), turn("A summary.", usage=USAGE, repeat="forever")] if warm else []
        with studio.session(turns, *ALLOWED, rows=30, prompt="Make greet polite" if warm else "") as term:
            if warm:
                calm(term)
            term.settle()
            term.send(f"{command}\r")
            term.wait(words)
            for keys in then:
                term.during(GRACE)
                term.send(keys)
            term.settle(0.5)
            return below(term.screen)

    return take


def below(rows: Sequence[str]) -> list[str]:
    """The rows below the end of the run or the welcome."""
    ends = [at for at, row in enumerate(rows) if row.startswith(("Done ·", "/help lists"))]
    return trimmed(rows[ends[-1] + 1 :] if ends else rows)


def agents(studio: Studio) -> Sequence[str]:
    return lasting(page("/agents", "esc")(studio), (r"^( +)\S*/prompts/", r"\1~/.local/lib/coder/prompts/"))


def skills(studio: Studio) -> Sequence[str]:
    rows = page("/skills", "esc")(studio)
    return lasting(rows, (r"^( +)\S*/prompts/", r"\1~/.local/lib/python3.12/site-packages/coder/prompts/"))


def who(studio: Studio) -> Sequence[str]:
    return lasting(
        page("/who app.py", "changed by")(studio), (r"^\d\d:\d\d", "14:02"), (r"\([0-9a-f]{8}\)", "(7f3a91c2)")
    )


def doctor(studio: Studio) -> Sequence[str]:
    rows = page("/doctor", "Everything is in order", warm=False)(studio)
    return lasting(
        rows,
        (r"^(. coder +\S+ in ).*", r"\1~/.local/lib/python3.12/site-packages/coder"),
        (r"^(. python +).*", r"\g<1>3.12.4 on Linux x86_64"),
        (r"^(. git +)\d.*", r"\g<1>2.47.0"),
        (r"^(. ripgrep +)\S*", r"\1/usr/bin/rg"),
        (r"[\d.]+ GiB", "76.6 GiB"),
    )


def diff(studio: Studio) -> Sequence[str]:
    return trimmed(["" if row == "~" else row for row in page("/diff", "(END)")(studio)])


def tasks(studio: Studio) -> Sequence[str]:
    script = [
        turn(tool("Bash", command="npm run dev", run_in_background=True)),
        turn(tool("Bash", command="make lint", run_in_background=True)),
        turn("Both run.", wait=3),
    ]
    with studio.session(script, *ALLOWED, rows=30, prompt="Run both") as term:
        calm(term)
        term.wait("✗ Task 2")
        term.settle()
        term.send("/tasks\r")
        term.wait("enter shows")
        term.settle()
        return told(term, "Run both")


def resume(studio: Studio) -> Sequence[str]:
    for prompt, answer in (("Why is npm slow", "It looks at every folder."), ("Fix rounding in the cart", "Fixed.")):
        with studio.session([turn(answer, usage=USAGE)], prompt=prompt) as term:
            calm(term)
            term.press("ctrl+d")
            term.end()
    with studio.session((), "-r", waits=False) as term:
        term.wait("Resume a session")
        term.settle()
        return term.screen


def reopened(studio: Studio) -> Sequence[str]:
    with studio.session([turn("Fixed.", usage=USAGE)], prompt="Fix rounding in the cart") as term:
        calm(term)
        term.press("ctrl+d")
        term.end()
    with studio.session((), "-c") as term:
        term.wait("resumed ·")
        term.settle()
        return term.screen


def rewind(studio: Studio) -> Sequence[str]:
    with studio.session(
        [*talked(studio), turn("Yes.", usage=USAGE)], *ALLOWED, rows=30, prompt="Make greet polite"
    ) as term:
        calm(term)
        term.send("Is it tested?\r")
        term.wait("Yes.")
        calm(term)
        term.settle()
        term.send("/rewind\r")
        term.wait("Go back to before")
        term.during(GRACE)
        term.press("up")
        term.settle(0.6)
        return below(term.screen)


def rewound(studio: Studio) -> Sequence[str]:
    with studio.session(talked(studio), *ALLOWED, rows=30, prompt="Make greet polite") as term:
        calm(term)
        term.settle()
        term.send("/rewind\r")
        term.wait("Go back to before")
        term.during(GRACE)
        term.press("up")
        term.settle(0.6)
        term.send("a")
        term.wait("✓ Went back")
        term.settle()
        return below(term.screen)


SHOTS = (
    Shot("/help", "Commands and keys; esc closes it.", page("/help", "esc")),
    Shot("/context", "What fills the context, and what shrinks each part.", page("/context", "free")),
    Shot("/cost", "What the session cost, by model.", page("/cost", "This session")),
    Shot("/model", "The models there are; the conversation goes on.", page("/model", "esc")),
    Shot("/effort", "How hard the model thinks.", page("/effort", "esc")),
    Shot("/output-style", "How the model answers.", page("/output-style", "esc")),
    Shot("/permissions", "Every rule, whose it is and where it stands.", page("/permissions", "esc leaves")),
    Shot("/memory", "The notes the model reads.", page("/memory", "esc")),
    Shot("/skills", "Commands and skills of files: yours, the project's, ours.", skills),
    Shot("/hooks", "What is run at which point, and whose it is; here: nothing.", page("/hooks", "hooks")),
    Shot("/mcp", "The MCP servers of the session; here: none.", page("/mcp", "MCP servers")),
    Shot("/status", "Model, key, folder, settings, session.", page("/status", "Endpoint")),
    Shot("/config", "Settings, their values and where they come from.", page("/config", "esc")),
    Shot("/diff", "Every change of the session.", diff),
    Shot("/who", "Who changed a file: `/who app.py`.", who),
    Shot("/tasks", "Commands in the background.", tasks),
    Shot("/todos", "The whole list.", page("/todos", "☐ Write tests")),
    Shot("/theme", "The colours.", page("/theme", "esc")),
    Shot("/show", "A call with all of its output: `/show 4`.", page("/show 4", "npm")),
    Shot("/doctor", "Whether everything is there.", doctor),
    Shot("/compact", "A summary takes the place of the conversation.", page("/compact", "✓ Compacted")),
    Shot("/export", "The conversation in a file.", page("/export talk.md", "talk.md")),
    Shot("/rename", "A name for the session.", page("/rename Polite greetings", "✓")),
    Shot("/agents", "The agents there are, and whose they are.", agents),
    Shot("/add-dir", "One more folder to work in.", page("/add-dir ..", "src")),
    Shot("/vim", "vim keys in the prompt.", page("/vim", "Vim")),
    Shot("/clear", "A new conversation.", page("/clear", "kept")),
    Shot("/resume", "`coder -r`: the sessions of this folder.", resume),
    Shot("A session goes on", "`coder -c`: its last run is printed again.", reopened),
    Shot("/rewind", "Also esc esc on an empty prompt.", rewind),
    Shot("Gone back", "a on the message before.", rewound),
)
