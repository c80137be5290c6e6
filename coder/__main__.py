"""The entry point. Answers --version and --help before anything is imported; the rest goes to the command line."""

import gc
import os
import sys


def main() -> None:
    """Runs coder with the process's arguments and exits with its code."""
    _leave_the_folder_alone()
    _open_closed_streams()
    argv = sys.argv[1:]
    if argv in (["--version"], ["-v"]):
        from coder import __version__

        _say(f"{__version__} (coder)")
        return
    if argv in (["--help"], ["-h"], ["help"]):
        from coder.cli.help import HELP

        _say(HELP)
        return
    if len(argv) == 2 and argv[0] == "help" and argv[1] in ("options", "keys"):
        from coder.cli.help_pages import PAGES

        _say(PAGES[argv[1]])
        return
    from coder.cli import early

    try:
        early.begin(argv)
        # Start-up only makes objects that stay: collecting in between costs a tenth of it and frees nothing. Collection
        # begins again when the work does (cli/main.py).
        gc.disable()
        from coder.cli.main import run

        code = run(argv)
    except (MemoryError, SystemError, ImportError) as error:
        if not early.is_of_memory(error):
            raise
        early.starved()
    _settle_stderr()
    sys.exit(code)


def _leave_the_folder_alone() -> None:
    """Takes the current folder off the module path: `python -m` and a PYTHONPATH with `.` put it there, and a
    repository's `argparse.py` would run in our place. Where coder itself was loaded from it, nothing is left to guard.
    """
    from coder import __path__ as own

    try:
        here = os.getcwd()  # noqa: PTH109  # pathlib costs more than all of --version
    except OSError:  # it was removed
        return
    if f"{here}/coder" not in own:
        sys.path[:] = [folder for folder in sys.path if folder not in ("", here)]


def _open_closed_streams() -> None:
    """Has /dev/null stand in for standard streams that are closed (`coder … >&-`): the next file to be opened, say a
    transcript, would get their number, and what commands print would land in it. An answer that has nowhere to go is no
    success: nothing can be written to that stdout."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None and os.open(os.devnull, os.O_RDONLY if fd == 1 else os.O_RDWR) == fd:
            setattr(sys, name, open(fd, "w" if fd else "r", encoding="utf-8", closefd=False))  # noqa: SIM115  # stays


def _settle_stderr() -> None:
    """What could not be written to it, as on a full disk, must not be tried once more at exit: the exit code would be
    another one."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError as error:  # the interpreter must not flush once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if not isinstance(error, BrokenPipeError):  # else whoever reads has left
            sys.exit(f"coder: the output cannot be written: {error.strerror}")


if __name__ == "__main__":
    main()
