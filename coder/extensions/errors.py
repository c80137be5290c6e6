"""Why a bundle cannot be used. One line, for people; never a secret. Must not know who asked for the bundle."""

from __future__ import annotations

from coder.core.errors import CoderError


class BundleError(CoderError):
    """The archive, its signature or its folder is not one that may be used."""


class ManifestError(BundleError):
    """manifest.json is not one that may be used: which key, what it holds, what was expected."""


class LaunchError(BundleError):
    """The command line of the server cannot be made of the manifest and the configuration."""
