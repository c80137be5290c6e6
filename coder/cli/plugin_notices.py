"""What pages say of plugins that were named for them: on standard error, so that the page stays what it is.

Must not know what a plugin is.
"""

from __future__ import annotations

import sys

from coder.core.config import Config


def tell(config: Config) -> None:
    for text in config.plugins.notices if config.plugins is not None else ():
        sys.stderr.write(f"coder: {text}\n")
