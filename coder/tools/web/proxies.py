"""Which proxy a request goes through, by the usual variables. Pure; must not know HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from coder.tools.web.address import Address


def proxy_for(address: Address, env: Mapping[str, str]) -> str:
    """The proxy's address; "" without one."""
    if _is_exempt(address, _variable("no_proxy", env)):
        return ""
    found = _variable(f"{address.scheme}_proxy", env) or _variable("all_proxy", env)
    return found if not found or "://" in found else f"http://{found}"


def _variable(name: str, env: Mapping[str, str]) -> str:
    return (env.get(name) or env.get(name.upper()) or "").strip()


def _is_exempt(address: Address, exempt: str) -> bool:
    for entry in exempt.lower().replace(",", " ").split():
        name, _, port = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
        host = name.removeprefix("*").lstrip(".")
        if entry == "*" or (port in ("", str(address.port)) and host and _is_below(address.host, host)):
            return True
    return False


def _is_below(host: str, parent: str) -> bool:
    return host == parent.strip("[]") or host.endswith(f".{parent}")
