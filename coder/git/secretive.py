"""Which files look by their name as if they held a secret. Opens none; must not know who asks."""

from __future__ import annotations

import re

_NAME = re.compile(
    r"\.env(\..+)?|.+\.env|\.envrc|\.netrc|_netrc|\.pgpass|\.htpasswd|\.npmrc|\.pypirc|\.git-credentials|"
    r"\.dockercfg|kubeconfig|token\.json|\.vault-token|"
    r"id_(rsa|dsa|ecdsa|ed25519)([_.].*)?|.+\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|asc|gpg|ovpn|age)|"
    r"(.*[-_.])?credentials?(\.(json|ya?ml|toml|ini|txt|csv|xml))?|secrets?\.(json|ya?ml|toml|ini|txt|env)|"
    r"service[-_]?account.*\.json|.*\.tfvars|terraform\.tfstate(\..*)?|master\.key",
    re.IGNORECASE,
)
_FOLDER = re.compile(r"(^|/)(\.ssh|\.aws|\.gnupg|\.kube)/")
_HARMLESS = re.compile(
    r"\.(example|sample|template|dist|tmpl|defaults?|pub)(\..*)?\Z|(^|\.)pub(lic)?\.(pem|asc|key)\Z", re.IGNORECASE
)


def looks_secret(path: str) -> bool:
    name = path.rpartition("/")[2]
    return not _HARMLESS.search(name) and bool(_NAME.fullmatch(name) or _FOLDER.search(path))
