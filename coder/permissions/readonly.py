"""The commands known to read only, each with the flags that keep it so. Must not know rules, modes or folders.

A flag is listed when neither GNU, BSD nor busybox can write a file, run a program or reach the network by it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from coder.permissions import gitreads, scripts
from coder.permissions.command import Word
from coder.permissions.grammar import Call, Effects, Grammar
from coder.permissions.names import names

_VERSIONS = {
    "--version": names(
        "bash cc clang clang++ cmake docker g++ gcc gh git java javac jq make mypy node npm perl php pip pip3 "
        "python python3 rg ruby ruff tree uv"
    ),
    "-V": names("jq mypy pip pip3 python python3 rg ruff uv"),
    "-v": names("docker node npm perl php ruby"),
    "-version": frozenset({"java", "javac"}),
}
_PYTHON = re.compile(r"python3\.\d+\Z")
_SCRIPTED = frozenset({"find", "sed", "awk", "gawk", "mawk", "jq", "test", "[", "[[", "printf"})
_HARMLESS = names("echo true false : exit break continue return")  # whatever their words are
_FREE = names(
    "basename cat cksum cut dirname du echo egrep fgrep grep head ls md5sum nl rev sha1sum sha256sum stat tac tail wc"
)  # no flag of theirs writes, runs or reaches anything
_STRICT = re.compile(r"[-+][eux]*(o)?\Z")

_GREP = Grammar(
    "abchHiIlLnoqrRsSUvVwxyzEFGPA:B:C:m:e:f@",
    "after-context= before-context= binary-files= byte-offset color? colour? context= count "
    "dereference-recursive exclude= exclude-dir= exclude-from@ extended-regexp file@ files-with-matches "
    "files-without-match fixed-strings ignore-case include= invert-match label= line-number line-regexp "
    "max-count= no-filename no-ignore-case no-messages null null-data only-matching perl-regexp quiet recursive "
    "regexp= silent text with-filename word-regexp",
    operands="pattern",
    pattern_options="-e -f --regexp --file",
    globs=True,
    counts=True,
    content=True,
    sweeps="-r -R --recursive --dereference-recursive",
    free=True,
)
_RIPGREP = Grammar(
    "0ciIlLnoNpPqsSUuvwxFHA:B:C:m:e:f@g:t:T:r:d:M:j:",
    "after-context= before-context= color= column context= count count-matches case-sensitive crlf debug "
    "encoding= engine= file@ files files-with-matches files-without-match fixed-strings follow glob= heading "
    "hidden iglob= ignore-case include-zero invert-match json line-number line-regexp max-columns= max-count= "
    "max-depth= max-filesize= multiline multiline-dotall no-config no-filename no-follow no-heading no-hidden "
    "no-ignore no-ignore-parent no-ignore-vcs no-line-number no-messages null only-matching passthru "
    "path-separator= pcre2 pretty quiet regexp= replace= smart-case sort= sortr= stats text threads= trim type= "
    "type-list type-not= unrestricted vimgrep with-filename word-regexp",
    operands="pattern",
    pattern_options="-e -f --regexp --file --files --type-list",
    content=True,
)
_RIPGREP_HIDDEN = frozenset({"--hidden", "--unrestricted", "-u", "-uu", "-uuu"})
_DIFF = Grammar(
    "abBcdeEiNpqrstTuwWxyC:U:I:L:x:W:",
    "brief color? context? exclude= expand-tabs ignore-all-space ignore-blank-lines ignore-case "
    "ignore-matching-lines= ignore-space-change ignore-tab-expansion ignore-trailing-space label= left-column "
    "minimal new-file no-dereference normal recursive report-identical-files show-c-function side-by-side "
    "speed-large-files starting-file= strip-trailing-cr suppress-common-lines text unified? "
    "unidirectional-new-file width=",
    content=True,
    sweeps="-r --recursive",
)
_SORT = Grammar(
    "bCcdfghiMnrRsuVzk:t:",
    "check? debug dictionary-order field-separator= general-numeric-sort human-numeric-sort ignore-case "
    "ignore-leading-blanks ignore-nonprinting key= month-sort numeric-sort random-sort reverse stable unique "
    "version-sort zero-terminated",
    content=True,
)
_LS = Grammar(
    "1aAbBcCdDfFgGhHiklLmnNopqQrRsStTuUvwxXZI:",
    "all almost-all author block-size= classify? color? colour? dereference directory escape file-type format= "
    "full-time group-directories-first hide= human-readable hyperlink? ignore= ignore-backups indicator-style= "
    "inode kibibytes literal no-group numeric-uid-gid quote-name quoting-style= recursive reverse "
    "show-control-chars si size sort= time= time-style= width= zero",
    globs=True,
    free=True,
)
_TREE = Grammar(
    "adfilnpsughDFqNQrtvxACSXJP:I:L:",
    "dirsfirst du filelimit= filesfirst gitignore inodes matchdirs noreport nolinks prune si sort= timefmt= version",
)
_CHECKSUM = Grammar(
    "bctwz", "binary check ignore-missing quiet status strict tag text warn zero", globs=True, free=True
)
_NOTHING = Grammar(operands="none")


def _only_formats(call: Call) -> bool:
    """`date` sets the clock when given an operand that is not a format."""
    return all(word.text.startswith("+") for word in call.operands)


def _only_names(call: Call) -> bool:
    """`command -v name` looks up, `command name` runs."""
    return call.has("-v", "-V")


_COMMANDS: dict[str, Grammar] = {
    "arch": _NOTHING,
    "b2sum": _CHECKSUM,
    "base32": Grammar("dw:", "decode wrap=", content=True),
    "base64": Grammar("dDw:", "decode wrap=", most=1, content=True),
    "basename": Grammar("as:z", "multiple suffix= zero", operands="text", globs=True, free=True),
    "cal": Grammar("13jmy", operands="text"),
    "cat": Grammar(
        "AbeEnstTuv",
        "number number-nonblank show-all show-ends show-nonprinting show-tabs squeeze-blank",
        content=True,
        globs=True,
        free=True,
    ),
    "cksum": Grammar(globs=True, free=True),
    "cmp": Grammar("blsi:n:", "bytes= ignore-initial= print-bytes quiet silent verbose", content=True),
    "column": Grammar("txc:s:o:N:", "columns= output-separator= separator= table", content=True),
    "comm": Grammar("123i", "check-order nocheck-order output-delimiter= total zero-terminated", content=True),
    "command": Grammar("vVp", operands="text", check=_only_names),
    "cut": Grammar(
        "b:c:d:f:nsz",
        "bytes= characters= complement delimiter= fields= only-delimited output-delimiter= zero-terminated",
        content=True,
        globs=True,
        free=True,
    ),
    "date": Grammar(
        "uRjI?d:",
        "date= iso-8601? rfc-2822 rfc-3339= rfc-email universal utc",
        operands="text",
        check=_only_formats,
    ),
    "df": Grammar("aBhHiklmPTt:x:", "all block-size= human-readable inodes local output? portability print-type total"),
    "diff": _DIFF,
    "dirname": Grammar("z", "zero", operands="text", globs=True, free=True),
    "du": Grammar(
        "abcdDhHklLmPsSx0d:t:B:",
        "all apparent-size block-size= bytes count-links dereference exclude= human-readable inodes max-depth= null "
        "one-file-system separate-dirs si summarize threshold= time? time-style= total",
        globs=True,
        free=True,
    ),
    "egrep": _GREP,
    "expand": Grammar("it:", "initial tabs=", content=True),
    "expr": Grammar(operands="text"),
    "fgrep": _GREP,
    "file": Grammar(
        "bhiIkLNrs0F:", "brief dereference extension keep-going mime mime-encoding mime-type no-buffer no-pad"
    ),
    "fmt": Grammar("csuw:", "split-only uniform-spacing width=", content=True),
    "fold": Grammar("bsw:", "bytes spaces width=", content=True),
    "free": Grammar("bghkmtw", "bytes gibi giga human kibi kilo lohi mebi mega si total wide", operands="none"),
    "grep": _GREP,
    "groups": Grammar(operands="text"),
    "head": Grammar(
        "c:n:qvz",
        "bytes= lines= quiet silent verbose zero-terminated",
        content=True,
        globs=True,
        counts=True,
        free=True,
    ),
    "hexdump": Grammar("bcCdovxn:s:", content=True),
    "hostname": Grammar("s", operands="none"),
    "id": Grammar("agGnruz", "group groups name real user zero", operands="text"),
    "join": Grammar("a:e:ij:o:t:v:1:2:", "check-order header ignore-case nocheck-order zero-terminated", content=True),
    "ls": _LS,
    "md5sum": _CHECKSUM,
    "nl": Grammar("pb:d:f:h:i:l:n:s:v:w:", "body-numbering= number-format= number-width=", content=True, free=True),
    "nproc": Grammar("", "all ignore=", operands="none"),
    "od": Grammar(
        "abcdfiloxvA:j:N:S:t:w?", "address-radix= format= output-duplicates read-bytes= skip-bytes=", content=True
    ),
    "paste": Grammar("d:sz", "delimiters= serial zero-terminated", content=True),
    "pwd": Grammar("LP", operands="none"),
    "readlink": Grammar(
        "efmnqsvz", "canonicalize canonicalize-existing canonicalize-missing no-newline zero", globs=True
    ),
    "realpath": Grammar(
        "eLmPqsz",
        "canonicalize-existing canonicalize-missing logical no-symlinks physical quiet relative-base= relative-to= "
        "strip zero",
        globs=True,
    ),
    "rev": Grammar(content=True, globs=True, free=True),
    "rg": _RIPGREP,
    "seq": Grammar("wf:s:", "equal-width format= separator=", operands="text"),
    "sha1sum": _CHECKSUM,
    "sha224sum": _CHECKSUM,
    "sha256sum": _CHECKSUM,
    "sha384sum": _CHECKSUM,
    "sha512sum": _CHECKSUM,
    "shasum": Grammar("a:bctU", "algorithm= binary check text"),
    "sleep": Grammar(operands="text"),
    "sort": _SORT,
    "stat": Grammar("Lfc:ltxnqrsF", "cached= dereference file-system format= printf= terse", globs=True, free=True),
    "tac": Grammar("brs:", "before regex separator=", content=True, globs=True, free=True),
    "tail": Grammar(
        "c:n:qvz",
        "bytes= lines= quiet silent verbose zero-terminated",
        content=True,
        globs=True,
        counts=True,
        free=True,
    ),
    "tr": Grammar("cCdst", "complement delete squeeze-repeats truncate-set1", operands="text"),
    "tree": _TREE,
    "tty": Grammar("s", operands="none"),
    "type": Grammar("afptP", operands="text"),
    "uname": Grammar("amnprsvoi", "all kernel-name kernel-release kernel-version machine nodename", operands="none"),
    "unexpand": Grammar("at:", "all first-only tabs=", content=True),
    "uniq": Grammar(
        "cdDiuzf:s:w:",
        "all-repeated? check-chars= count group? ignore-case repeated skip-chars= skip-fields= unique zero-terminated",
        most=1,
        content=True,
    ),
    "uptime": Grammar("ps", "pretty since", operands="none"),
    "wc": Grammar("clLmw", "bytes chars lines max-line-length words", globs=True, free=True),
    "whereis": Grammar("bms", operands="text"),
    "which": Grammar("as", "all", operands="text"),
    "whoami": _NOTHING,
    "xxd": Grammar("abeEpurc:g:l:n:o:s:", "", most=1, content=True),
    "zcat": Grammar(content=True),
}


def effects_of(words: tuple[Word, ...]) -> Effects | None:
    """What a command touches when it is one of those known to read only; None when that is not certain."""
    name = known_name(words[0].text)
    rest = words[1:]
    if name in _HARMLESS or _asks_version(name, rest):
        return Effects()
    match name:
        case "git":
            return gitreads.effects(rest)
        case "cd":
            return _cd(rest)
        case "read":
            return _read(rest)
        case "set":
            return _set(rest)
        case "rg":
            found = _RIPGREP.effects(rest)
            return replace(found, sweeps=True, hidden=bool(_RIPGREP_HIDDEN & {w.text for w in rest})) if found else None
        case _ if name in _SCRIPTED:
            return scripts.effects(name, rest)
        case _:
            grammar = _COMMANDS.get(name)
            return grammar.effects(rest) if grammar else None


def is_free(name: str) -> bool:
    """Whether no flag of this reader could do harm, so that words nobody knows may be handed to it."""
    return known_name(name) in _FREE


def is_reader(words: tuple[Word, ...]) -> bool:
    """Whether the command can be read-only, with other flags if not with these."""
    name = known_name(words[0].text)
    if name == "git":
        return len(words) > 1 and words[1].text in gitreads.VERBS
    return name in _COMMANDS or name in _SCRIPTED or name in _HARMLESS


def known_name(text: str) -> str:
    """`/bin/ls` and `/usr/bin/ls` are `ls`; a program in any other folder is only what its path says."""
    for folder in ("/usr/bin/", "/bin/"):
        if text.startswith(folder):
            return text.removeprefix(folder)
    return text


def _asks_version(name: str, rest: tuple[Word, ...]) -> bool:
    program = "python3" if _PYTHON.match(name) else name
    return len(rest) == 1 and program in _VERSIONS.get(rest[0].text, ())


def _cd(rest: tuple[Word, ...]) -> Effects | None:
    """`cd folder`. Without one it goes home, with `-` to a place we do not know."""
    match rest:
        case (folder,) if not folder.text.startswith("-") and folder.text and not folder.glob:
            return Effects(moves=folder)
        case _:
            return None


def _read(rest: tuple[Word, ...]) -> Effects | None:
    """`read -r name …`: the names are checked where variables are followed."""
    plain = all(not word.dynamic and not word.glob and re.match(r"(-r|[A-Za-z_]\w*)\Z", word.text) for word in rest)
    return Effects() if plain and any(word.text != "-r" for word in rest) else None


def _set(rest: tuple[Word, ...]) -> Effects | None:
    """`set -euo pipefail`: only how errors end the command."""
    texts = [word.text for word in rest]
    options = [text for text in texts if text != "pipefail"]
    return Effects() if options and all(_STRICT.match(text) for text in options) else None
