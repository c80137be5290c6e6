"""The entry point. Answers --version and --help before anything is imported; the rest goes to the command line."""

import gc
import sys


def main() -> None:
    """Runs coder with the process's arguments and exits with its code."""
    argv = sys.argv[1:]
    if argv in (["--version"], ["-v"]):
        from coder import __version__

        print(f"{__version__} (coder)")
        return
    if argv in (["--help"], ["-h"], ["help"]):
        from coder.cli.help import HELP

        print(HELP)
        return
    # Start-up only makes objects that stay: collecting in between costs a tenth of it and frees nothing. Collection
    # begins again when the work does (cli/main.py).
    gc.disable()
    from coder.cli.main import run

    sys.exit(run(argv))


if __name__ == "__main__":
    main()
