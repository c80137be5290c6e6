"""The file commands acceptEdits lets run: what each would make, change or remove. Must not know rules or modes."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from coder.permissions.command import Word
from coder.permissions.grammar import Effects, Grammar
from coder.permissions.readonly import known_name
from coder.permissions.scripts import sed_effects

_COMMANDS = {
    "mkdir": Grammar("pvm:", "mode= parents verbose"),
    "touch": Grammar("acm", "no-create"),
    "rm": Grammar("dfirRv", "dir force recursive verbose", sweeps="-r -R --recursive"),
    "rmdir": Grammar("pv", "ignore-fail-on-non-empty parents verbose"),
    "mv": Grammar("finvu", "force no-clobber update verbose", sweeps="always"),
    "cp": Grammar(
        "afinpPrRuvT", "archive force no-clobber no-dereference recursive update verbose", sweeps="-r -R -a --recursive"
    ),
}
_SED_IN_PLACE = Grammar("nErsuzi?e:", "expression= in-place? quiet regexp-extended separate silent")


def effects_of(words: tuple[Word, ...]) -> Effects | None:
    """The paths a file command would write, and the folders it would write with all that is in them.

    None for any other command, an unknown flag or a wildcard.
    """
    name = known_name(words[0].text)
    if name == "sed":
        return _sed(words[1:])
    grammar = _COMMANDS.get(name)
    found = grammar.effects(words[1:]) if grammar else None
    if found is None or not found.reads:
        return None
    *sources, last = found.reads
    into: tuple[Word, ...] = ()
    if name in ("cp", "mv"):
        names = (posixpath.basename(source.text.rstrip("/")) for source in sources)
        into = tuple(replace(last, text=f"{last.text}/{each}") for each in names)
        swept = (*sources, *into)
    else:
        swept = found.reads
    return Effects(reads=swept if found.sweeps else (), writes=found.reads, into=into, sweeps=found.sweeps)


def _sed(words: tuple[Word, ...]) -> Effects | None:
    call = _SED_IN_PLACE.read(words)
    if call is None or not call.has("-i", "--in-place"):
        return None
    found = sed_effects(words, _SED_IN_PLACE)
    suffixes = {value for name, value in call.options if name in ("-i", "--in-place") and value}
    # A suffix with a slash or a star names the backup freely, in any folder.
    if found is None or not found.reads or any(set(suffix) & set("/*") for suffix in suffixes):
        return None
    backups = (Word(word.raw, word.text + suffix, tilde=word.tilde) for word in found.reads for suffix in suffixes)
    return Effects(writes=(*found.reads, *backups))
