"""What the server was given, each value in hexadecimal. In server/lib, where bundled packages are."""

import os
import sys


def shown() -> str:
    env = [f"{name.lower()}={os.environ.get(name, '').encode().hex()}" for name in ("TOKEN", "LIMIT", "LOUD")]
    return ";".join([*env, "args=" + ",".join(arg.encode().hex() for arg in sys.argv[1:])])
