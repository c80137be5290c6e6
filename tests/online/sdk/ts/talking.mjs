// Conversations: functions of the host, control, sessions and what reads them.

const plain = ({ sdk, options, all, given }, more) => all(sdk.query({ prompt: given.prompt ?? "go", options: options({ ...given.options, ...more }) }));

export const permissions = async (stage) => {
  const asked = [];
  const told = await plain(stage, {
    canUseTool: async (name, input, { toolUseID, suggestions }) => {
      asked.push({ name, input, toolUseID, suggestions });
      const answer = stage.given.answers[Math.min(asked.length, stage.given.answers.length) - 1];
      return answer.behavior === "allow" ? { updatedInput: input, ...answer } : answer;
    },
  });
  return { ...told, asked };
};

export const hooks = async (stage) => {
  const heard = [];
  const hook = (says) => async (input, toolUseID) => {
    heard.push({ input, toolUseID });
    return says;
  };
  const hooks = {};
  for (const [event, { matcher, says }] of Object.entries(stage.given.hooks)) hooks[event] = [{ matcher, hooks: [hook(says)] }];
  return { ...(await plain(stage, { hooks })), heard };
};

const kitchen = ({ sdk, z }, baked) =>
  sdk.createSdkMcpServer({
    name: "kitchen",
    version: "1.2.3",
    tools: [
      sdk.tool("bake", "Bakes a bread", { bread: z.string() }, async (args) => {
        baked.push(args);
        return { content: [{ type: "text", text: `a ${args.bread} bread` }] };
      }),
    ],
  });

export const servers = async (stage) => {
  const baked = [];
  const told = await plain(stage, { mcpServers: { kitchen: kitchen(stage, baked) } });
  return { ...told, baked };
};

// What is asked and said between turns, each answer by its name.
export const control = async (stage) => {
  const { sdk, options, talk, until, given, cwd } = stage;
  const chat = talk();
  const baked = [];
  const query = sdk.query({
    prompt: chat.lines,
    options: options({ ...given.options, mcpServers: { kitchen: kitchen(stage, baked) } }),
  });
  const found = {};
  const tries = async (name, work) => {
    try {
      found[name] = { value: (await work()) ?? null };
    } catch (error) {
      found[name] = { error: String(error.message ?? error) };
    }
  };
  chat.say("first");
  found.first = await until(query);
  await tries("initialization", () => query.initializationResult());
  await tries("commands", () => query.supportedCommands());
  await tries("models", () => query.supportedModels());
  await tries("agents", () => query.supportedAgents());
  await tries("account", () => query.accountInfo());
  await tries("status", () => query.mcpServerStatus());
  await tries("usage", () => query.getContextUsage());
  await tries("setModel", () => query.setModel("claude-opus-5"));
  await tries("setPermissionMode", () => query.setPermissionMode("acceptEdits"));
  await tries("setMaxThinkingTokens", () => query.setMaxThinkingTokens(4096));
  await tries("applyFlagSettings", () => query.applyFlagSettings({ permissions: { allow: ["Bash(touch *)"] } }));
  await tries("applyEffort", () => query.applyFlagSettings({ effortLevel: "high" }));
  await tries("toggle", () => query.toggleMcpServer("kitchen", false));
  await tries("reconnect", () => query.reconnectMcpServer("nobody"));
  await tries("setMcpServers", () => query.setMcpServers({ kitchen: kitchen(stage, baked) }));
  await tries("stopTask", () => query.stopTask("nobody"));
  await tries("readFile", () => query.readFile("a.txt"));
  await tries("readOutside", () => query.readFile("/etc/hostname"));
  await tries("seedReadState", () => query.seedReadState("a.txt", 1));
  await tries("reloadOutputStyles", () => query.reloadOutputStyles());
  await tries("spent", () => query.usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET());
  await tries("settings", () => query.getSettings());
  await tries("rules", () => query.listPermissionRules());
  await tries("rename", () => query.renameSession("Rye"));
  await tries("override", () => query.setMcpPermissionModeOverride("kitchen", "default"));
  await tries("updateSettings", () => query.updateSettings("localSettings", { outputStyle: "x" }));
  await tries("readMcpResource", () => query.readMcpResource("kitchen", "ui://x"));
  await tries("reloadSkills", () => query.reloadSkills());
  await tries("reloadPlugins", () => query.reloadPlugins());
  await tries("backgroundTasks", () => query.backgroundTasks("nobody"));
  await tries("reinitialize", () => query.reinitialize());
  chat.say("second");
  found.second = await until(query);
  chat.end();
  found.cwd = cwd;
  return found;
};

