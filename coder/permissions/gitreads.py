"""The reading verbs of git and the flags that keep them so. Must not know rules, modes or folders."""

from __future__ import annotations

import re
from dataclasses import replace

from coder.permissions.command import Word
from coder.permissions.grammar import Call, Effects, Grammar

_DIFF_SHORT = "abBC?D?M?G:l:pqRrstuU?S:wWzX?"
_DIFF_LONG = (
    "abbrev? anchored= binary break-rewrites? cached check color? color-moved? color-moved-ws= color-words? "
    "compact-summary cumulative diff-algorithm= diff-filter= diff-merges= dirstat? dst-prefix= exit-code "
    "find-copies? find-copies-harder find-object= find-renames? full-index function-context histogram "
    "ignore-all-space ignore-blank-lines ignore-cr-at-eol ignore-matching-lines= ignore-space-at-eol "
    "ignore-space-change ignore-submodules? indent-heuristic inter-hunk-context= irreversible-delete line-prefix= "
    "merge-base minimal name-only name-status no-color no-color-moved no-ext-diff no-indent-heuristic no-patch "
    "no-prefix no-relative no-renames no-textconv numstat patch patch-with-raw patch-with-stat patience pickaxe-all "
    "pickaxe-regex quiet raw relative? shortstat src-prefix= staged stat? submodule? summary text unified? "
    "word-diff? word-diff-regex= ws-error-highlight="
)
_LOG_SHORT = _DIFF_SHORT + "n:L:iEFPgcm"
_LOG_LONG = _DIFF_LONG + (
    " abbrev-commit after= all all-match ancestry-path? author= author-date-order basic-regexp before= boundary "
    "branches? cc cherry cherry-mark cherry-pick clear-decorations committer= date= date-order decorate? "
    "decorate-refs= decorate-refs-exclude= dense exclude= extended-regexp first-parent fixed-strings follow "
    "format? full-diff full-history glob= graph grep= grep-reflog= ignore-missing invert-grep left-only "
    "left-right log-size max-count= max-parents? merge merges min-parents? no-abbrev-commit no-decorate "
    "no-expand-tabs no-max-parents no-merges no-min-parents no-notes no-walk? not notes? oneline parents "
    "perl-regexp pretty? reflog regexp-ignore-case relative-date remotes? remove-empty reverse right-only "
    "show-linear-break? show-notes? show-pulls simplify-by-decoration simplify-merges since= skip= source "
    "sparse stdin tags? topo-order until= use-mailmap walk-reflogs"
)
_LIST_LONG = (
    "abbrev? all color? column? contains? format= ignore-case list merged? no-abbrev no-color no-column "
    "no-contains? no-merged? points-at? remotes show-current sort= verbose"
)
# `git rev-list` reads its options itself, and knows neither of these.
_REV_LIST_SHORT = _LOG_SHORT.replace("L:", "")
_REV_LIST_LONG = re.sub(r"\bdecorate-refs\S*", "", _LOG_LONG)
_FROM_TOP = re.compile(r":(/|\([^)]*\btop\b)")
_LISTING = ("--list", "--contains", "--no-contains", "--merged", "--no-merged", "--points-at")


def _lists_branches(call: Call) -> bool:
    """A name as operand makes a branch, unless an option says it is a pattern."""
    return not call.operands or call.has(*_LISTING)


def _lists_tags(call: Call) -> bool:
    return not call.operands or call.has("-l", "-n", *_LISTING)


def _reads_config(call: Call) -> bool:
    readers = ("--get", "--get-all", "--get-regexp", "--get-urlmatch", "--list", "-l", "--get-color", "--get-colorbool")
    return call.has(*readers) or (len(call.operands) == 1 and not call.options)


def _shows_reflog(call: Call) -> bool:
    return not call.operands or call.operands[0].text not in ("expire", "delete", "exists", "write", "drop")


def _one_reference(call: Call) -> bool:
    return len(call.operands) == 1


def _stays_below(call: Call) -> bool:
    """`:/` and `:(top)` search all of the work tree, from whichever of its folders."""
    return not any(_FROM_TOP.match(word.text) for word in call.operands)


