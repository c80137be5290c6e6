"""The process that turns one page into Markdown: `html_child.py ROOT`, JSON in, JSON out. Bounded from within.

ROOT is the folder of the package: this is run by its path and isolated, so that no file of a project is imported.
"""

from __future__ import annotations

import json
import resource
import sys

MEMORY, SECONDS = 1 << 30, 15
INPUT, OUTPUT = 64 << 20, 1 << 20


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # others do not hold to it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.path.insert(0, sys.argv[1])
    from coder.tools.web.markdown import markdown  # noqa: PLC0415  # the path to it is set above

    page = json.loads(sys.stdin.buffer.read(INPUT))
    title, text = markdown(page["html"], page["base"])
    sys.stdout.buffer.write(json.dumps({"title": title[:1000], "text": text[:OUTPUT]}).encode("ascii"))


if __name__ == "__main__":
    main()