export const interrupted = async ({ sdk, options, talk, until, given }) => {
  const chat = talk();
  const query = sdk.query({ prompt: chat.lines, options: options(given.options) });
  chat.say("go");
  const told = [];
  for (;;) {
    const { value } = await query.next();
    told.push(value);
    if (value.type === "assistant") {
      await query.interrupt();
      break;
    }
  }
  told.push(...(await until(query)));
  chat.say("again");
  const after = await until(query);
  chat.end();
  return { told, after };
};

export const rewound = async ({ sdk, options, talk, until, given }) => {
  const { readFileSync } = await import("node:fs");
  const chat = talk();
  const query = sdk.query({
    prompt: chat.lines,
    options: options({ ...given.options, enableFileCheckpointing: true, extraArgs: { "replay-user-messages": null } }),
  });
  chat.say("change it");
  const told = await until(query);
  const { uuid } = told.find((message) => message.type === "user" && message.isReplay);
  const before = readFileSync(given.path, "utf8");
  const dry = await query.rewindFiles(uuid, { dryRun: true });
  const still = readFileSync(given.path, "utf8");
  const done = await query.rewindFiles(uuid);
  const after = readFileSync(given.path, "utf8");
  chat.end();
  return { before, dry, still, done, after };
};

export const readers = async (stage) => {
  const { sdk, cwd } = stage;
  const { messages } = await plain(stage, {});
  const { session_id: id } = messages.at(-1);
  const dir = { dir: cwd };
  await sdk.renameSession(id, "Bread", dir);
  await sdk.tagSession(id, "kitchen", dir);
  const fork = await sdk.forkSession(id, dir);
  const listed = await sdk.listSessions(dir);
  const info = await sdk.getSessionInfo(id, dir);
  const said = await sdk.getSessionMessages(id, dir);
  const agents = await sdk.listSubagents(id, dir);
  const below = agents.length ? await sdk.getSubagentMessages(id, agents[0], dir) : [];
  await sdk.deleteSession(id, dir);
  const left = await sdk.listSessions(dir);
  return { id, fork, listed, info, said, agents, below, left, messages };
};

export const stored = async (stage) => {
  const kept = new Map();
  const name = (key) => JSON.stringify([key.projectKey, key.sessionId, key.subpath ?? null]);
  const sessionStore = {
    async append(key, entries) {
      kept.set(name(key), [...(kept.get(name(key)) ?? []), ...entries]);
    },
    async load(key) {
      return kept.get(name(key)) ?? null;
    },
    async listSubkeys(key) {
      return [...kept.keys()].map((each) => JSON.parse(each)).filter(([p, s, sub]) => p === key.projectKey && s === key.sessionId && sub).map(([, , sub]) => sub);
    },
  };
  const first = await plain(stage, { sessionStore });
  const id = first.messages.at(-1).session_id;
  const second = await plain({ ...stage, given: { ...stage.given, prompt: "second" } }, { sessionStore, resume: id, env: { ...process.env, CLAUDE_CONFIG_DIR: stage.given.elsewhere } });
  return { first, second, kept: [...kept.entries()].map(([key, entries]) => [JSON.parse(key), entries.length]) };
};
