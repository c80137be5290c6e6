// Plays one scene of a module beside this file and prints what it returns as JSON. What to play comes on stdin.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const told = JSON.parse(readFileSync(0, "utf8"));
const load = (path) => import(pathToFileURL(path).href);
const sdk = await load(join(told.package, "sdk.mjs"));
const zod = await load(join(told.package, "..", "..", "zod", "index.js"));
const scenes = await load(join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, `${told.module}.mjs`));

const options = (more = {}) => ({
  pathToClaudeCodeExecutable: told.program,
  cwd: told.cwd,
  ...more,
  env: { ...process.env, ...more.env },
});

// All messages of a query, and the error it ended with.
const all = async (query) => {
  const messages = [];
  let error = null;
  try {
    for await (const message of query) messages.push(message);
  } catch (caught) {
    error = String(caught.message ?? caught);
  }
  return { messages, error };
};

// A prompt that goes on: `say` sends, `end` closes.
const talk = () => {
  const waiting = [];
  let wake = () => {};
  let ended = false;
  async function* lines() {
    for (;;) {
      while (waiting.length) yield waiting.shift();
      if (ended) return;
      await new Promise((resolve) => (wake = resolve));
    }
  }
  return {
    lines: lines(),
    say(text, more = {}) {
      waiting.push({ type: "user", message: { role: "user", content: text }, parent_tool_use_id: null, ...more });
      wake();
    },
    end() {
      ended = true;
      wake();
    },
  };
};

// The messages of a query that goes on, up to and with its next result.
const until = async (query) => {
  const messages = [];
  for (;;) {
    const { value, done } = await query.next();
    if (done) return messages;
    messages.push(value);
    if (value.type === "result") return messages;
  }
};

const stage = { sdk, z: zod.z, options, all, talk, until, given: told.given, cwd: told.cwd };
const answer = await scenes[told.scene](stage);
process.stdout.write(JSON.stringify(answer ?? null), () => process.exit(0));
