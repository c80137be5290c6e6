"""The pages of `coder help options` and `coder help keys`. Constants, so that they are there at once."""

OPTIONS = """\
Starting
  coder                     an interactive session in this folder
  coder "fix the tests"     the same, with a first message
  coder -p "question"       answer once and exit; also reads standard input
  -c, --continue            go on with the last session of this folder
  -r, --resume [NAME]       go on with another: an id, a title, or choose one
  --fork-session            go on in a copy; the session stays as it is
  -n, --name NAME           a title for this session
  --session-id UUID         the id of a new session
  --no-session-persistence  keep no transcript
  --cwd DIR                 work in another folder
  -w, --worktree [NAME]     work in a folder and on a branch of its own
  --add-dir DIR ...         folders it may work in besides

Model and limits
  --model NAME              default, opus, sonnet, haiku or a full model name
  --effort LEVEL            how hard it thinks: low, medium, high, xhigh, max
  --thinking adaptive|disabled   --max-thinking-tokens N   --betas NAMES
  --thinking-display summarized|omitted   what is shown of it
  --fallback-model A,B      models to go on with when the first has no room
  --max-turns N             at most so many requests to the model
  --max-minutes N  --max-tokens N  --max-budget-usd N  --time-budget SECONDS
  --task-budget TOKENS      what the model is told it has for the work
  --on-limit WHAT           at a rate limit: wait, fallback or stop
  --autocompact TOKENS      shorten the conversation from here on, as 500k; auto
  --check CMD               go on until this command succeeds: "make test"
  --check-tries N           give up after so many times (3)

Permissions
  --permission-mode MODE    default, acceptEdits, plan, dontAsk or
                            bypassPermissions
  --allowed-tools RULES     runs without asking: "Read" "Bash(npm test *)"
  --disallowed-tools RULES  never runs: "WebFetch" "Bash(rm *)"
  --tools NAMES             the built-in tools there are; "" for none
  --dangerously-skip-permissions   as --permission-mode bypassPermissions
  --allow-dangerously-skip-permissions   that mode is one to choose later
  --permission-prompt-tool NAME   who is asked: stdio, or a server's tool
  --permission-prompts none       nobody is asked (with -p)
  --trust-folder            use this folder's settings, also what they would run

Settings and prompts
  --settings FILE_OR_JSON   settings for this session
  --managed-settings JSON   what the program that starts coder forbids
  --setting-sources LIST    which files count: user, project, local
  --system-prompt TEXT      instead of coder's own; "" for none
  --append-system-prompt TEXT      more, at its end
  --system-prompt-file FILE  --append-system-prompt-file FILE
  --exclude-dynamic-system-prompt-sections   no effect: they never are in it
  --think-tool on|off       a tool to think in, for models that cannot
  --disable-slash-commands  no commands or skills from files
  --auto-commit             each run's changes as a commit, on its own branch
  --safe-mode               nothing that was set up: notes, commands, hooks …
  --bare                    the same, with Read, Edit and Bash alone
  --mcp-config FILE_OR_JSON   more MCP servers; --strict-mcp-config: no others
  --require-mcp NAME        do not start without this MCP server
  --plugin-dir PATH         a plugin for this session: a folder or a .zip
  --plugin-dir-no-mcp PATH  the same without its MCP servers
  --init, --maintenance     run Setup hooks first; --init-only: nothing else

Agents
  --agent NAME              be this agent: its instructions, tools and model
  --agents JSON             more of them: {"NAME": {"description", "prompt", …}}
  --append-subagent-system-prompt TEXT   more, at the end of what each is told

Output
  --output-format FORMAT    text, json or stream-json (with -p)
  --json-schema SCHEMA      the answer has to fit it (with -p)
  --input-format FORMAT     text, or stream-json: messages of a program
  --include-partial-messages  --replay-user-messages  --session-mirror
  --await-initialize        nothing begins before the program's first request
  --prompt-suggestions      what the person may say next, told to a program
  --include-hook-events     every hook that runs, in stream-json
  --forward-subagent-text   what agents say and think, too
  --verbose                 more about what happens
  --debug[=WHAT]  --debug-file FILE   a log of what happens
  --screen-reader           plain lines, numbered choices
  --no-animation            nothing moves
  --color WHEN              never, auto or always
  --record FILE  --replay FILE   keep the model's traffic, or play it back
  --ide, --no-chrome, --debug-to-stderr, --mcp-debug
                            no effect

Commands
  coder sessions            past conversations: list, search, show, export …
  coder rewind              go back to before a message: files, conversation
  coder undo                take back a commit of --auto-commit
  coder cost|context|cache  what it cost, what fills the context, cache misses
  coder who WHAT            which session changed a file, HEAD, a branch
  coder workflow            procedures as files: list, show, check, new, run
  coder worktree            what is in those of -w: list, resume, remove
  coder batch TASKS         many runs of -p from a file, one result each
  coder ci TASK             review, fix or triage in an automated job
  coder config list         settings and where they come from; also get, set
  coder auth                give coder an API key, or take it away
  coder trust               what this folder brings that would run; trust it
  coder permissions         explain a decision; test, list, add, remove rules
  coder agents              who can be asked to do a part of the work; show
  coder commands            commands and skills: list, show, check, new
  coder mcp                 MCP servers: list, add, import, login, serve
  coder hooks               what runs before and after calls; try one
  coder extension           .mcpb files, which bring tools: install, list …
  coder replay serve FILE   a stand-in for the model API, from a script
  coder demo                a tour, offline, without a key
  coder doctor              check that everything coder needs is there
  coder conformance         check a coder against the headless contract
  Each has more to say: coder sessions --help

Exit codes and more: docs/headless.md"""

