"""Where a job works: a repository of its own, made of the objects of the checkout, with the files of a trusted commit.

Nothing of the checkout but git's objects is used: not its files, which a contributor wrote, and not its git settings,
in which services keep their token. Runs git; must not know models or services.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from coder.cli.ci_paths import is_configuration, is_held, is_notes
from coder.cli.ci_secrets import is_kept_back
from coder.cli.ci_stop import clear_away, undivided
from coder.core.errors import ConfigError
from coder.core.scratch import Scratch
from coder.core.visible import visible_line
from coder.git.call import Answer, Git
from coder.git.repository import Repository, repository_of
from coder.workspace.shell import child_environment

_SECONDS = 600.0
_MOST_DIFF = 4 << 20
_LINK = b"120000"
_WHO = {
    "GIT_AUTHOR_NAME": "coder",
    "GIT_AUTHOR_EMAIL": "coder@localhost",
    "GIT_COMMITTER_NAME": "coder",
    "GIT_COMMITTER_EMAIL": "coder@localhost",
}
# Contents stay as git has them: a filter of the machine, such as that of LFS, would ask where the head says.
_PLAIN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
_DIFF = ("--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--submodule=short")


class Ground:
    """Open inside `with`; what it made is gone afterwards. `here` is any folder of the checkout."""

    def __init__(self, env: Mapping[str, str], here: Path) -> None:
        found = repository_of(here)
        if found is None:
            raise ConfigError(f"{here} is in no git repository. Check the repository out before this step.")
        self._checkout: Repository = found
        shown = {name: value for name, value in env.items() if not is_kept_back(name, value=value)}
        self._git = Git(child_environment(shown, here), (found.top,), _SECONDS)
        if not self._git.is_there:
            raise ConfigError("git is not installed, or not on PATH. Install it before this step.")
        self._temporary = env.get("RUNNER_TEMP") or None
        self.folder = Path()

    def __enter__(self) -> Ground:
        self._made = Scratch("ci", self._temporary)
        try:
            self._begin()
        except BaseException:
            self.leave()
            raise
        return self

    def _begin(self) -> None:
        self.folder = Path(os.path.realpath(self._made.path)) / self._checkout.top.name
        self.folder.mkdir()
        form = self._git.answer(self._checkout.top, "rev-parse", "--show-object-format").text.strip() or "sha1"
        begin = ("init", "-q", "--template=", f"--object-format={form}")
        self._must(self._here(*begin), "no repository can be made")
        own = self.folder / ".git"
        self._settings = (own / "config").read_bytes()
        _link_all(self._checkout.shared / "objects", own / "objects")
        if (shallow := self._checkout.shared / "shallow").is_file():
            shutil.copyfile(shallow, own / "shallow")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """What it made goes at once, for an end that unwinds nothing."""
        clear_away(self._made)

    def commit(self, name: str, what: str) -> str:
        """The commit of a name in the checkout. Raises ConfigError, also for one that stands for several: whoever may
        push a tag could else give the name of the trusted branch another meaning."""
        self._check_alone(name, what)
        wanted = ("rev-parse", "-q", "--verify", "--end-of-options", f"{name}^{{commit}}")
        found = self._git.answer(self._checkout.top, *wanted)
        if not found.ok:
            shown = visible_line(name)[:100]
            if found.problem:  # such as a checkout that is somebody else's
                raise ConfigError(f"the {what} {shown} cannot be looked up: {visible_line(found.problem)[:300]}")
            raise ConfigError(
                f"the {what} {shown} is no commit of this checkout. Check the name, and check out with all history "
                "(GitHub: fetch-depth: 0; GitLab: GIT_DEPTH: 0), or git fetch it before."
            )
        return found.text.strip()

    def _check_alone(self, name: str, what: str) -> None:
        listed = (f"refs/tags/{name}", f"refs/heads/{name}", f"refs/remotes/{name}")
        found = self._git.answer(self._checkout.top, "show-ref", "-d", "--", *listed)
        meant: dict[str, str] = {}
        for line in found.text.splitlines():
            commit, _, full = line.partition(" ")
            meant[full.removesuffix("^{}")] = commit  # what a tag stands for comes behind the tag
        meant = {full: commit for full, commit in meant.items() if full in listed}
        if len(set(meant.values())) > 1:
            names = ", ".join(visible_line(each) for each in meant)
            raise ConfigError(
                f"the {what} {visible_line(name)[:100]} could be each of {names[:300]}. Name one in full."
            )

    def named(self, **commits: str) -> None:
        """Names by which git is asked for commits here."""
        for name, commit in commits.items():
            self._must(self._here("update-ref", f"refs/heads/{name}", commit), f"no branch {name}")

    def fill(self, commit: str, configuration: str = "") -> str:
        """Checks out the files of a commit; those that tell coder how to work come from `configuration`, if given.
        Returns the tree that is there."""
        tree = self._tree(commit)
        if configuration:
            gone = (_gone(path, tree) for _, path in self._configuration(tree))
            come = (b"%s\t%s\0" % each for each in self._configuration(configuration))
            tree = self._with(tree, (*gone, *come))
        self._must(self._here("read-tree", tree), "the files cannot be listed")
        self._must(self._here("checkout-index", "-a", "-f", "-u"), "the files cannot be written")
        return tree

    def of_the_head(self, base: str, filled: str) -> frozenset[str]:
        """The paths at which a filled tree is not as the trusted commit has it. Raises ConfigError where settings are a
        link to such a one: then the head says what they are."""
        compared = ("diff-tree", "-r", "-z", "--no-renames", "--name-only", self._tree(base), filled)
        answer = self._here(*compared)
        self._must(answer, "the changes cannot be listed")
        found = frozenset(os.fsdecode(path) for path in answer.out.split(b"\0") if path)
        for about, raw in self._configuration(filled):
            path = os.fsdecode(raw)
            if about.startswith(_LINK) and not is_notes(path) and not self._stays(path, found):
                raise ConfigError(
                    f"{visible_line(path)} is a link to what the commit changes, which would say how coder works. Make "
                    "it a file of its own."
                )
        return found

    def _stays(self, link: str, changed: Collection[str]) -> bool:
        """Whether a link leads to something in here of which nothing was changed."""
        real = os.path.realpath(self.folder / link)
        if not real.startswith(f"{self.folder}/"):
            return False
        target = real[len(f"{self.folder}/") :]
        return not any(each == target or each.startswith(f"{target}/") for each in changed)

    def begin_at(self, commit: str) -> None:
        """HEAD is this commit, on no branch."""
        self._must(self._here("update-ref", "--no-deref", "HEAD", commit), "no place to begin")

    def diff(self, base: str, head: str) -> tuple[str, str]:
        """Which files differ since head left base, and how. Raises ConfigError."""
        joint = self._here("merge-base", base, head)
        since = joint.text.strip() or base  # a shallow checkout knows of none
        names = self._here("diff", *_DIFF, "--stat=120", since, head)
        self._must(names, "the changes cannot be listed")
        whole = self._here("diff", *_DIFF, since, head, most=_MOST_DIFF)
        if whole.cut != "large":
            self._must(whole, "the changes cannot be shown")
        return names.text, whole.text

    def fix(self, parent: str, filled: str, message: str) -> str:
        """A commit on `parent` of what was changed here since it was filled; "" when nothing was. What steers coder or
        the service stays as it is in `parent`, whatever was done to it."""
        self._as_it_was()
        self._must(self._here("add", "-A", "--", "."), "the changes cannot be added")
        written = self._here("write-tree")
        self._must(written, "the changes cannot be kept")
        compared = ("diff-tree", "-r", "-z", "--no-renames", filled, written.text.strip())
        changed = self._here(*compared)
        self._must(changed, "the changes cannot be listed")
        lines = _changes(changed.out, parent)
        if not lines:
            return ""
        tree = self._with(parent, lines)
        made = self._here("commit-tree", tree, "-p", parent, stdin=message.encode(), env={**_WHO})
        self._must(made, "the changes cannot be committed")
        return made.text.strip()

    def check_free(self, branch: str) -> None:
        """Raises ConfigError where a branch of the checkout cannot be called that."""
        reference = f"refs/heads/{branch}"
        shown = visible_line(branch)[:100]
        if not self._git.answer(self._checkout.top, "check-ref-format", reference).ok:
            raise ConfigError(f"{shown} is no name for a branch. Name another one: --branch")
        if self._git.answer(self._checkout.top, "rev-parse", "-q", "--verify", reference).ok:
            raise ConfigError(f"the branch {shown} is there already. Remove it, or name another one: --branch")

    def hand_over(self, commit: str, branch: str) -> None:
        """The commit as a branch of the checkout, which must not be there."""
        self.check_free(branch)
        reference = f"refs/heads/{branch}"
        wanted = f"{commit}\n^{commit}^\n".encode()  # read anew, and nothing else that lies there
        packed = self._here("pack-objects", "-q", "--revs", "--stdout", stdin=wanted)
        self._must(packed, "the commit cannot be read")
        with undivided():  # half done, it would leave a lock
            taken = self._git.answer(self._checkout.top, "unpack-objects", "-q", "--strict", stdin=packed.out)
            self._must(taken, "the commit cannot be stored")
            kept = self._git.answer(self._checkout.top, "update-ref", reference, commit, "")
        self._must(kept, f"the branch {branch} cannot be made")

    def _as_it_was(self) -> None:
        """Takes out of git's settings here what the session has put there: each could be a program that git starts."""
        own = self.folder / ".git"
        if own.is_symlink() or not own.is_dir():
            raise ConfigError("the session has replaced the repository that it worked in. Nothing of it is taken over.")
        for name in ("config", "config.worktree", "info/attributes", "commondir", "objects/info/alternates"):
            _remove(own / name)
        (own / "config").write_bytes(self._settings)

    def _tree(self, commit: str) -> str:
        found = self._here("rev-parse", "-q", "--verify", "--end-of-options", f"{commit}^{{tree}}")
        self._must(found, f"{commit[:12]} has no files")
        return found.text.strip()

    def _with(self, tree: str, lines: Sequence[bytes]) -> str:
        """The tree with these entries put in, and those of no mode taken out."""
        index = {"GIT_INDEX_FILE": str(self.folder / ".git" / "swapping")}
        self._must(self._here("read-tree", tree, env=index), "the files cannot be listed")
        put = ("update-index", "-z", "--index-info")
        self._must(self._here(*put, stdin=b"".join(lines), env=index), "a file is in the way")
        written = self._here("write-tree", env=index)
        self._must(written, "the files cannot be put together")
        return written.text.strip()

    def _configuration(self, tree: str) -> Iterator[tuple[bytes, bytes]]:
        """Mode and hash, and path, of what tells coder how to work."""
        listed = self._here("ls-tree", "-r", "-z", tree)
        self._must(listed, "the files cannot be listed")
        for line in filter(None, listed.out.split(b"\0")):
            about, _, path = line.partition(b"\t")
            mode, _, hashed = about.split(b" ")
            if is_configuration(os.fsdecode(path)):
                yield mode + b" " + hashed, path

    def _here(
        self, *arguments: str, stdin: bytes = b"", most: int | None = None, env: Mapping[str, str] | None = None
    ) -> Answer:
        """git in the folder of the job, with no settings but its own."""
        return self._git.answer(self.folder, *arguments, stdin=stdin, most=most, env={**_PLAIN, **(env or {})})

    def _must(self, answer: Answer, what: str) -> None:
        if not answer.ok:
            raise ConfigError(f"{what}: {visible_line(answer.problem or 'git does not say why')[:300]}")


