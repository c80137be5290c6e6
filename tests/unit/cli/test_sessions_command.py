"""`coder sessions`, as the command line runs it, on transcripts that were written by sessions."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from coder.checkpoints.changelog import ChangeLog, ChangeSet
from coder.checkpoints.contents import Contents
from coder.checkpoints.entries import Change, Entry
from coder.cli.main import run
from coder.core.edits import Compaction
from coder.core.messages import Message, Text, ToolUse, Usage
from coder.sessions.load import load
from coder.sessions.store import Transcript
from tests.support.transcripts import VERSION, conversation, reply, result, results, user

Run = Callable[..., tuple[int, str, str]]
CART, LOGIN = "aaaaaaaa-1111-4111-8111-111111111111", "bbbbbbbb-2222-4222-8222-222222222222"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home" / "src" / "shop"
    folder.mkdir(parents=True)
    for name in [name for name in os.environ if name.startswith(("CODER_", "CLAUDE_", "ANTHROPIC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def coder(project: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str) -> tuple[int, str, str]:
        try:
            code = run(["sessions", *args])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    return call


def state() -> Path:
    return Path(os.environ["HOME"]) / ".coder"


def priced(message: Message, model: str = "claude-sonnet-5-5") -> Message:
    return replace(message, meta=replace(message.meta, model=model, usage=Usage(100_000, 2000)))


def session(folder: Path, name: str, *messages: Message, title: str = "", days: float = 0.0) -> Path:
    with Transcript.create(state(), folder, name, VERSION) as transcript:
        transcript.describe(branch="main")
        for message in messages:
            transcript.append(message)
        if title:
            transcript.label(custom=title)
    os.utime(transcript.path, (time.time() - days * 86400,) * 2)
    return transcript.path


@pytest.fixture
def cart(project: Path) -> Path:
    call = ToolUse("t1", "Bash", {"command": "npm test"})
    messages = [
        user("<environment>", "context"),
        user("Fix rounding in the cart"),
        priced(reply(Text("I look."), call)),
        results(result("t1", "12 passed")),
        priced(reply(Text("Rounded."))),
        user("thanks"),
        priced(reply(Text("Welcome."))),
    ]
    return session(project, CART, *messages, days=3)


@pytest.fixture
def login(project: Path) -> Path:
    return session(project.parent, LOGIN, user("Add login tests"), reply(Text("Added.")), title="Login", days=1)


@pytest.mark.behaviour("B-510")
def test_the_list_says_what_when_where_how_much(coder: Run, cart: Path, login: Path) -> None:
    code, out, err = coder()
    assert (code, err) == (0, "")
    (line,) = out.splitlines()
    assert re.fullmatch(
        r"aaaaaaaa  Fix rounding in the cart  3 days ago  main  2 prompts  \$0\.\d\d  \d\.\d KB", line
    ), line
    code, out, _ = coder("list", "--all")
    assert [line.split("  ")[1].strip() for line in out.splitlines()[::2]] == ["Login", "Fix rounding in the cart"]
    assert [line.strip() for line in out.splitlines()[1::2]] == ["~/src", "~/src/shop"]
    assert "yesterday" in out
    assert coder("list", "--all", "--limit", "1")[1].splitlines()[-1] == "… and more: --limit 5"


@pytest.mark.behaviour("B-510")
def test_where_there_is_nothing_the_list_says_where_there_is(coder: Run, login: Path) -> None:
    assert coder()[1] == "There is no session in this folder yet. 1 in other folders: coder sessions list --all\n"


def test_a_list_of_nothing_makes_nothing(coder: Run, project: Path) -> None:
    assert coder("list", "--all") == (0, "There is no session yet.\n", "")
    assert coder("search", "x")[1] == "Nothing was said of 'x' in 0 sessions.\n"
    assert coder("doctor")[1] == "0 sessions checked: nothing is wrong.\n"
    assert coder("gc") == (0, "There is nothing to remove.\n", "")
    assert not state().exists()


@pytest.mark.behaviour("B-510")
def test_the_list_takes_its_flags_with_and_without_its_name(coder: Run, cart: Path, login: Path) -> None:
    for flags in (["--all"], ["--all", "--limit", "1"], ["--json"]):
        assert coder(*flags) == coder("list", *flags) != coder()
    code, _, err = coder("--json", "show", CART)
    assert (code, err) == (2, "coder: flags of coder sessions show come after its name.\n")


@pytest.mark.behaviour("B-510")
@pytest.mark.parametrize("columns", [40, 50, 60, 72])
def test_a_narrow_terminal_gets_fewer_columns(
    coder: Run, cart: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    (line,) = coder()[1].splitlines()
    assert cell_len(line) <= columns and line.startswith("aaaaaaaa  Fix round") and "3 days ago" in line


@pytest.mark.behaviour("B-511")
def test_a_search_that_finds_nothing_says_in_how_many(coder: Run, cart: Path) -> None:
    assert coder("search", "zebra") == (0, "Nothing was said of 'zebra' in 1 session.\n", "")


def test_the_commands_are_explained_in_full_on_80_columns(coder: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = coder("--help")[1]
    assert "doctor" in page and "..." not in page.partition("Commands:")[2]


@pytest.mark.behaviour("B-518")
def test_a_clean_up_counts_days_as_people_do(coder: Run, project: Path) -> None:
    session(project, CART, user("x"), days=1.5)
    session(project, LOGIN, user("y"), days=0.5)
    out = coder("gc", "--dry-run", "--older-than", "0")[1]
    assert "(not used for 1 day)" in out and "(used less than a day ago)" in out


@pytest.mark.behaviour("B-510")
def test_titles_fit_the_terminal_and_show_what_is_in_them(coder: Run, project: Path) -> None:
    session(project, CART, user("x"), title="\x1b[31m \u202e" + "long name " * 30)
    _, out, _ = coder()
    assert "\x1b" not in out and "\u202e" not in out
    assert all(len(line) <= 100 for line in out.splitlines()) and "…" in out


@pytest.mark.behaviour("B-520")
def test_the_list_for_programs(coder: Run, cart: Path, login: Path) -> None:
    (found,) = json.loads(coder("list", "--json")[1])
    assert (found["id"], found["title"], found["name"]) == (CART, "Fix rounding in the cart", None)
    assert (found["prompts"], found["branch"], found["file"]) == (2, "main", str(cart))
    assert found["costUSD"] > 0 and found["size"] == cart.stat().st_size
    assert found["modified"].endswith("Z")


def test_a_cost_with_an_unknown_price_is_not_shown(coder: Run, project: Path) -> None:
    session(project, CART, user("x"), priced(reply(Text("y")), "claude-unheard-of"))
    assert json.loads(coder("list", "--json")[1])[0]["costUSD"] is None
    assert "$" not in coder()[1]


@pytest.mark.behaviour("B-511")
def test_a_search_shows_session_and_place(coder: Run, cart: Path, login: Path) -> None:
    _, out, _ = coder("search", "rounding")
    head, place = out.splitlines()
    assert head.startswith("aaaaaaaa  Fix rounding in the cart  3 days ago  ~/src/shop")
    assert place == "    Fix rounding in the cart"
    assert coder("search", "login")[1].startswith("bbbbbbbb")
    assert coder("search", "--here", "login")[1] == "Nothing was said of 'login' in 1 session.\n"
    (found,) = json.loads(coder("search", "12 passed", "--json")[1])
    assert found["id"] == CART and found["places"][0]["role"] == "result"


@pytest.mark.behaviour("B-512")
def test_a_conversation_can_be_read(coder: Run, cart: Path) -> None:
    _, out, _ = coder("show", "rounding")
    assert out.splitlines()[0] == "Fix rounding in the cart"
    assert f"{CART} · ~/src/shop · main · 2 prompts · 3 days ago" in out
    said = out[out.index("\n\n") :]
    assert said == (
        "\n\n> Fix rounding in the cart\n\nI look.\n\n  Bash npm test\n\nRounded.\n\n> thanks\n\nWelcome.\n"
    )
    assert '    {\n      "command": "npm test"\n    }\n\n    12 passed\n' in coder("show", CART, "--tools")[1]


@pytest.mark.behaviour("B-512")
def test_what_was_compacted_or_left_behind_is_shown_when_asked(coder: Run, project: Path) -> None:
    second = user("second")
    with Transcript.create(state(), project, CART, VERSION) as transcript:
        for message in (user("first"), reply(Text("1")), second, reply(Text("2"))):
            transcript.append(message)
        transcript.rewind_to(second.meta.uuid)
        transcript.edited(Compaction((user("in short", "summary"),), "auto", 1))
    shown = coder("show", CART)[1]
    assert "| in short" in shown and "> first" not in shown and "> second" not in shown
    everything = coder("show", CART, "--all")[1]
    assert re.findall(r"^[>|] .*", everything, re.MULTILINE) == ["> first", "> second", "| in short"]


def test_what_others_wrote_cannot_drive_the_terminal(coder: Run, project: Path) -> None:
    session(project, CART, user("\x1b]0;owned\x07 \u202e"), reply(Text("\x1b[2J\ttab"), ToolUse("t", "\x1b[2J", {})))
    for args in (["show", CART, "--tools"], ["list"], ["search", "owned"], ["export", CART]):
        code, out, _ = coder(*args)
        assert code == 0 and (args[0] == "export" or "\x1b" not in out)


@pytest.mark.behaviour("B-513")
def test_an_export_hides_what_the_environment_keeps_secret(
    coder: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "plain-model-key-0123")
    monkeypatch.setenv("MY_DB_PASSWORD", "hunter2hunter2")
    session(project, CART, user("the key is plain-model-key-0123, the other hunter2hunter2"))
    for kind in ("md", "html", "json"):
        code, out, _ = coder("export", CART, "--format", kind)
        assert code == 0 and "hunter2" not in out and "plain-model-key" not in out and out.count("[hidden]") >= 2


@pytest.mark.behaviour("B-513")
def test_an_export_into_a_file_takes_its_form_from_the_name(coder: Run, project: Path, cart: Path) -> None:
    code, out, _ = coder("export", CART, "-o", "cart.html")
    assert code == 0 and out.startswith("Written to cart.html.")
    assert (project / "cart.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert stat.S_IMODE((project / "cart.html").stat().st_mode) == 0o600
    code, out, err = coder("export", CART, "-o", "cart.html")
    assert (code, out, err) == (2, "", "coder: cart.html is there already. Choose another name.\n")
    coder("export", CART, "-o", "cart.json")
    assert json.loads((project / "cart.json").read_text(encoding="utf-8"))["sessionId"] == CART


@pytest.mark.behaviour("B-516")
def test_a_session_is_renamed_and_found_by_its_name(coder: Run, cart: Path) -> None:
    assert coder("rename", "rounding", "Cart\tfix")[:2] == (0, "aaaaaaaa is now called 'Cart fix'.\n")
    assert load(cart).labels.custom == "Cart fix"
    assert coder("show", "Cart fix")[0] == 0
    assert "3 days ago" in coder()[1]


@pytest.mark.behaviour("B-517")
def test_removing_is_never_silent(coder: Run, cart: Path) -> None:
    code, out, err = coder("rm", CART)
    assert (code, out) == (2, "") and "Nobody is there to ask: add -y." in err and cart.exists()
    code, out, _ = coder("rm", CART, "-y")
    assert code == 0 and out.startswith(f"Removed {CART}: ") and not cart.exists()
    assert coder("rm", CART, "-y")[0] == 1


@pytest.mark.behaviour("B-517")
def test_a_session_that_is_open_stays(coder: Run, cart: Path) -> None:
    with Transcript.open(cart, VERSION):
        code, _, err = coder("rm", CART, "-y")
        assert code == 2 and f"Session {CART} is open." in err
        assert coder("gc", "--max-size", "0", "-y")[1] == "There is nothing to remove.\n"
    assert cart.exists()


@pytest.mark.behaviour("B-518")
def test_a_clean_up_says_first_what_it_would_free(coder: Run, cart: Path, login: Path) -> None:
    size = cart.stat().st_size
    code, out, _ = coder("gc", "--dry-run", "--older-than", "2")
    assert (code, cart.exists()) == (0, True)
    assert re.search(rf" {CART[:8]}  Fix rounding in the cart  \(not used for 3 days\)", out)
    assert out.splitlines()[-1] == f"Would free {size / 1000:.1f} KB."
    assert coder("gc", "--older-than", "2")[0] == 2 and cart.exists()
    assert coder("gc", "--older-than", "2", "-y")[1].splitlines()[-1] == f"Freed {size / 1000:.1f} KB."
    assert (cart.exists(), login.exists()) == (False, True)
    assert coder("gc", "--max-size", "lots")[2].startswith("coder: --max-size: expected a size such as 500MB")


@pytest.mark.behaviour("B-519")
def test_the_doctor_finds_repairs_and_says_so(coder: Run, cart: Path, login: Path) -> None:
    assert coder("doctor") == (0, "2 sessions checked: nothing is wrong.\n", "")
    cart.write_bytes(cart.read_bytes() + b"garbage\n")
    code, out, _ = coder("doctor")
    assert code == 1 and "1 damaged line (9) (left out by --fix)" in out
    assert out.splitlines()[-1] == "2 sessions checked, 1 with something wrong. To repair: coder sessions doctor --fix"
    (found,) = [each for each in json.loads(coder("doctor", "--json")[1]) if each["findings"]]
    assert found["id"] == CART and found["findings"][0]["mends"] == "left out"
    code, out, _ = coder("doctor", CART, "--fix")
    assert code == 0 and out.startswith(f"{CART}: repaired; the original is ~/.coder/")
    assert coder("doctor")[0] == 0


@pytest.mark.behaviour("B-515")
def test_an_import_says_what_became_of_each(coder: Run, project: Path, cart: Path, tmp_path: Path) -> None:
    away = tmp_path / "away" / f"{uuid.uuid4()}.jsonl"
    away.parent.mkdir()
    away.write_bytes(cart.read_bytes().replace(CART.encode(), away.stem.encode()))
    assert coder("import")[2] == "coder: There is no file or folder ~/.claude/projects.\n"
    assert coder("import", str(away.parent), "--dry-run")[1].endswith("Would copy 1 session of 1.\n")
    code, out, _ = coder("import", str(away.parent))
    assert code == 0 and out == f"{away.stem}  7 messages\nCopied 1 session of 1.\n"
    found: list[dict[str, Any]] = json.loads(coder("import", str(away), "--json")[1])
    assert (found[0]["id"], found[0]["note"]) == (None, "is here already")


def test_every_command_names_an_unknown_session(coder: Run, cart: Path) -> None:
    for command in (["show"], ["export"], ["rename", "zzz", "x"], ["rm"], ["doctor"]):
        code, out, err = coder(*command, *(["zzz"] if len(command) == 1 else []))
        assert (code, out) == (1, "") and err.count("\n") == 1, command
        assert err.startswith("coder: No conversation found with session ID: zzz. All there are: coder sessions list")


def test_a_folder_that_cannot_be_written_to_can_be_read(coder: Run, project: Path) -> None:
    session(project, CART, *conversation())
    (state() / "index").write_text("in the way", encoding="utf-8")
    assert "3 replies" not in coder()[1] and coder("search", "test")[0] == 0
    assert "aaaaaaaa" in coder("search", "naïve")[1]


def kept(session: str, *texts: str, age: float = 7200) -> None:
    """Checkpoints of a session that keep these contents since a while ago."""
    base = state() / "file-history"
    contents, log = Contents(base), ChangeLog(base / session)
    changes = [
        Change(f"/f{number}", Entry("file", 0o644, len(text), contents.put(text.encode())), None)
        for number, text in enumerate(texts)
    ]
    contents.flush()
    log.append(ChangeSet("k1", "command", "rm", tuple(changes), 0.0))
    log.close()
    contents.close()
    with closing(sqlite3.connect(base / "contents.db")) as database, database:
        database.execute("UPDATE contents SET added = added - ?", (age,))
    database.close()


def stored() -> int:
    contents = Contents(state() / "file-history")
    try:
        return len(contents.sizes())
    finally:
        contents.close()


def test_what_only_the_checkpoints_of_a_removed_session_needed_goes_with_it(
    coder: Run, cart: Path, login: Path
) -> None:
    kept(CART, "only here", "both")
    kept(LOGIN, "both")
    assert stored() == 2
    assert coder("rm", CART, "-y")[0] == 0
    assert stored() == 1


def test_a_clean_up_counts_and_frees_checkpoints(coder: Run, cart: Path, login: Path) -> None:
    kept(CART, "x" * 100, os.urandom(50_000).hex())
    code, out, _ = coder("gc", "--dry-run", "--older-than", "2")
    assert code == 0 and re.search(r" KB  2 kept file contents  \(needed no more\)", out)
    would = out.splitlines()[-1].removeprefix("Would free")
    assert stored() == 2 and (state() / "file-history" / CART).exists()
    assert coder("gc", "--older-than", "2", "-y")[1].splitlines()[-1] == f"Freed{would}"
    assert stored() == 0


def test_a_clean_up_frees_what_an_earlier_removal_left(coder: Run, cart: Path) -> None:
    kept(CART, "left over")
    shutil.rmtree(state() / "file-history" / CART)
    assert "1 kept file content  (needed no more)" in coder("gc", "--dry-run")[1]
    assert coder("gc")[1].splitlines()[-1].startswith("Freed ") and stored() == 0
    assert coder("gc")[1] == "There is nothing to remove.\n"


@pytest.mark.behaviour("B-510")
@pytest.mark.parametrize("width", [80, 120])
def test_columns_stand_below_each_other_whatever_the_titles(
    coder: Run, project: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for title in ("plain", "这是一个很长的中文标题" * 5, "🎉 " * 40, "weird \x1b[31m" * 4):
        session(project, str(uuid.uuid4()), user(title), title=title)
    _, out, _ = coder("list")
    rows = out.splitlines()
    assert len(rows) == 4 and {cell_len(row) for row in rows} == {width}
    assert len({cell_len(row[: row.index("just now")]) for row in rows}) == 1
