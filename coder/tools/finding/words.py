"""Text -> the stems it is found by. Must not know what is searched, nor which words mean the same."""

from __future__ import annotations

import re

from coder.tools.finding.table import listed

# Words such as s3, k8s, mp4 stay whole.
_SHORT = r"(?<![A-Za-z0-9])[A-Za-z]{1,3}[0-9]{1,2}[A-Za-z]?(?![A-Za-z0-9])"
_PARTS = re.compile(_SHORT + r"|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_FOREIGN = re.compile(r"[^\W\d_]+|[0-9]+")
_VOWEL = re.compile(r"[aeiouy]")
_LONGEST = 40  # letters of a word; what is longer is not a word that anybody asks for

STOP = frozenset(listed("stop"))
_ODD = {
    "ran": "run", "wrote": "write", "written": "write", "sent": "send", "found": "find", "made": "make", "took": "take",
    "taken": "take", "gone": "go", "went": "go", "got": "get", "gave": "give", "given": "give", "broke": "break",
    "broken": "break", "built": "build", "kept": "keep", "left": "leave", "lost": "lose", "said": "say", "told": "tell",
    "knew": "know", "known": "know", "saw": "see", "seen": "see", "spoke": "speak", "thought": "think",
    "threw": "throw", "children": "child", "people": "person", "men": "man", "women": "woman", "indices": "index",
    "indexes": "index", "statuses": "status",
    "analyses": "analyse", "analysis": "analyse", "analyze": "analyse", "analyzes": "analyse", "repo": "repository",
    "repos": "repository", "dir": "directory", "dirs": "directory", "docs": "document", "doc": "document",
    "documentation": "document", "db": "database", "msg": "message", "msgs": "message", "env": "environment",
    "config": "configure", "configs": "configure", "configuration": "configure", "info": "information",
    "auth": "authenticate", "k8s": "kubernetes", "js": "javascript", "img": "image", "params": "parameter",
    "args": "argument", "ids": "id", "urls": "url", "pics": "picture", "pic": "picture",
}  # fmt: skip
# Words whose ending is none.
_WHOLE = frozenset(("staging", "news", "status", "css", "dns", "data", "media", "canvas", "atlas", "bus", "gas"))


def words(text: str) -> list[str]:
    """The words of a text, lower case, camelCase and snake_case taken apart; nothing is left out."""
    return [part.lower() for part in _parts(text)]


def _parts(text: str) -> list[str]:
    if text.isascii():
        return _PARTS.findall(text)
    # A word that is not ASCII is a word as it stands.
    return [part for run in _FOREIGN.findall(text) for part in (_PARTS.findall(run) if run.isascii() else [run])]


def stems(text: str) -> list[str]:
    """What a text is found by: stems, without the words that every text has."""
    made: list[str] = []
    for part in _parts(text):
        known = _KNOWN.get(part)
        if known is None:
            word = part.lower()
            known = "" if word in STOP or len(word) > _LONGEST else stem(word)
            if len(_KNOWN) < _REMEMBERED and len(part) <= _LONGEST:
                _KNOWN[part] = known
        if known:
            made.append(known)
    return made


_KNOWN: dict[str, str] = {}
_REMEMBERED = 50_000  # words; what servers send is foreign, so what is kept of it has an end


def stem(word: str) -> str:
    """A light stem: endings go, and words of one root that people mix (navigate, navigation) come out alike."""
    if word in _WHOLE:
        return word
    word = _ODD.get(word, word)
    word = _singular(word)
    if len(word) <= 3:
        return word
    return _base(_root(word))


def _singular(word: str) -> str:
    if len(word) <= 3:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _root(word: str) -> str:
    """Without an ending that tells the form of a verb, or makes a noun of it."""
    if word.endswith("ied"):
        return word[:-3] + "y"
    if word.endswith("ification"):
        return word[:-9] + "ify"
    for ending, least in _ENDINGS:
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) >= least and _VOWEL.search(rest):
            return rest[:-1] if ending in ("ed", "ing") and _doubled(rest) else rest
    return word


_ENDINGS = (("ability", 3), ("ibility", 4), ("able", 5), ("ible", 5), ("ment", 6), ("ing", 3), ("ed", 3), ("ly", 4),
            ("al", 5))  # fmt: skip


def _doubled(rest: str) -> bool:
    return len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "aeioulsz"


def _base(word: str) -> str:
    if word.endswith("ion") and len(word) > 5 and word[-4] in "ts":
        word = word[:-3]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word
