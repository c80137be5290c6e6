"""Which model an agent is asked of. Pure; must not know definitions or sessions."""

from __future__ import annotations

from collections.abc import Mapping

from coder.app.titles import cheap_model
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.models import catalog

VARIABLE = "CLAUDE_CODE_SUBAGENT_MODEL"
INHERIT = "inherit"


@dataclass(frozen=True, slots=True)
class Chosen:
    """`note` is for people: why it is not the one that was asked for."""

    model: str
    note: str = ""


def chosen(
    config: Config, env: Mapping[str, str], main: str, asked: str, defined: str, *, is_ours: bool = False
) -> Chosen:
    """The environment's, else the caller's, else the definition's, else the session's own, `main`. An administrator's
    choice of a model is for agents too. `is_ours`: no person wrote the definition, so that its model is a wish."""
    if config.model.is_fixed:
        return Chosen(main)
    forced = env.get(VARIABLE, "").strip()
    if forced and forced.lower() != INHERIT:
        return Chosen(catalog.resolve(forced, env))
    name = next((said.strip() for said in (asked, defined) if said.strip()), INHERIT)
    if name.lower() == INHERIT:
        return Chosen(main)
    if is_ours and not asked.strip():
        return Chosen(cheap_model(env, main) or main)
    if not _is_there(name, main, env):
        return Chosen(main, f"coder does not know {main}, so its server may have no {name}: {main} is asked instead")
    return Chosen(catalog.resolve(name, env))


def _is_there(name: str, main: str, env: Mapping[str, str]) -> bool:
    """Whether a short name can be taken for the model it stands for: the server of a model we do not know may have no
    other, unless the person said what the name stands for."""
    bare = name.removesuffix("[1m]").lower()
    if bare not in catalog.aliases() or catalog.describe(main).known:
        return True
    return bool(env.get(f"ANTHROPIC_DEFAULT_{bare.upper()}_MODEL", "").strip())
