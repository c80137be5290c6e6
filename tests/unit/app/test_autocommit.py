"""Auto-commit over real repositories: what goes into a commit, what does not, and where there is none."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from coder.app.autocommit.wording import branch_name, is_own_branch, message
from coder.core.errors import SessionError
from tests.support.autocommits import SESSION, Auto
from tests.support.cli import Place
from tests.support.repositories import Repository


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


Begins: TypeAlias = Callable[..., Auto]


@pytest.fixture
async def begin() -> AsyncIterator[Begins]:
    """Makes one, as `Auto` is made, and closes what it keeps."""
    made: list[Auto] = []

    def one(place: Place, **given: Any) -> Auto:
        made.append(Auto(place, **given))
        return made[-1]

    yield one
    for each in made:
        await each.checkpoints.aclose()


@pytest.fixture
def auto(place: Place, begin: Begins) -> Auto:
    return begin(place, repository=Repository.shop(place))


@pytest.mark.behaviour("B-1476")
async def test_each_run_is_one_commit_on_the_agent_branch(auto: Auto) -> None:
    main = auto.git("rev-parse", "main")
    await auto.run("Fix the login", "echo a > a.txt", "echo b > b.txt; rm shop/cart.py")
    await auto.run("And now the tests", "echo c >> a.txt; chmod +x b.txt; ln -s a.txt link")
    assert auto.git("symbolic-ref", "HEAD") == "refs/heads/coder/fix-the-login-3f2a"
    assert auto.git("rev-parse", "main") == main
    assert auto.git("rev-list", "--count", "main..HEAD") == "2"
    assert auto.changed("HEAD~") == ["a.txt", "b.txt", "shop/cart.py"]
    assert auto.changed() == ["a.txt", "b.txt", "link"]
    assert auto.git("status", "--porcelain") == ""
    assert auto.git("ls-tree", "HEAD", "b.txt").startswith("100755") and "120000" in auto.git("ls-tree", "HEAD", "link")
    first, second = auto.committed
    assert first.files == 3 and first.text.endswith("which stays where it is) · coder undo takes it back")
    assert second.text == f"Committed 3 files as {second.commit[:7]} on {second.branch} · coder undo takes it back"
    assert auto.warnings == []


async def test_a_run_that_changes_nothing_makes_no_branch(auto: Auto) -> None:
    await auto.run("Look", "cat README.md", "touch shop/tax.py", "echo x > x; rm x")
    assert auto.git("branch", "--format=%(refname:short)") == "main"
    assert auto.events == []


async def test_what_the_model_committed_itself_is_no_second_commit(auto: Auto) -> None:
    await auto.run("Commit it", "echo a > a.txt; git add a.txt; git commit -qm own; echo b > b.txt")
    assert auto.changed() == ["b.txt"] and auto.changed("HEAD~") == ["a.txt"]
    assert auto.warnings == []


@pytest.mark.behaviour("B-1476")
async def test_the_first_commit_of_a_repository(place: Place, begin: Begins) -> None:
    auto = begin(place)
    await auto.run("Begin", "echo a > a.txt")
    assert auto.git("log", "--format=%s") == "Begin"
    await auto.undoing.undo()
    assert auto.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert auto.staged() == "" and not (place.project / "a.txt").exists()
    await auto.undoing.redo()
    assert auto.changed() == ["a.txt"] and (place.project / "a.txt").read_text() == "a\n"


@pytest.mark.behaviour("B-1478")
async def test_what_was_dirty_before_is_committed_whole_and_named(auto: Auto) -> None:
    auto.person("echo mine >> README.md; echo mine > notes; rm shop/tax.py; echo mine >> shop/cart.py")
    await auto.run("Go on", "echo more >> README.md; echo more > notes; echo new > shop/tax.py; echo n > n")
    assert auto.changed() == ["README.md", "n", "notes", "shop/tax.py"]
    assert "mine\nmore" in auto.git("show", "HEAD:README.md")
    assert "Changed before this run, not by it, and committed whole: README.md, notes, shop/tax.py" in auto.warnings
    assert auto.git("status", "--porcelain") == "M shop/cart.py"


async def test_a_clean_file_with_crlf_is_not_dirty(auto: Auto) -> None:
    auto.repository.write(".gitattributes", "*.txt text eol=crlf\n")
    (auto.cwd / "w.txt").write_bytes(b"one\r\ntwo\r\n")
    auto.repository.commit("crlf")
    await auto.run("Go on", r"printf 'three\r\n' >> w.txt")
    assert auto.warnings == []
    assert auto.git("show", "HEAD:w.txt") == "one\ntwo\nthree"
    assert auto.git("status", "--porcelain") == ""


@pytest.mark.behaviour("B-1477")
async def test_what_was_staged_stays_staged_as_it_was(auto: Auto) -> None:
    auto.person("echo one >> README.md; git add README.md; echo s > s.txt; git add s.txt; echo two >> README.md")
    staged = auto.git("rev-parse", ":README.md", ":s.txt")
    await auto.run("Go on", "echo three >> README.md; echo n > n")
    assert auto.git("rev-parse", ":README.md", ":s.txt") == staged
    assert auto.git("show", "HEAD:README.md").endswith("one\ntwo\nthree")
    assert "Committed as on disk, and still staged as you had staged it: README.md" in auto.warnings
    assert auto.changed() == ["README.md", "n"]


@pytest.mark.behaviour("B-1479")
async def test_secrets_and_denied_files_are_left_out_and_named(place: Place, begin: Begins) -> None:
    auto = begin(place, repository=Repository.shop(place), is_denied=lambda path: path.name == "denied.txt")
    auto.repository.write(".gitignore", "*.log\n")
    auto.repository.commit("ignore")
    names = (".env", ".env.local", "tls.pem", "id_rsa", "id_rsa.pub", ".env.example", "denied.txt", "a.log", "ok")
    await auto.run("Set up", *(f"echo x > {name}" for name in names))
    assert auto.changed() == [".env.example", "id_rsa.pub", "ok"]
    (warning,) = auto.warnings
    assert warning.startswith("Left out of the commit: .env, .env.local, id_rsa and 1 more (looks like a secret")
    assert "denied.txt (your rules deny reading it)" in warning and "a.log" not in warning


@pytest.mark.behaviour("B-1479")
async def test_other_repositories_and_submodules_are_left_out_and_named(auto: Auto, tmp_path: Path) -> None:
    auto.person(
        "git init -q nested; git init -q sub; cd sub; git commit -q --allow-empty -m s; cd ..; git add sub 2>/dev/null;"
        "git commit -qm sub; mv sub/.git sub-git"
    )
    await auto.run("Go on", "echo x > nested/x; echo x > sub/x; echo x > x")
    assert auto.changed() == ["x"]
    assert auto.warnings == ["Left out of the commit: nested/x, sub/x (in another repository)"]


@pytest.mark.behaviour("B-1479")
async def test_what_changed_beside_the_calls_is_left_out_and_named(auto: Auto) -> None:
    await auto.run("Go on", "echo x > x")
    auto.is_busy = True
    await auto.run("More", "echo y > y")
    auto.person("echo late > late; echo l > l.log; echo '*.log' >> .git/info/exclude")
    await auto.run("And more", "echo z > z")
    assert auto.changed() == ["z"]
    assert any("late (changed while a command ran in the background" in text for text in auto.warnings)


async def test_a_file_that_git_is_told_not_to_look_at_is_left_out(auto: Auto) -> None:
    auto.git("update-index", "--skip-worktree", "shop/tax.py")
    await auto.run("Go on", "echo more >> shop/tax.py; echo x > x")
    assert auto.changed() == ["x"]
    assert auto.git("ls-files", "-v", "shop/tax.py").startswith("S")


async def test_only_the_folder_of_the_session_in_a_larger_repository(place: Place, begin: Begins) -> None:
    repository = Repository.shop(place)
    auto = begin(place, repository=repository, cwd=place.project / "shop")
    await auto.run("Go on", "echo x > x; echo y > ../y")
    assert auto.changed() == ["shop/x"]
    assert (place.project / "y").exists()


async def test_files_become_folders_and_the_other_way_round(auto: Auto) -> None:
    await auto.run("Swap", "rm -r shop README.md; echo s > shop; mkdir README.md; echo r > README.md/inner")
    assert auto.git("ls-tree", "-r", "--name-only", "HEAD").split() == [
        "README.md/inner",
        "shop",
        "tests/__init__.py",
        "tests/test_cart.py",
    ]
    assert auto.git("status", "--porcelain") == ""
    await auto.undoing.undo()
    assert auto.git("status", "--porcelain") == "" and (auto.cwd / "shop/tax.py").is_file()


async def test_names_of_every_kind(auto: Auto) -> None:
    names = ("two words", "-dash", "über", "new\nline", ":(top)x", "*", "[a]", "\udcff raw", '"q"')
    for name in names:
        (auto.cwd / name).write_text("x")
    paths = " ".join(
        "./$'" + "".join(f"\\x{byte:02x}" for byte in name.encode("utf-8", "surrogateescape")) + "'" for name in names
    )
    auto.person("git add -A; git commit -qm all")
    await auto.run("Change", f'for f in {paths}; do echo more >> "$f"; done')
    assert auto.committed[0].files == len(names)
    assert auto.git("status", "--porcelain") == ""


HOSTILE = (
    "pre-commit",
    "post-commit",
    "commit-msg",
    "prepare-commit-msg",
    "reference-transaction",
    "post-index-change",
)


@pytest.mark.behaviour("B-1480")
async def test_nothing_that_the_repository_says_is_run(auto: Auto, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    sting = f"touch {canary}"
    auto.repository.write(".gitattributes", "*.x filter=evil\n*.y filter=unset\n*.z filter=set diff=evil merge=evil\n")
    auto.repository.write("old.x", "x")
    auto.repository.commit("attributes")
    for name in HOSTILE:
        auto.repository.hook(name, sting)
    for name in ("evil", "unset", "set"):
        for key in ("clean", "smudge", "process"):
            auto.git("config", f"filter.{name}.{key}", f"{sting}; cat")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{sting}\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for key in ("core.fsmonitor", "gpg.program", "core.editor", "core.pager", "diff.external", "core.sshCommand"):
        auto.git("config", key, str(program))
    auto.git("config", "commit.gpgSign", "true")
    auto.git("config", "diff.evil.textconv", str(program))
    await auto.run("Go on", "echo more >> old.x; echo n > n.y; echo n > n.z; echo n > n; rm README.md")
    assert auto.committed[0].files == 2
    (warning,) = auto.warnings
    for name, path in (("evil", "old.x"), ("unset", "n.y"), ("set", "n.z")):
        assert f"{path} (git would run the filter {name} of the repository's own settings)" in warning
    await auto.undoing.undo()
    await auto.undoing.redo()
    assert not canary.exists()


async def test_a_filter_of_the_person_is_used(auto: Auto) -> None:
    auto.repository.write(".gitattributes", "*.up filter=upper\n")
    auto.repository.commit("attributes")
    auto.git("config", "--global", "filter.upper.clean", "tr a-z A-Z")
    await auto.run("Go on", "echo shout > a.up")
    assert auto.git("show", "HEAD:a.up") == "SHOUT"
    auto.git("config", "filter.upper.clean", "tr a-z 0")
    await auto.run("Go on", "echo still > a.up")
    assert auto.git("show", "HEAD:a.up") == "STILL" and auto.warnings == []
    auto.git("config", "filter.upper.process", "cat")
    await auto.run("Go on", "echo nothing > a.up; echo n > n")
    assert auto.changed() == ["n"] and "a.up (git would run the filter upper" in auto.warnings[-1]


@pytest.mark.behaviour("B-1481")
@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("git checkout -q --detach", "HEAD is on no branch. Switch to one: git switch -c NAME"),
        ("touch .git/index.lock", "another git works there, or has left"),
        ("touch .git/MERGE_HEAD", "a merge is under way. Finish it first, git status says how"),
        ("mkdir .git/rebase-merge", "a rebase is under way"),
        ("touch .git/CHERRY_PICK_HEAD", "a cherry-pick is under way"),
        ("git config core.bare true", "the repository is bare, it has no files of its own"),
        ("git config core.worktree /", "its settings say that its files lie elsewhere"),
        ("rm -rf .git", "this folder is in no git repository. Make one: git init"),
        (
            "git switch -qc o; echo o > README.md; git commit -qam o; git switch -q main; echo m > README.md;"
            "git commit -qam m; git merge o; rm .git/MERGE_HEAD",
            "the index holds conflicts that are not resolved. Resolve them and git add the files",
        ),
        (
            "git branch coder; for f in coder-make-n-3f2a{,-2,-3,-4,-5,-6,-7,-8,-9}; do git branch $f HEAD~; done",
            "no branch can be made",
        ),
    ],
)
async def test_where_it_cannot_commit_it_says_why_and_nothing_is_lost(auto: Auto, state: str, why: str) -> None:
    auto.person(state)
    before = auto.git("for-each-ref") if (auto.cwd / ".git").is_dir() and "bare" not in state else ""
    head = (auto.cwd / ".git/HEAD").read_text() if before else ""
    await auto.run("Make n", "echo n > n")
    (warning,) = auto.warnings
    assert warning.startswith("Not committed: ") and why in warning
    assert warning.endswith("What this run changed stays in the folder, uncommitted.")
    assert (auto.cwd / "n").read_text() == "n\n" and auto.committed == []
    if before:
        assert auto.git("for-each-ref") == before and (auto.cwd / ".git/HEAD").read_text() == head


@pytest.mark.behaviour("B-1486")
async def test_the_message_says_what_was_asked_and_of_which_session(auto: Auto) -> None:
    await auto.run(f"Fix \x1b[31mthe login {'very ' * 30}well\nand more", "echo a > a.txt; rm shop/tax.py")
    subject, *rest = auto.git("log", "-1", "--format=%B").split("\n")
    assert len(subject) <= 72 and subject.startswith(r"Fix \x1b[31mthe login very") and subject.endswith("…")
    assert "A a.txt" in rest and "D shop/tax.py" in rest
    assert rest[-2:] == [f"Coder-Session: {SESSION}", "Co-Authored-By: X <x@example.org>"]
    assert auto.git("log", "-1", "--format=%an <%ae> %cn") == "Ada <ada@example.org> Ada"


@pytest.mark.behaviour("B-1486")
async def test_an_unknown_person_is_told_how_to_be_known(place: Place, begin: Begins) -> None:
    repository = Repository.shop(place)
    (place.home / ".gitconfig").write_text("")
    auto = begin(place, repository=repository)
    await auto.run("Go on", "echo a > a")
    await auto.run("Go on", "echo b > b")
    assert auto.git("log", "-1", "--format=%an <%ae>") == "coder <coder@localhost>"
    (warning,) = auto.warnings
    assert "git config --global user.name NAME" in warning
    named = {
        "GIT_AUTHOR_NAME": "Eve",
        "GIT_AUTHOR_EMAIL": "e@e",
        "GIT_COMMITTER_NAME": "C",
        "GIT_COMMITTER_EMAIL": "c@c",
    }
    other = begin(place, repository=repository, session_id=f"9{SESSION[1:]}", env=named)
    await other.run("Go on", "echo c > c")
    assert auto.git("log", "-1", "--format=%an %cn") == "Eve C"


@pytest.mark.behaviour("B-1487")
async def test_a_person_who_switched_away_is_followed_on_a_new_branch(auto: Auto) -> None:
    await auto.run("Fix the login", "echo a > a.txt")
    first = auto.git("rev-parse", "HEAD")
    auto.person("git switch -q main")
    await auto.run("Go on", "echo b > b.txt")
    assert auto.git("symbolic-ref", "--short", "HEAD") == "coder/fix-the-login-3f2a-2"
    assert auto.git("rev-parse", "coder/fix-the-login-3f2a") == first
    assert auto.git("rev-parse", "HEAD~") == auto.git("rev-parse", "main")
    assert "(HEAD was on main, which stays where it is)" in auto.committed[-1].text
    auto.person("git switch -q coder/fix-the-login-3f2a")
    await auto.run("Go on", "echo c > c.txt")
    assert auto.git("rev-parse", "HEAD~") == first and "HEAD was on" not in auto.committed[-1].text


@pytest.mark.behaviour("B-1487")
async def test_two_sessions_in_one_repository_lose_nothing(auto: Auto, place: Place, begin: Begins) -> None:
    other = begin(place, repository=auto.repository, session_id=f"9{SESSION[1:]}")
    await auto.run("One", "echo a > a.txt")
    await other.run("Two", "echo b > b.txt")
    await auto.run("Three", "echo c > c.txt")
    assert auto.git("log", "--format=%s", "main..").split() == ["Three", "Two", "One"]
    assert auto.git("status", "--porcelain") == ""


async def test_a_commit_that_moved_meanwhile_is_not_lost(auto: Auto) -> None:
    """The branch goes on between two runs, by the person."""
    await auto.run("One", "echo a > a.txt")
    auto.person("echo p > p; git add p; git commit -qm person")
    await auto.run("Two", "echo b > b.txt")
    assert auto.git("log", "--format=%s", "main..").split() == ["Two", "person", "One"]


def test_branches_have_names_that_can_be_typed() -> None:
    assert branch_name("Fix naïve ÄÖ/../x.lock @{1}", "ABCD-1") == "coder/fix-naive-ao-x-lock-1-abcd"
    assert branch_name("日本語", "3f2a") == "coder/work-3f2a"
    assert len(branch_name("word " * 40, "3f2a")) <= 53
    assert is_own_branch("coder/a-b-3f2a-2", "3f2a") and not is_own_branch("coder/a-b-3f2b", "3f2a")


def test_a_message_of_many_files_is_bounded() -> None:
    text = message(["Do"], "", "s", {f"f{number}": "A" for number in range(100)}, "")
    assert "and 70 more" in text and text.endswith("Coder-Session: s\n")


@pytest.mark.behaviour("B-1484")
async def test_undo_refuses_what_changed_since(auto: Auto) -> None:
    await auto.run("Fix", "echo a > a.txt; echo more >> README.md")
    auto.person("echo mine >> README.md")
    tip = auto.git("rev-parse", "HEAD")
    with pytest.raises(SessionError, match=r"README\.md changed since .* coder undo --force"):
        await auto.undoing.undo()
    assert (auto.cwd / "a.txt").exists() and auto.git("rev-parse", "HEAD") == tip
    done = await auto.undoing.undo(force=True)
    assert len(done.files) == 2 and auto.git("status", "--porcelain") == ""


@pytest.mark.behaviour("B-1485")
async def test_a_commit_that_a_remote_has_is_taken_back_by_another(auto: Auto) -> None:
    auto.repository.publish()
    await auto.run("Fix", "echo a > a.txt; echo more >> README.md")
    auto.git("push", "-q", "origin", "HEAD")
    tip = auto.git("rev-parse", "HEAD")
    done = await auto.undoing.undo()
    assert "A remote has it" in done.text
    assert auto.git("rev-parse", "HEAD~") == tip and auto.git("log", "-1", "--format=%s") == 'Revert "Fix"'
    assert auto.git("diff", "main", "HEAD") == "" and auto.git("status", "--porcelain") == ""
    with pytest.raises(SessionError, match="git revert HEAD"):
        await auto.undoing.redo()


@pytest.mark.behaviour("B-1485")
async def test_undo_refuses_where_the_branch_is_another_now(auto: Auto) -> None:
    await auto.run("Fix", "echo a > a.txt")
    auto.person("git commit -q --allow-empty -m mine")
    with pytest.raises(SessionError, match=r"went on since .* git revert"):
        await auto.undoing.undo()
    auto.person("git reset -q --soft HEAD~; git switch -qc other")
    with pytest.raises(SessionError, match="First: git switch coder/fix-3f2a"):
        await auto.undoing.undo()
    assert (auto.cwd / "a.txt").exists()


@pytest.mark.behaviour("B-1483")
async def test_undo_goes_on_and_redo_comes_back_step_by_step(auto: Auto) -> None:
    states = []
    for name in "abc":
        states.append((auto.staged(), auto.git("rev-parse", "HEAD"), sorted(map(str, auto.cwd.rglob("?.txt")))))
        await auto.run(f"Make {name}", f"echo {name} > {name}.txt")
    last = (auto.staged(), auto.git("rev-parse", "HEAD"))
    for state in reversed(states):
        await auto.undoing.undo()
        assert (auto.staged(), auto.git("rev-parse", "HEAD"), sorted(map(str, auto.cwd.rglob("?.txt")))) == state
    assert auto.git("symbolic-ref", "--short", "HEAD") == "main"
    assert auto.git("branch", "--list", "coder/*") == ""
    with pytest.raises(SessionError, match="made no commit by itself"):
        await auto.undoing.undo()
    for _ in states:
        await auto.undoing.redo()
    assert (auto.staged(), auto.git("rev-parse", "HEAD")) == last
    with pytest.raises(SessionError, match="no commit of this session was taken back"):
        await auto.undoing.redo()


async def test_undo_leaves_the_branch_where_the_persons_went_on(auto: Auto) -> None:
    await auto.run("Fix", "echo a > a.txt")
    auto.git("update-ref", "refs/heads/main", auto.git("commit-tree", "-m", "x", "-p", "main", "main^{tree}"))
    done = await auto.undoing.undo()
    assert "coder/fix-3f2a is back at" in done.text
    assert auto.git("symbolic-ref", "--short", "HEAD") == "coder/fix-3f2a" and auto.git("status", "--porcelain") == ""


async def test_only_its_own_run_is_taken_back(auto: Auto) -> None:
    """What the session changed since, and did not commit, stays."""
    await auto.run("Fix", "echo a > a.txt")
    auto.person("touch .git/MERGE_HEAD")
    await auto.run("Go on", "echo b > b.txt")
    auto.person("rm .git/MERGE_HEAD")
    await auto.undoing.undo()
    assert not (auto.cwd / "a.txt").exists() and (auto.cwd / "b.txt").exists()
    assert [each.path for each in await auto.checkpoints.differences()] == [str(auto.cwd / "b.txt")]
    await auto.undoing.redo()
    assert len(await auto.checkpoints.differences()) == 2


async def test_a_branch_that_the_session_was_given_is_its_own(place: Place, begin: Begins) -> None:
    auto = begin(place, repository=Repository.shop(place), branch="mine")
    auto.git("switch", "-qc", "mine")
    tip = auto.git("rev-parse", "HEAD")
    await auto.run("Go on", "echo a > a.txt")
    assert auto.git("symbolic-ref", "--short", "HEAD") == "mine" and auto.git("rev-parse", "HEAD~") == tip
    await auto.undoing.undo()
    assert auto.git("symbolic-ref", "--short", "HEAD") == "mine" and auto.git("rev-parse", "HEAD") == tip


async def test_a_linked_work_tree_has_its_own_agent_branch(
    auto: Auto, place: Place, tmp_path: Path, begin: Begins
) -> None:
    auto.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = begin(place, repository=auto.repository, cwd=tmp_path / "side")
    await side.run("Go on", "echo a > a.txt")
    assert auto.git("log", "-1", "--format=%s", "coder/go-on-3f2a") == "Go on"
    assert auto.git("symbolic-ref", "--short", "HEAD") == "main"
