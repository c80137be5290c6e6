"""Ends a workspace's processes when coder itself was killed and could not. Must not know what they run."""

from __future__ import annotations

import os
import subprocess

from coder.workspace.family import MARKER

# Reads "+ID" and "-ID" for process groups that began and ended. The pipe ends only when coder is gone. A shell that
# began just before that was not announced any more: it is found by its marker, and its group with it.
_SCRIPT = f"""
token=$1
live=' '
while read -r word; do
  case $word in
    +*) live="$live${{word#+}} " ;;
    -*) id=${{word#-}}; live="${{live%% $id *}} ${{live#* $id }}" ;;
  esac
done
end() {{
  for id in $live; do kill -s "$1" -- "-$id"; done
  for file in $(grep -lsaF "{MARKER}=$token." /proc/[0-9]*/environ); do
    id=${{file#/proc/}}
    id=${{id%/environ}}
    kill -s "$1" -- "-$id" "$id"
  done
}}
end TERM
sleep 1
end KILL
"""


class Watchdog:
    """One small shell per workspace. Where it cannot be started, nothing else is the worse for it."""

    def __init__(self, token: str) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: int | None = None
        try:
            reading, self._pipe = os.pipe()
            os.set_blocking(self._pipe, False)
        except OSError:
            return
        try:
            self._child = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "coder-watchdog", token],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": os.defpath},
                start_new_session=True,
            )
        except OSError:
            self.close()
        finally:
            os.close(reading)

    def began(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def ended(self, group: int) -> None:
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        if self._pipe is not None:
            try:
                os.write(self._pipe, line.encode())
            except OSError:
                self.close()

    def close(self) -> None:
        """Sends it home with nothing done. Idempotent."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
