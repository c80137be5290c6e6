"""The page of `coder --help`. A constant, so that it is there at once."""

HELP = """\
coder: a coding agent for your terminal

  coder -p "question"       do it once and exit; also reads standard input
  coder -p -c "and then"    go on with the last session here (-r NAME: another)
  coder sessions            past conversations: list, search, show, export …
  coder rewind              go back to before a message: files, conversation
  coder cost|context|cache  what it cost, what fills the context, cache misses
  coder demo                watch it fix a failing test, offline, without a key
  coder config list         settings and where they come from; also get, set
  coder trust               what this folder's settings would run; trust it
  coder permissions --help  explain a decision; test, list, add, remove rules
  coder replay serve FILE   a stand-in for the model API, from a script

Options for -p
  --model NAME              default, opus, sonnet, haiku or a full model name
  --permission-mode MODE    default, acceptEdits, plan, dontAsk or
                            bypassPermissions
  --allowed-tools RULES     e.g. "Read" "Bash(npm test *)"
  --disallowed-tools RULES  e.g. "WebFetch" "Bash(rm *)"
  --output-format FORMAT    text, json or stream-json
  --max-turns N  --max-minutes N  --max-tokens N  --max-budget-usd N
  --fallback-model A,B      --on-limit wait, fallback or stop
  --name NAME  --fork-session  --no-session-persistence
  --system-prompt TEXT      --append-system-prompt TEXT
  --add-dir DIR  --cwd DIR  --settings FILE_OR_JSON  --verbose --trust-folder
  --record FILE  --replay FILE   keep the model's traffic, or play it back
Needs ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL for another endpoint.
Exit codes and more: docs/headless.md"""