VERBS: dict[str, Grammar] = {
    "blame": Grammar(
        "bceflL:M?nC?pstwS@",
        "abbrev? color-by-age color-lines date= first-parent ignore-rev= incremental line-porcelain minimal porcelain "
        "progress no-progress root score-debug show-email show-name show-number show-stats since=",
        content=True,
    ),
    "branch": Grammar("ailqrv", _LIST_LONG, operands="text", check=lambda c: not c.has("-l") and _lists_branches(c)),
    "cat-file": Grammar("epst", "batch-check? batch? unordered", content=True, sweeps="--batch"),
    "check-attr": Grammar("az", "all cached source="),
    "check-ignore": Grammar("nqvz", "no-index non-matching quiet verbose", free=True),
    "check-mailmap": Grammar(operands="text"),
    "clean": Grammar("dfnqxXe:", "dry-run exclude= force quiet", check=lambda call: call.has("-n", "--dry-run")),
    "cherry": Grammar("v", "abbrev?"),
    "config": Grammar(
        "lz",
        "all bool default= get get-all get-regexp get-urlmatch global includes int list local name-only no-includes "
        "null path show-origin show-scope system type= worktree",
        operands="text",
        check=_reads_config,
    ),
    "count-objects": Grammar("vH", "human-readable verbose", operands="none"),
    "describe": Grammar(
        "",
        "abbrev? all always broken? candidates= contains debug dirty? exact-match exclude= first-parent long match= "
        "tags",
    ),
    "diff": Grammar(_DIFF_SHORT + "0123c", _DIFF_LONG, content=True, counts=True),
    "diff-index": Grammar(_DIFF_SHORT + "cm", _DIFF_LONG, content=True),
    "diff-tree": Grammar(
        _DIFF_SHORT + "cmv", _DIFF_LONG + " always cc no-commit-id pretty? root format?", content=True
    ),
    "for-each-ref": Grammar("", _LIST_LONG + " count= exclude= include-root-refs omit-empty", operands="text"),
    "grep": Grammar(
        "acEFGhHiIlLnopPqrvwWzA:B:C:e:f@m:",
        "after-context= all-match and before-context= break cached color? column context= count exclude-standard "
        "extended-regexp files-with-matches files-without-match fixed-strings full-name function-context heading "
        "ignore-case invert-match line-number max-count= max-depth= name-only no-color no-exclude-standard not null "
        "only-matching or perl-regexp quiet recurse-submodules recursive show-function text untracked word-regexp",
        operands="pattern",
        pattern_options="-e -f",
        content=True,
        counts=True,
        sweeps="always",
        check=_stays_below,
    ),
    "help": Grammar("acg", "all guides config", operands="none", check=lambda call: bool(call.options)),
    "log": Grammar(_LOG_SHORT, _LOG_LONG, content=True, counts=True),
    "ls-files": Grammar(
        "cdfikmostuvx:z",
        "abbrev? cached debug deduplicate deleted directory eol error-unmatch exclude-standard exclude= format= "
        "full-name ignored killed modified no-empty-directory other others recurse-submodules resolve-undo "
        "stage unmerged",
    ),
    "ls-tree": Grammar("dlrtz", "abbrev? format= full-name full-tree long name-only name-status object-only"),
    "merge-base": Grammar("a", "all fork-point independent is-ancestor octopus"),
    "name-rev": Grammar("", "all always exclude= name-only no-undefined refs= tags"),
    "range-diff": Grammar(
        _DIFF_SHORT, _DIFF_LONG + " creation-factor= left-only right-only no-dual-color", content=True
    ),
    "reflog": Grammar(_LOG_SHORT, _LOG_LONG, check=_shows_reflog, counts=True, content=True),
    "rev-list": Grammar(_REV_LIST_SHORT, _REV_LIST_LONG + " count objects disk-usage? header timestamp", counts=True),
    "rev-parse": Grammar(
        "q",
        "abbrev-ref? absolute-git-dir all branches? default= disambiguate= end-of-options exclude= git-common-dir "
        "git-dir git-path= glob= is-bare-repository is-inside-git-dir is-inside-work-tree is-shallow-repository "
        "path-format= quiet remotes? shared-index-path short? show-cdup show-object-format? show-prefix "
        "show-superproject-working-tree show-toplevel symbolic symbolic-full-name tags? verify",
    ),
    "shortlog": Grammar("censw?", "all author= committer email group= numbered since= summary until="),
    "show": Grammar(_LOG_SHORT, _LOG_LONG, content=True, counts=True),
    "show-branch": Grammar("ar", "all current date-order list more= remotes sha1-name sparse topics topo-order"),
    "show-ref": Grammar("dhqs?", "abbrev? dereference hash? head heads quiet tags verify"),
    "stash list": Grammar(_LOG_SHORT, _LOG_LONG, counts=True),
    "stash show": Grammar(_DIFF_SHORT, _DIFF_LONG + " include-untracked only-untracked", content=True),
    "status": Grammar(
        "bsu?vz",
        "ahead-behind branch column? find-renames? ignore-submodules? ignored? long no-ahead-behind no-column "
        "no-renames porcelain? renames short show-stash untracked-files? verbose",
    ),
    "symbolic-ref": Grammar("q", "no-recurse quiet recurse short", check=_one_reference),
    "tag": Grammar("iln?", _LIST_LONG + " no-sort", operands="text", check=_lists_tags),
    "var": Grammar("l", operands="text"),
    "version": Grammar("", "build-options", operands="none"),
    "whatchanged": Grammar(_LOG_SHORT, _LOG_LONG, content=True, counts=True),
}
_GLOBAL = frozenset({"--no-pager", "-P", "--no-optional-locks", "--literal-pathspecs"})
_REVISION_PATH = re.compile(r"(?:\{[^}]*\}|[^:{])*:(?:\d:|\([^)]*\))?(.+)\Z", re.DOTALL)
# What makes git run gpg.
_SIGNED = re.compile(r"%[-+ ]?G|%\(\*?signature")


