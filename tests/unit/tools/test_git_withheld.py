"""What the reading actions of the Git tool keep back: denied files, and what lies in other folders than it seems."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.gitting import Asking
from tests.support.repositories import Repository

SECRET = "hunter2-the-secret"


@pytest.fixture
def shop(place: Place) -> Repository:
    shop = Repository.shop(place)
    for name in (".env", "keys/deploy/id", "open.txt"):
        shop.write(name, f"{SECRET}-{name}\n" if name != "open.txt" else "open\n")
    shop.commit("keys: add them")
    shop.git("mv", ".env", "renamed.txt")
    shop.commit("keys: one moves")
    shop.git("mv", "renamed.txt", ".env")
    shop.commit("keys: and back")
    for name in (".env", "keys/deploy/id"):
        shop.write(name, f"{SECRET}-{name}-2\n")
    shop.git("stash", "-q")
    for name in (".env", "keys/deploy/id", "open.txt"):
        shop.write(name, f"{SECRET}-{name}-3\n" if name != "open.txt" else "open 3\n")
    return shop


@pytest.fixture
def ask(shop: Repository) -> Asking:
    return Asking(shop, denied=(".env", "/keys"))


def said(text: str) -> str:
    return text.rpartition("\n")[2]


@pytest.mark.behaviour("B-1388")
async def test_denied_files_are_in_no_diff_and_no_commit(ask: Asking) -> None:
    diff = await ask("diff")
    assert "open.txt" in diff and SECRET not in diff and "keys" not in diff
    assert said(diff) == "(2 files are left out, for a permission rule denies reading.)"
    ask.repository.git("add", "-A")
    staged = await ask("diff", staged=True)
    assert "open.txt" in staged and SECRET not in staged
    for rev in ("HEAD", "HEAD~1", "HEAD~2", "stash@{0}"):
        text = await ask("show", rev=rev)
        assert SECRET not in text and "left out" in said(text), rev
    status = await ask("status")
    assert "open.txt" in status and ".env" not in status and "left out" in said(status)
    data = (await ask.output("diff", staged=True)).data
    assert data is not None and "keys" not in json.dumps(data)


@pytest.mark.behaviour("B-1388")
@pytest.mark.parametrize(
    "rev",
    ["HEAD:.env", ":.env", ":0:.env", "stash@{0}:.env", "HEAD:./.env", "HEAD:keys/../.env", "HEAD:keys//deploy/id"]
    + ["HEAD:keys/deploy/id", "HEAD:keys", "HEAD:keys/deploy", "HEAD^{/keys:}:.env", "@:./keys/deploy/../deploy/id"],
)
async def test_denied_files_are_not_shown_as_they_were(ask: Asking, rev: str) -> None:
    text = await ask("show", rev=rev)
    assert text.startswith("error: ") and SECRET not in text and "denies reading" in text, text


@pytest.mark.behaviour("B-1388")
async def test_denied_files_are_not_shown_by_their_hash_or_that_of_their_folder(ask: Asking) -> None:
    blob = ask.repository.git("rev-parse", "HEAD:.env")
    tree = ask.repository.git("rev-parse", "HEAD:keys")
    for rev in (blob, blob[:10], f"{tree}:deploy/id", f"{tree[:12]}:deploy", f"HEAD:{blob}", f"{blob}..{blob}"):
        for action in ("show", "diff", "log"):
            text = await ask(action, rev=rev)
            assert text.startswith("error: ") and SECRET not in text, (action, rev, text)
    assert "keys" not in await ask("show", rev="HEAD:") and "left out" in await ask("show", rev="HEAD:")


@pytest.mark.behaviour("B-1388")
async def test_denied_files_are_not_blamed_or_searched(ask: Asking) -> None:
    for path in (".env", "./keys/deploy/id", str(ask.repository.folder / ".env")):
        assert "denies reading" in await ask("blame", paths=[path])
    text = await ask("log", grep=SECRET)
    assert "keys: add them" not in text and "keys: one moves" in text, "the renamed one lay open then"
    assert "were not looked at" in text
    text = await ask("log", grep=f"{SECRET}-keys")
    assert text.startswith("No commits with that text.") and "were not looked at" in text


@pytest.mark.behaviour("B-1388")
async def test_a_file_that_gives_way_to_a_denied_folder_brings_nothing_of_it(shop: Repository) -> None:
    shop.git("checkout", "-q", ".")
    shop.write("place", "a file\n")
    shop.commit("place: a file")
    shop.git("rm", "-q", "place")
    shop.write("place/.env", f"{SECRET}\n")
    shop.commit("place: a folder")
    text = await Asking(shop, denied=(".env",))("show")
    assert "D place" in text and "-a file" in text and SECRET not in text and "meanwhile" not in text


@pytest.mark.behaviour("B-1388")
@pytest.mark.behaviour("B-1381")
def test_a_rule_of_a_session_is_kept_and_reading_needs_no_question(place: Place, shop: Repository) -> None:
    settings = shop.home / ".coder" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"permissions": {"deny": ["Read(.env)", "Read(/keys/**)", "Read(//**/keys/**)"]}}))
    calls = [
        tool("Git", action="diff"),
        tool("Git", action="show", rev="HEAD:.env"),
        tool("Git", action="blame", paths=[".env"]),
        tool("Git", action="log", paths=[".env"]),
        tool("Git", action="log", grep=SECRET),
        tool("Git", action="status"),
    ]
    with fake_api([turn(*calls), turn("Done.")]) as api:
        done = place.coder("-p", "look", url=api.url)
    assert done.stdout == "Done.\n", done.stderr
    results = [block["content"] for block in api.requests[1]["messages"][-1]["content"]]
    told = [each if isinstance(each, str) else each[0]["text"] for each in results if each]
    assert "open 3" in told[0] and SECRET not in json.dumps(told)
    assert all("denies" in each or "not allowed" in each.lower() or "denied" in each for each in told[1:4]), told[1:4]
    assert "On branch main." in told[5]


@pytest.mark.behaviour("B-1392")
async def test_a_work_tree_that_lies_elsewhere_is_not_read(shop: Repository, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "open.txt").write_text(SECRET, encoding="utf-8")
    shop.git("config", "core.worktree", str(private))
    ask = Asking(shop)
    for action in ("status", "diff", "log"):
        text = await ask(action)
        assert text.startswith("error: ") and "core.worktree" in text and SECRET not in text and "\n" not in text


@pytest.mark.behaviour("B-1392")
@pytest.mark.parametrize("way", ["file", "link", "objects", "refs", "commondir", "linked", "packed-refs"])
async def test_a_repository_that_leads_to_another_one_is_not_read(shop: Repository, tmp_path: Path, way: str) -> None:
    private = shop.folder / ".git"
    evil = tmp_path / "evil"
    subprocess.run(["git", "init", "-q", str(evil)], check=True)
    git = evil / ".git"
    if way in ("file", "link", "linked"):
        subprocess.run(["rm", "-r", str(git)], check=True)
    match way:
        case "file":
            git.write_text(f"gitdir: {private}\n", encoding="utf-8")
        case "link":
            git.symlink_to(private)
        case "commondir":
            (git / "commondir").write_text(f"{private}\n", encoding="utf-8")
            (git / "gitdir").write_text(f"{git}\n", encoding="utf-8")
        case "linked":
            own = evil / "own"
            own.mkdir()
            git.write_text(f"gitdir: {own}\n", encoding="utf-8")
            (own / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
            (own / "commondir").write_text(f"{private}\n", encoding="utf-8")
            (own / "gitdir").write_text(f"{git}\n", encoding="utf-8")
        case "packed-refs":
            git.joinpath("packed-refs").symlink_to(private / "packed-refs")
        case name:
            subprocess.run(["rm", "-r", str(git / name)], check=True)
            (git / name).symlink_to(private / name)
    text = await Asking(shop, evil)("show", rev="main:README.md")
    assert text.startswith("error: ") and "leads to" in text and "Shop" not in text, text


@pytest.mark.behaviour("B-1392")
@pytest.mark.parametrize("key", ["blame.ignoreRevsFile", "diff.orderFile", "mailmap.file"])
async def test_no_file_is_read_because_a_setting_names_it(shop: Repository, tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    shop.git("checkout", "-q", ".")
    shop.write("open.txt", "open 4\n")
    for place in (tmp_path / "secret", pipe, tmp_path / "missing"):
        shop.git("config", key, str(place))
        ask = Asking(shop)
        assert "+open 4" in await ask("diff") and "keys: and back" in await ask("log")
        blame = await ask("blame", paths=["open.txt"])
        assert SECRET not in blame and (
            "lies outside" in blame or "keys: add them" in blame or "not committed" in blame
        )


async def test_commits_that_a_file_of_the_repository_names_are_passed_over_in_blame(shop: Repository) -> None:
    shop.git("checkout", "-q", ".")
    shop.write("shop/tax.py", "RATE  =  19\n")
    shop.write(".ignored-revs", shop.commit("style: blanks") + "\n")
    assert "style: blanks" in await Asking(shop)("blame", paths=["shop/tax.py"])
    shop.git("config", "blame.ignoreRevsFile", ".ignored-revs")
    assert "tax: know the rate" in await Asking(shop)("blame", paths=["shop/tax.py"])


@pytest.mark.behaviour("B-1380")
async def test_a_filter_of_the_person_runs_and_one_of_the_repository_does_not(shop: Repository) -> None:
    shop.git("checkout", "-q", ".")
    with (shop.home / ".gitconfig").open("a", encoding="utf-8") as file:
        file.write('[filter "up"]\n\tclean = tr a-z A-Z\n\tsmudge = tr A-Z a-z\n\trequired = true\n')
    shop.write(".gitattributes", "*.up filter=up\n")
    shop.write("x.up", "text\n")
    shop.commit("filtered")
    shop.write("x.up", "more\n")
    ask = Asking(shop)
    assert "-TEXT\n+MORE" in await ask("diff", paths=["x.up"]), "as for git-lfs"
    assert "filter" not in await ask("status")
    shop.git("config", "filter.up.clean", "touch sung")
    text = await ask("diff", paths=["x.up"])
    assert "-TEXT\n+MORE" in text and "of the repository's own settings were not run: up;" in text
    shop.git("config", "filter.up.process", "touch sung")
    text = await ask("diff", paths=["x.up"])
    assert "-TEXT\n+more" in text and "of the repository's own settings were not run: up;" in text
    assert not (shop.folder / "sung").exists()
    shop.git("config", "--global", "--remove-section", "filter.up")
    assert "-TEXT\n+more" in await ask("diff", paths=["x.up"])
    assert not (shop.folder / "sung").exists()


@pytest.mark.behaviour("B-1380")
async def test_a_filter_that_cannot_be_named_is_a_reason_not_to_read(shop: Repository) -> None:
    shop.git("config", "filter.a=b.clean", "touch sung")
    text = await Asking(shop)("status")
    assert text.startswith("error: ") and "cannot be switched off" in text
