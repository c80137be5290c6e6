"""The page of `coder --help`. A constant, so that it is there at once."""

HELP = """\
coder: a coding agent for your terminal

  coder                     start here, in this folder
  coder "fix the tests"     start with a first message
  coder -p "question"       answer once and exit; also reads stdin
  coder -c                  continue the last session    -r  choose one
  coder -w NAME             work in a folder and on a branch of its own

Common options
  --model NAME              which model            --effort low|medium|high
  --permission-mode MODE    default, acceptEdits, plan, dontAsk or
                            bypassPermissions
  --allowed-tools RULES     e.g. "Read" "Bash(npm test *)"
  --output-format FORMAT    text, json, stream-json (with -p)
  --max-turns N  --max-budget-usd N
  --auto-commit             each run's changes as a commit, on its own branch
  --screen-reader           plain lines, numbered choices
More: coder help options · coder help keys · coder demo · coder doctor"""
