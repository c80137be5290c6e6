"""Values of settings without keys, tokens and passwords. Pure; must not know where they are shown."""

from __future__ import annotations

import re

from coder.config.keys import kind_of

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH(?!OR)|COOKIE|HEADERS", re.IGNORECASE)
_SECRETS = re.compile(
    r"""(?ix) \b(?:sk|ghp|gho|ghs|glpat|xox[a-z]|github_pat|AKIA|eyJ)[-_]?[\w.-]{12,}  # keys of known makers
    | (?<=://) [^\s/@:]* : [^\s/@]+ (?=@)                                             # a password in an address
    | (?<=bearer\s) [^\s"']+"""
)
_OPTIONS = "pluginConfigs"
_LONG = 16  # of anything shorter the last four characters would say too much
_DEEPEST = 20  # levels


def masked(key: str, value: object, deeper: int = _DEEPEST) -> object:
    """The value without what must not be seen, and without what lies too deep to be looked at."""
    if isinstance(value, dict | list) and not deeper:
        return "…"
    if isinstance(value, dict):
        above = key if key.split(".")[0] == _OPTIONS else "env"
        return {name: masked(f"{above}.{name}", item, deeper - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(key, item, deeper - 1) for item in value]
    known = kind_of(key) is not None and not key.startswith("env.")
    if value is None or isinstance(value, bool):
        return value
    if key.startswith(f"{_OPTIONS}."):  # which of them are secret only the plugin knows
        return _ending(str(value))
    if not known and _SECRET_NAME.search(key.rpartition(".")[2]):
        return _ending(str(value))
    return _SECRETS.sub(lambda found: _ending(found[0]), value) if isinstance(value, str) else value


def _ending(secret: str) -> str:
    return "…" + (secret[-4:] if len(secret) >= _LONG else "")
