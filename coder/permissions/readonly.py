"""The commands known to read only, each with the flags that keep it so. Must not know rules, modes or folders.

A flag is listed when neither GNU nor BSD can write a file, run a program or reach the network by it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from coder.permissions import gitreads, scripts
from coder.permissions.command import Word
from coder.permissions.grammar import Call, Effects, Grammar
from coder.permissions.names import names

_VERSIONS = {
    "--version": names(
        "bash black cc clang clang++ cmake curl docker docker-compose eslint fd g++ gcc gh git git-lfs helm hugo java "
        "javac jq kubectl make mypy node npm perl php pip pip3 podman prettier psql python python3 rg ruby ruff "
        "shellcheck sqlite3 tmux tsc uv wget"
    ),
    "-V": names("curl fd jq mypy pip pip3 psql python python3 rg ruff shellcheck tmux uv wget"),
    "-v": names("docker node npm perl php ruby tsc"),
    "version": names("docker helm hugo"),
    "-version": frozenset({"java", "javac"}),
}
_PYTHON = re.compile(r"python3\.\d+\Z")
_SCRIPTED = frozenset({"sed", "awk", "gawk", "mawk", "jq", "test", "[", "[[", "printf"})
_HARMLESS = names("echo true false : exit break continue return")  # whatever their words are
_READ = re.compile(r"(-r|-a|-ra|[A-Za-z_]\w*)\Z", re.ASCII)
_JOINTS = frozenset({"!", "-not", "-o", "-or", ",", "("})
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
    free=True,
    counts=True,
    content=True,
    sweeps="-r -R --recursive --dereference-recursive",
    follows="-R --dereference-recursive",
    quiet="-l -L -c -q --files-with-matches --files-without-match --count --quiet --silent",
)
_RIPGREP = Grammar(
    "0ciIlLnoNpPqsSUuvwxFHA:B:C:m:e:f@g:t:T:r:d:M:j:",
    "after-context= before-context= color= column context= count count-matches case-sensitive crlf debug "
    "encoding= engine= file@ files files-with-matches files-without-match fixed-strings follow glob= heading "
    "hidden iglob= ignore-case include-zero invert-match json line-number line-regexp max-columns= max-count= "
    "max-depth= max-filesize= multiline multiline-dotall no-config no-filename no-follow no-heading no-hidden "
    "no-ignore no-ignore-parent no-ignore-vcs no-line-number no-messages null only-matching passthru "
    "path-separator= pcre2 pretty quiet regexp= replace= smart-case sort= sortr= stats text threads= trim type= "
    "type-add= type-clear= type-list type-not= unrestricted vimgrep with-filename word-regexp",
    operands="pattern",
    pattern_options="-e -f --regexp --file --files --type-list",
    content=True,
    sweeps="always",
    hidden="--hidden --unrestricted -u -g --glob --iglob -t --type --type-add",
    follows="-L --follow",
)
_DIFF = Grammar(
    "abBcdeEiNpqrstTuwWxyC:U:I:L:x:W:",
    "brief color? context? exclude= expand-tabs ignore-all-space ignore-blank-lines ignore-case "
    "ignore-matching-lines= ignore-space-change ignore-tab-expansion ignore-trailing-space label= left-column "
    "minimal new-file no-dereference normal recursive report-identical-files show-c-function side-by-side "
    "speed-large-files starting-file= strip-trailing-cr suppress-common-lines text unified? "
    "unidirectional-new-file width=",
    content=True,
    sweeps="folders",
    follows="folders",
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
    free=True,
    follows="-L --dereference",
)
_TREE = Grammar(
    "adfilnpsughDFqNQrtvxACSXJP:I:L:",
    "dirsfirst du filelimit= filesfirst gitignore inodes matchdirs noreport nolinks prune si sort= timefmt= version",
    follows="-l",
)
_CHECKSUM = Grammar("bctwz", "binary check ignore-missing quiet status strict tag text warn zero", free=True)
_NOTHING = Grammar(operands="none")


def _only_formats(call: Call) -> bool:
    """`date` sets the clock when given an operand that is not a format."""
    return all(word.text.startswith("+") for word in call.operands)


def _only_names(call: Call) -> bool:
    """`command -v name` looks up, `command name` runs."""
    return call.has("-v", "-V")


def _only_tells_go(call: Call) -> bool:
    """`go version` without a file, `go env NAME`: its flags write settings."""
    words = [word.text for word in call.operands]
    return words == ["version"] or words[:1] == ["env"]


def _only_prints(call: Call) -> bool:
    """`rustc --print cfg`: without a source there is nothing to compile; `--print cfg=file` writes."""
    writes = any(name == "--print" and "=" in value for name, value in call.options)
    return call.has("--print", "--version", "-V") and not writes


_COMMANDS: dict[str, Grammar] = {
    "arch": _NOTHING,
    "b2sum": _CHECKSUM,
    "base32": Grammar("dw:", "decode wrap=", content=True),
    "base64": Grammar("dDw:", "decode wrap=", most=1, content=True),
    "basename": Grammar("as:z", "multiple suffix= zero", operands="text", free=True),
    "cal": Grammar("13jmy", operands="text"),
    "cat": Grammar(
        "AbeEnstTuv",
        "number number-nonblank show-all show-ends show-nonprinting show-tabs squeeze-blank",
        content=True,
        free=True,
    ),
    "cksum": Grammar(content=True, quiet="always", free=True),
    "cmp": Grammar("blsi:n:", "bytes= ignore-initial= print-bytes quiet silent verbose", content=True),
    "column": Grammar("txc:s:o:N:", "columns= output-separator= separator= table", content=True),
    "comm": Grammar("123i", "check-order nocheck-order output-delimiter= total zero-terminated", content=True),
    "command": Grammar("vVp", operands="text", check=_only_names),
    "cut": Grammar(
        "b:c:d:f:nsz",
        "bytes= characters= complement delimiter= fields= only-delimited output-delimiter= zero-terminated",
        content=True,
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
    "dirname": Grammar("z", "zero", operands="text", free=True),
    "du": Grammar(
        "abcdDhHklLmPsSx0d:t:B:",
        "all apparent-size block-size= bytes count-links dereference exclude= human-readable inodes max-depth= null "
        "one-file-system separate-dirs si summarize threshold= time? time-style= total",
        free=True,
        follows="-L --dereference",
    ),
    "egrep": _GREP,
    "env": Grammar("0", "null", operands="none"),
    "expand": Grammar("it:", "initial tabs=", content=True),
    "expr": Grammar(operands="text"),
    "fgrep": _GREP,
    "diffstat": Grammar("bcCEkKlmqrsStuw:p:n:f:", operands="none"),  # it unpacks a file by another program
    "fd": Grammar(
        "HIuspgFaLt:e:d:E:S:c:01q",
        "hidden no-ignore unrestricted case-sensitive ignore-case glob fixed-strings absolute-path follow type= "
        "extension= max-depth= min-depth= exclude= size= color= print0 max-results= full-path quiet changed-within= "
        "changed-before=",
        operands="pattern",
        follows="-L --follow",
    ),
    "file": Grammar(
        "bhiIkLNrs0F:", "brief dereference extension keep-going mime mime-encoding mime-type no-buffer no-pad"
    ),
    "fmt": Grammar("csuw:", "split-only uniform-spacing width=", content=True),
    "fold": Grammar("bsw:", "bytes spaces width=", content=True),
    "go": Grammar(operands="text", check=_only_tells_go),
    "free": Grammar("bghkmtw", "bytes gibi giga human kibi kilo lohi mebi mega si total wide", operands="none"),
    "grep": _GREP,
    "groups": Grammar(operands="text"),
    "head": Grammar(
        "c:n:qvz",
        "bytes= lines= quiet silent verbose zero-terminated",
        content=True,
        free=True,
        counts=True,
    ),
    "hexdump": Grammar("bcCdovxn:s:", content=True),
    "hostname": Grammar("s", operands="none"),
    "id": Grammar("agGnruz", "group groups name real user zero", operands="text"),
    "join": Grammar("a:e:ij:o:t:v:1:2:", "check-order header ignore-case nocheck-order zero-terminated", content=True),
    "ls": _LS,
    "md5sum": _CHECKSUM,
    "nl": Grammar("pb:d:f:h:i:l:n:s:v:w:", "body-numbering= number-format= number-width=", content=True),
    "nproc": Grammar("", "all ignore=", operands="none"),
    "od": Grammar(
        "abcdfiloxvA:j:N:S:t:w?", "address-radix= format= output-duplicates read-bytes= skip-bytes=", content=True
    ),
    "paste": Grammar("d:sz", "delimiters= serial zero-terminated", content=True),
    "printenv": Grammar("0", "null", operands="text"),
    "pwd": Grammar("LP", operands="none"),
    "readlink": Grammar(
        "efmnqsvz", "canonicalize canonicalize-existing canonicalize-missing no-newline zero", free=True
    ),
    "realpath": Grammar(
        "eLmPqsz",
        "canonicalize-existing canonicalize-missing logical no-symlinks physical quiet relative-base= relative-to= "
        "strip zero",
        free=True,
    ),
    "rev": Grammar(content=True, free=True),
    "rg": _RIPGREP,
    "rustc": Grammar("VvC:", "version verbose print=", operands="none", check=_only_prints),
    "seq": Grammar("wf:s:", "equal-width format= separator=", operands="text"),
    "sha1sum": _CHECKSUM,
    "sha224sum": _CHECKSUM,
    "sha256sum": _CHECKSUM,
    "sha384sum": _CHECKSUM,
    "sha512sum": _CHECKSUM,
    "shasum": Grammar("a:bctU", "algorithm= binary check text"),
    "sleep": Grammar(operands="text"),
    "sort": _SORT,
    "stat": Grammar("Lfc:ltxnqrsF", "cached= dereference file-system format= printf= terse", free=True),
    "tac": Grammar("brs:", "before regex separator=", content=True, free=True),
    "tail": Grammar(
        "c:n:qvz",
        "bytes= lines= quiet silent verbose zero-terminated",
        content=True,
        free=True,
        counts=True,
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
    "wc": Grammar("clLmw", "bytes chars lines max-line-length words", content=True, quiet="always", free=True),
    "whereis": Grammar("bms", operands="text"),
    "which": Grammar("as", "all", operands="text"),
    "whoami": _NOTHING,
    "xxd": Grammar(long="a b c= e E g= i l= n= o= p ps s= u", whole=True, most=1, content=True),
    "zcat": Grammar(content=True),
}


def effects_of(words: tuple[Word, ...]) -> Effects | None:
    """What a command touches when it is one of those known to read only; None when that is not certain."""
    name = known_name(words[0].text)
    rest = words[1:]
    if name in _HARMLESS:
        return Effects(tuple(word for word in rest if word.glob))
    if _asks_version(name, rest):
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
        case "find":
            return _find(rest)
        case _ if name in _SCRIPTED:
            return scripts.effects(name, rest)
        case _:
            grammar = _COMMANDS.get(name)
            return grammar.effects(rest) if grammar else None


def is_free(name: str) -> bool:
    """Whether no flag of this reader could do harm, so that words nobody knows may be handed to it."""
    grammar = _COMMANDS.get(known_name(name))
    return known_name(name) == "echo" or (grammar is not None and grammar.free)


def is_reader(words: tuple[Word, ...]) -> bool:
    """Whether the command can be read-only, with other flags if not with these."""
    name = known_name(words[0].text)
    if name == "git":
        return len(words) > 1 and words[1].text in gitreads.VERBS
    return name in _COMMANDS or name in _SCRIPTED or name in _HARMLESS or name == "find"


def known_name(text: str) -> str:
    """`/bin/ls` and `/usr/bin/ls` are `ls`; a program in any other folder is only what its path says."""
    for folder in ("/usr/bin/", "/bin/"):
        if text.startswith(folder):
            return text.removeprefix(folder)
    return text


def _asks_version(name: str, rest: tuple[Word, ...]) -> bool:
    program = "python3" if _PYTHON.match(name) else name
    if len(rest) != 1:
        return False
    known = program in _COMMANDS or program in _SCRIPTED or program == "find"
    return program in _VERSIONS.get(rest[0].text, ()) or (known and rest[0].raw == "--version")


def _cd(rest: tuple[Word, ...]) -> Effects | None:
    """`cd folder`. Without one it goes home, with `-` to a place we do not know."""
    match rest:
        case (folder,) if not folder.text.startswith("-") and not folder.glob:
            return Effects(moves=folder)
        case _:
            return None


def _read(rest: tuple[Word, ...]) -> Effects | None:
    """`read -r name …`: the names are checked where variables are followed."""
    plain = all(
        not word.dynamic and not word.glob and re.match(r"(-r|-a|-ra|[A-Za-z_]\w*)\Z", word.text) for word in rest
    )
    return Effects() if plain and any(not word.text.startswith("-") for word in rest) else None


def _set(rest: tuple[Word, ...]) -> Effects | None:
    """`set -euo pipefail`: only how errors end the command."""
    texts = [word.text for word in rest]
    options = [text for text in texts if text != "pipefail"]
    return Effects() if options and all(_STRICT.match(text) for text in options) else None


def _find(rest: tuple[Word, ...]) -> Effects | None:
    """`find`, also with `-exec reader {} ;`: each name is handed over as one word, and none begins with a dash.

    Unless only plain files get that far, some of the names may be links.
    """
    texts = [word.text for word in rest]
    if "-exec" not in texts:
        return scripts.effects("find", rest)
    start = texts.index("-exec")
    end = next((i for i in range(start, len(texts)) if texts[i] in (";", "+")), 0)
    inner = tuple(word for word in rest[start + 1 : end] if word.text != "{}")
    if not inner or len(inner) == end - start - 1 or not is_free(inner[0].text):
        return None
    if any("{}" in word.text for word in inner):
        return None
    outer, reads = scripts.effects("find", (*rest[:start], *rest[end + 1 :])), effects_of(inner)
    if outer is None or reads is None:
        return None
    plain = ("-type", "f") in pairwise(texts[:start]) and _JOINTS.isdisjoint(texts)
    return replace(
        reads,
        reads=(*outer.reads, *reads.reads),
        sweeps=True,
        hidden=True,
        in_folders=False,
        follows=outer.follows or reads.follows or not plain,
    )
