// One `query()`: its messages, its end, and what its options make of it.

export const one = ({ sdk, options, all, given }) => all(sdk.query({ prompt: given.prompt, options: options(given.options) }));

// Several runs, one after the other, each with its own options.
export const several = async (stage) => {
  const told = [];
  for (const run of stage.given.runs) told.push(await one({ ...stage, given: run }));
  return told;
};

export const stream = async ({ sdk, options, all, given }) => {
  async function* prompts() {
    for (const text of given.prompts) {
      yield { type: "user", message: { role: "user", content: text }, parent_tool_use_id: null };
    }
  }
  return all(sdk.query({ prompt: prompts(), options: options(given.options) }));
};

export const leaves = async ({ sdk, options, given }) => {
  const stderr = [];
  const query = sdk.query({ prompt: given.prompt, options: options({ ...given.options, stderr: (line) => stderr.push(line) }) });
  let seen = 0;
  for await (const message of query) {
    seen += 1;
    if (message.type === "stream_event") break;
  }
  return { seen, stderr };
};

export const aborts = async ({ sdk, options, all, given }) => {
  const abortController = new AbortController();
  const query = sdk.query({ prompt: given.prompt, options: options({ ...given.options, abortController }) });
  setTimeout(() => abortController.abort(), 0);
  return all(query);
};

export const spawned = async ({ sdk, options, all, given }) => {
  const { spawn } = await import("node:child_process");
  const commands = [];
  const told = await all(
    sdk.query({
      prompt: given.prompt,
      options: options({
        ...given.options,
        spawnClaudeCodeProcess: ({ command, args, cwd, env, signal }) => {
          commands.push([command, ...args]);
          return spawn(command, args, { cwd, env, signal, stdio: ["pipe", "pipe", "inherit"] });
        },
      }),
    }),
  );
  return { ...told, commands };
};