def effects(words: tuple[Word, ...]) -> Effects | None:
    """What `git …` touches (the words after `git`); None when it is not certainly a read."""
    index = 0
    while index < len(words) and words[index].text in _GLOBAL:
        index += 1
    if index == len(words):
        return None
    verb, rest = words[index].text, words[index + 1 :]
    if verb == "stash" and rest:  # its verb must come first: options in front of it mean `stash push`
        verb, rest = f"stash {rest[0].text}", rest[1:]
    match verb, [word.text for word in rest]:
        case "remote", [] | ["-v" | "--verbose" | "show"]:
            return Effects()
        case "remote", ["get-url", name] if not name.startswith("-"):
            return Effects()
        case "config", ["get", name] if not name.startswith("-"):
            return Effects()
        case "submodule", ["status"]:
            return Effects()
        case "worktree", ["list", *flags] if set(flags) <= {"--porcelain", "-z", "-v", "--verbose"}:
            return Effects()
        case _:
            grammar = VERBS.get(verb)
    call = grammar.read(rest) if grammar else None
    found = grammar.effects(rest) if grammar else None
    if call is None or found is None or any(value.startswith("-") for value in call.apart):
        return None
    if any(_SIGNED.search(value) for name, value in call.options if name in ("--format", "--pretty")):
        return None
    if any(name == "--submodule" and value.startswith("d") for name, value in call.options):
        return None  # it runs `git diff` in the submodule, by the settings there
    ranges = (value for name, value in call.options if name == "-L" and ":" in value)
    files = tuple(Word(path, path) for value in ranges if (path := value.rpartition(":")[2]))
    return replace(found, reads=tuple(path for word in (*found.reads, *files) for path in _paths(word)))


def _paths(word: Word) -> tuple[Word, ...]:
    """The path in `HEAD:src/x`, else the word: a revision, read as a path, never leads out of the folder."""
    if word.text.startswith(":/"):  # from the top of the repository, or a commit by its message
        return Word(".", "."), Word(word.raw, word.text[2:] or ".")
    found = _REVISION_PATH.match(word.text)
    if not found:
        return (word,)
    path = Word(found[1], found[1])
    return (word, path) if "/" in word.text[: found.start(1)] else (path,)