KEYS = """\
In the prompt
  enter                     send; while it works: deliver before the next step
  tab                       take the chosen row of a menu; while it works: keep
                            the message for after the run
  \\ enter, ctrl+j,          new line
  alt+enter, shift+enter
  / first                   commands          ! first   a command for your shell
  @                         name a file       ? first   the short list of keys
  esc                       close the menu; stop the run
  esc esc                   clear the draft; when empty: go back to a message
  up, down                  lines, then earlier messages of this folder;
                            up on an empty prompt takes a waiting message back
  ctrl+r                    search earlier messages
  ctrl+s                    put the draft aside; when empty: take it back
  ctrl+g, ctrl+x ctrl+e     the draft in your editor (VISUAL, EDITOR)
  ctrl+v                    a picture from the clipboard; or paste its path
  ctrl+_                    undo
  ctrl+a ctrl+e ctrl+k ctrl+u ctrl+w ctrl+y alt+b alt+f alt+d   as in a shell

A long paste is one token, [Pasted 84 lines]. It is sent in full. To see it:
tab with the caret on it, or paste the same again.

At any time
  shift+tab                 asks first, accepts edits, plan
  ctrl+o                    the transcript, with everything a command printed
  ctrl+t                    fold or unfold the todo list
  ctrl+b                    send the running command to the background
  ctrl+l                    draw the screen anew
  ctrl+z                    suspend
  ctrl+c                    stop the run; clear the draft; twice: leave
  ctrl+d                    leave, when the prompt is empty

In a question or a list
  up, down, digits          choose          enter   take it
  tab                       edit the rule, or add a comment
  ctrl+e                    show what it is about, whole
  esc                       say no, or leave; it never says yes

With "editorMode": "vim" in the settings the prompt has vim's keys: esc goes to
normal mode, and ctrl+c stops.

Your own keys: ~/.coder/keybindings.json
  {"bindings": [{"context": "Chat", "bindings": {"ctrl+g": "chat:stash"}}]}
  null frees a key. ctrl+c and ctrl+d keep their meaning.
  Global  app:toggleTranscript app:toggleTodos app:redraw app:suspend
          task:background history:search history:previous history:next
  Chat    chat:submit chat:newline chat:cancel chat:cycleMode chat:undo
          chat:externalEditor chat:stash chat:imagePaste chat:help
  Autocomplete  autocomplete:accept
  Confirmation  confirm:yes confirm:no confirm:previous confirm:next
          confirm:nextField confirm:toggleExplanation"""

PAGES = {"options": OPTIONS, "keys": KEYS}
