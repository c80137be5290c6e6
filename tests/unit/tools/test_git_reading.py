"""What the reading actions of the Git tool answer in an ordinary repository."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from coder.core.tools import Reads
from tests.support.cli import Place
from tests.support.gitting import SESSION, Asking, asking
from tests.support.repositories import Repository


@pytest.fixture
def ask(place: Place) -> Asking:
    return Asking(Repository.shop(place))


def lines(text: str) -> list[str]:
    return text.splitlines()


@pytest.mark.behaviour("B-1382")
async def test_status_names_each_kind_of_change(ask: Asking) -> None:
    shop = ask.repository
    assert await ask("status") == "On branch main.\nNothing is changed."
    shop.write("shop/tax.py", "RATE = 20\n")
    shop.git("add", "-A")
    shop.write("shop/cart.py", "changed = True\n")
    shop.write("notes/a b.txt", "")
    shop.git("mv", "README.md", "READ ME.md")
    output = await ask.output("status")
    assert lines(str(output.content)) == [
        "On branch main.",
        "Staged (2):",
        "  R README.md -> READ ME.md",
        "  M shop/tax.py",
        "Not staged (1):",
        "  M shop/cart.py",
        "Untracked (1):",
        "  notes/",
    ]
    assert output.summary == "main: 2 staged, 1 not staged, 1 untracked"
    assert output.data is not None and json.dumps(output.data)
    assert (output.data["branch"], output.data["staged"], output.data["untracked"]) == ("main", 2, 1)


@pytest.mark.behaviour("B-1382")
async def test_status_says_how_far_the_upstream_is(ask: Asking) -> None:
    shop = ask.repository
    shop.publish()
    shop.git("branch", "-u", "origin/main")
    assert lines(await ask("status"))[0] == "On branch main, level with origin/main."
    shop.write("a", "")
    shop.commit("a")
    assert lines(await ask("status"))[0] == "On branch main, 1 ahead of origin/main."
    shop.git("reset", "-q", "--hard", "HEAD~3")
    shop.write("b", "")
    shop.commit("b")
    assert lines(await ask("status"))[0] == "On branch main, 1 ahead and 2 behind of origin/main."
    shop.git("update-ref", "-d", "refs/remotes/origin/main")
    assert lines(await ask("status"))[0] == "On branch main; its upstream origin/main is gone."


@pytest.mark.behaviour("B-1382")
async def test_status_is_bounded_and_says_how_to_see_more(ask: Asking) -> None:
    for number in range(100):
        ask.repository.write(f"new-{number:03}.txt", "")
    text = await ask("status")
    assert "Untracked (100):" in text and "  … 60 more; `paths` or a higher `limit` shows them" in text
    assert "new-099.txt" in await ask("status", limit=100)
    assert lines(await ask("status", paths=["new-007.txt"]))[1:] == ["Untracked (1):", "  new-007.txt"]


async def test_paths_are_from_the_working_folder(place: Place) -> None:
    shop = Repository.shop(place)
    shop.write("shop/cart.py", "changed = True\n")
    shop.write("README.md", "changed\n")
    ask = Asking(shop, shop.folder / "shop")
    assert "  M cart.py" in await ask("status") and "  M ../README.md" in await ask("status")
    assert (await ask("diff", paths=["cart.py"])).startswith("M cart.py +1 -2")
    assert "total" in await ask("show", rev="HEAD:./cart.py") and "total" in await ask("show", rev="HEAD:shop/cart.py")
    assert "no path" in await ask("show", rev="HEAD:../../etc/passwd")


@pytest.mark.behaviour("B-1383")
async def test_diff_shows_what_is_asked_for(ask: Asking) -> None:
    shop = ask.repository
    assert "No changes that are not staged." in await ask("diff")
    shop.write("shop/tax.py", "RATE = 20\n")
    shop.git("add", "-A")
    assert "what is staged" in await ask("diff")
    shop.write("shop/cart.py", "def total(prices):\n    return sum(prices)\n")
    only = await ask("diff")
    assert lines(only) == [
        "M shop/cart.py +1 -1",
        "@@ -1,2 +1,2 @@",
        " def total(prices):",
        "-    return sum(prices[1:])",
        "+    return sum(prices)",
    ]
    assert lines(await ask("diff", staged=True))[0] == "M shop/tax.py +1 -1"
    both = await ask("diff", rev="HEAD")
    assert lines(both)[:3] == ["2 files, +2 -2:", "  M shop/cart.py +1 -1", "  M shop/tax.py +1 -1"]
    assert both.count("@@ -1") == 2
    assert lines(await ask("diff", rev="v1.0..HEAD"))[0] == "A shop/tax.py +1 -0"
    assert (await ask.output("diff", rev="v1.0..")).summary == "1 file, +1 -0"


@pytest.mark.behaviour("B-1383")
async def test_diff_since_a_branch_was_left(ask: Asking) -> None:
    shop = ask.repository
    shop.git("checkout", "-q", "-b", "work")
    shop.write("work.txt", "done\n")
    shop.commit("work: done")
    shop.git("checkout", "-q", "main")
    shop.write("main.txt", "elsewhere\n")
    shop.commit("main: elsewhere")
    shop.git("checkout", "-q", "work")
    shop.write("work.txt", "done\nand more\n")
    assert lines(await ask("diff", base="main"))[0] == "A work.txt +2 -0"
    assert lines(await ask("diff", rev="main...HEAD"))[0] == "A work.txt +1 -0"
    assert lines(await ask("diff", rev="main..HEAD"))[0] == "2 files, +1 -1:"
    assert "not both" in await ask("diff", rev="HEAD", base="main")
    shop.git("checkout", "-q", "--orphan", "alone")
    shop.commit("alone")
    assert "no commit in common" in await ask("diff", base="main")


@pytest.mark.behaviour("B-1383")
async def test_a_large_diff_shows_whole_files_and_names_the_others(ask: Asking) -> None:
    shop = ask.repository
    for number in range(30):
        shop.write(f"file-{number:02}.txt", "".join(f"line {row} of {number}\n" for row in range(60)))
    shop.write("huge.txt", "".join(f"{row}\n" for row in range(100_000)))
    shop.write("long.txt", "x" * 500_000)
    shop.git("add", "-A")
    text = await ask("diff", staged=True)
    assert len(text) < 14_000
    assert lines(text)[0] == "32 files, +101,801 -0:"
    shown = [line for line in lines(text) if line.startswith("A file-")]
    assert len(shown) >= 5
    for name in shown:
        assert f"+line 59 of {int(name[7:9])}" in text, "whole or not at all"
    assert "Not shown, for there is no room: " in text and "huge.txt" in lines(text)[-1]
    assert "Ask with `paths`" in lines(text)[-1]
    alone = await ask("diff", staged=True, paths=["huge.txt"])
    assert len(alone) < 14_000 and "(Cut: " in alone and "+0\n" in alone
    assert "[... line cut: 500,001 characters]" in await ask("diff", staged=True, paths=["long.txt"])


async def test_diff_tells_binary_files_modes_links_and_types_apart(ask: Asking) -> None:
    shop = ask.repository
    (shop.folder / "b.bin").write_bytes(b"\0\1\2")
    (shop.folder / "l").symlink_to("README.md")
    shop.write("run.sh", "true\n")
    shop.commit("kinds")
    (shop.folder / "b.bin").write_bytes(b"\0\1\3")
    (shop.folder / "run.sh").chmod(0o755)
    (shop.folder / "l").unlink()
    shop.write("l", "no link now\n")
    text = await ask("diff")
    assert "M b.bin (binary)" in text
    assert "M run.sh +0 -0 mode 100644 -> 100755" in text
    assert "T l +1 -1 (link) mode 120000 -> 100644" in text
    assert "-README.md" in text and "+no link now" in text and "cannot be shown" not in text
    (shop.folder / "run.sh").chmod(0o644)
    shop.git("checkout", "-q", "l")
    assert lines(await ask("diff"))[0] == "M b.bin (binary)", "a file that was only touched is no change"


@pytest.mark.behaviour("B-1384")
async def test_log_has_a_line_for_each_commit(ask: Asking) -> None:
    found = lines(await ask("log"))
    assert [line.partition(" Ada: ")[2] for line in found] == [
        "tax: know the rate (HEAD -> main)",
        "cart: add up what is in the cart (tag: v1.0)",
        "shop: begin a shop that adds up prices",
    ]
    short = await ask("log", limit=1)
    assert len(lines(short)) == 2 and "There are more" in short and f"rev={found[0][:10]}~1" in short
    assert f"`rev=v1.0~1..{found[0][:10]}~1`" in await ask("log", rev="v1.0~1..HEAD", limit=1), "a range keeps its end"
    assert len(lines(await ask("log", rev="v1.0..HEAD"))) == 1
    assert len(lines(await ask("log", paths=["shop/cart.py"]))) == 1
    assert await ask("log", rev="HEAD..v1.0") == "No commits there."


@pytest.mark.behaviour("B-1561")
async def test_log_never_sends_past_commits_that_stand_beside_a_merge(ask: Asking) -> None:
    shop = ask.repository
    shop.git("checkout", "-q", "-b", "side", "HEAD~1")
    shop.write("side.txt", "s\n")
    shop.commit("side: a file")
    shop.git("checkout", "-q", "main")
    shop.git("merge", "-q", "--no-ff", "-m", "merge side", "side")
    assert lines(await ask("log", limit=1))[-1] == "(There are more: a higher `limit`, `paths` or `grep` shows them.)"
    shop.write("side.txt", "t\n")
    shop.commit("after the merge")
    assert "~1`" in await ask("log", limit=1), "from there on history is told as a line"
    assert "rev=" not in await ask("log", limit=1, paths=["side.txt"])
    assert "rev=" not in await ask("log", limit=1, grep="side")


@pytest.mark.behaviour("B-1384")
async def test_log_finds_a_text_in_messages_and_changes(ask: Asking) -> None:
    assert "tax: know" in await ask("log", grep="RATE =") and len(lines(await ask("log", grep="RATE ="))) == 1
    assert "cart: add up" in await ask("log", grep="UP WHAT IS")
    assert await ask("log", grep="no such words") == "No commits with that text."
    assert await ask("log", grep="--all") == "No commits with that text."
    assert await ask("log", grep="begin.") == "No commits with that text.", "it is a text, not a pattern"


@pytest.mark.behaviour("B-1385")
async def test_show_has_the_message_and_the_change(ask: Asking) -> None:
    shop = ask.repository
    shop.write("shop/tax.py", "RATE = 20\n")
    id = shop.commit("tax: raise it\n\nBecause.\n\nSigned-off-by: Ada")
    text = lines(await ask("show"))
    assert text[0] == f"commit {id} (HEAD -> main)" and text[1].startswith("Author: Ada <ada@example.org>, ")
    assert text[3:8] == ["    tax: raise it", "", "    Because.", "", "    Signed-off-by: Ada"]
    assert text[9:] == ["M shop/tax.py +1 -1", "@@ -1 +1 @@", "-RATE = 19", "+RATE = 20"]
    assert "A README.md" in await ask("show", rev="v1.0~1"), "the first commit"
    assert (await ask.output("show", rev="v1.0")).summary == "cart: add up what is in the cart: 3 files, +13 -0"
    shop.git("checkout", "-q", "-b", "side", "HEAD~1")
    shop.write("side.txt", "")
    shop.commit("side")
    shop.git("merge", "-q", "--no-edit", "main")
    assert "Merge of" in await ask("show") and "M shop/tax.py +1 -1" in await ask("show")


@pytest.mark.behaviour("B-1385")
async def test_show_has_files_and_folders_as_they_were(ask: Asking) -> None:
    shop = ask.repository
    shop.write("many.txt", "".join(f"{number}\n" for number in range(1, 5001)))
    (shop.folder / "b.bin").write_bytes(b"\0")
    shop.commit("many")
    shop.write("many.txt", "gone\n")
    assert await ask("show", rev="v1.0:shop/__init__.py") == "(It has 0 lines.)"
    first = await ask("show", rev="HEAD:many.txt")
    assert first.startswith("     1\t1\n     2\t2\n") and len(first) < 13_000
    last = lines(first)[-1]
    assert last.startswith("(Lines 1-") and "of 5,000" in last
    assert await ask("show", rev="HEAD:many.txt", lines="4999-") == "  4999\t4999\n  5000\t5000"
    assert await ask("show", rev="HEAD:many.txt", lines="7") == "     7\t7"
    assert "cannot be read" in await ask("show", rev="HEAD:many.txt", lines="x")
    assert lines(await ask("show", rev="HEAD:shop")) == ["__init__.py", "cart.py", "tax.py"]
    assert await ask("show", rev="HEAD:b.bin") == "(A binary file of 1 bytes.)"
    assert "There is no nope in HEAD" in await ask("show", rev="HEAD:nope")
    shop.git("add", "many.txt")
    assert await ask("show", rev=":many.txt") == "     1\tgone"


@pytest.mark.behaviour("B-1386")
async def test_blame_names_the_commit_of_each_line(ask: Asking) -> None:
    shop = ask.repository
    shop.write("shop/cart.py", "def total(prices):\n    return sum(prices)\n")
    text = lines(await ask("blame", paths=["shop/cart.py"]))
    assert text[0].endswith(" Ada: cart: add up what is in the cart") and text[1] == "     1\tdef total(prices):"
    assert text[2:] == ["not committed yet", "     2\t    return sum(prices)"]
    assert "sum(prices[1:])" in await ask("blame", paths=["shop/cart.py"], rev="HEAD")
    shop.write("many.txt", "".join(f"{number}\n" for number in range(1, 501)))
    shop.commit("many")
    assert lines(await ask("blame", paths=["many.txt"]))[-1] == '(There are more lines: lines="201-" shows them.)'
    assert lines(await ask("blame", paths=["many.txt"], lines="499-"))[1:] == ["   499\t499", "   500\t500"]
    assert lines(await ask("blame", paths=["many.txt"], lines="3-4"))[1:] == ["     3\t3", "     4\t4"]
    assert "one file" in await ask("blame") and "one file" in await ask("blame", paths=["a", "b"])
    assert await ask("blame", paths=["shop/__init__.py"]) == "The file is empty."


@pytest.mark.behaviour("B-1386")
async def test_branches_say_what_each_is_about(ask: Asking) -> None:
    shop = ask.repository
    shop.publish()
    shop.git("branch", "-u", "origin/main")
    shop.git("branch", "old", "v1.0")
    shop.git("checkout", "-q", "-b", "work")
    shop.write("w", "")
    shop.commit("work: w")
    text = await ask("branches")
    assert any(line.startswith("* work ") and line.endswith("work: w") for line in lines(text))
    assert "  main [level with origin/main] " in text and "  old [merged into main] " in text
    assert "(1 branch of remotes" in text or "(2 branches of remotes" in text
    assert "(… 2 older" in await ask("branches", limit=1)


@pytest.mark.behaviour("B-1387")
async def test_stashes_say_whose_they_are(ask: Asking) -> None:
    assert await ask("stashes") == "There is no stash."
    for message in ("", f"coder {SESSION[:8]}: mine", "coder deadbeef: theirs"):
        ask.repository.write("README.md", f"{message}\n")
        ask.repository.git("stash", "push", "-q", *(("-m", message) if message else ()))
    text = lines(await ask("stashes"))
    assert "[another session of coder (deadbeef)]" in text[0] and text[0].startswith("stash@{0} ")
    assert "[this session]" in text[1] and "[by hand]" in text[2]
    assert "+coder deadbeef: theirs" in await ask("show", rev="stash@{0}")


@pytest.mark.behaviour("B-1395")
async def test_reading_does_not_touch_the_index(ask: Asking) -> None:
    index = ask.repository.folder / ".git" / "index"
    before = index.read_bytes()
    os.utime(ask.repository.folder / "README.md", (1, 1))
    for action in ("status", "diff"):
        await ask(action)
    assert index.read_bytes() == before


@pytest.mark.behaviour("B-1381")
def test_reading_is_judged_as_reading_of_the_paths(place: Place) -> None:
    ask = asking(place)
    folder = ask.repository.folder

    def access(**given: object) -> object:
        params = ask.tool.params(**given)  # type: ignore[arg-type]  # whatever a test gives
        return ask.tool.access(params, ask.box.workspace)

    assert access(action="status") == Reads((folder,))
    assert access(action="diff", paths=("a", "/x")) == Reads((folder / "a", Path("/x")))
    assert access(action="show", rev="HEAD:b/c") == Reads((folder, folder / "b/c"))
    assert access(action="show", rev=":0:b") == Reads((folder, folder / "b"))
    assert access(action="show", rev="HEAD^{/a:b}") == Reads((folder,))