def _changes(raw: bytes, name: str) -> list[bytes]:
    """What `git diff-tree -z` names, as `git update-index` takes it, but for what a fix leaves alone."""
    parts = raw.split(b"\0")
    found: list[bytes] = []
    for about, path in zip(parts[::2], parts[1::2], strict=False):
        _, mode, _, hashed, _ = about.split(b" ")
        if not is_held(os.fsdecode(path)):
            found.append(_gone(path, name) if mode == b"000000" else b"%s %s\t%s\0" % (mode, hashed, path))
    return found


def _gone(path: bytes, name: str) -> bytes:
    """Takes a path out; `name` is any object's of the repository, by the length of which it is known."""
    return b"0 %s\t%s\0" % (b"0" * len(name), path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _link_all(source: Path, target: Path) -> None:
    """Every object file, as a second name of the same one where that can be; git never changes one in place."""
    for folder, folders, files in os.walk(source):
        folders[:] = [each for each in folders if not (Path(folder) / each).is_symlink()]
        place = target / Path(folder).relative_to(source)
        place.mkdir(parents=True, exist_ok=True)
        for name in files:
            one, other = Path(folder) / name, place / name
            if other.exists() or not stat.S_ISREG(one.lstat().st_mode) or name.endswith(".lock"):
                continue
            try:
                os.link(one, other)
            except OSError:
                shutil.copy2(one, other)
