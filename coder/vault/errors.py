"""Why a secret cannot be kept or had. One line, for people; never the secret."""

from __future__ import annotations

from coder.core.errors import CoderError


class VaultError(CoderError):
    """The keyring or the file said no, or cannot be trusted."""
