// Options that few hosts give, and what of them comes back.

const pick = (stage, more) => stage.all(stage.sdk.query({ prompt: stage.given.prompt ?? "go", options: stage.options({ ...stage.given.options, ...more }) }));

// What the host is asked, by whom.
export const asked = async (stage) => {
  const leave = [];
  const elicited = [];
  const told = await pick(stage, {
    canUseTool: async (name, input) => {
      leave.push(name);
      return { behavior: "allow", updatedInput: input };
    },
    ...(stage.given.elicits
      ? {
          onElicitation: async (request) => {
            elicited.push(request);
            return stage.given.elicits;
          },
        }
      : {}),
  });
  return { ...told, leave, elicited };
};

// A server of the host beside those that coder starts.
export const served = async (stage) => {
  const baked = [];
  const kitchen = stage.sdk.createSdkMcpServer({
    name: "kitchen",
    version: "1",
    tools: [
      stage.sdk.tool("bake", "Bakes a bread", { bread: stage.z.string() }, async (args) => {
        baked.push(args);
        return { content: [{ type: "text", text: `a ${args.bread} bread` }] };
      }),
    ],
  });
  const told = await pick(stage, { mcpServers: { ...stage.given.servers, kitchen } });
  return { ...told, baked };
};

// Agents in the background, and an interrupt.
export const interrupted = async (stage) => {
  const chat = stage.talk();
  const query = stage.sdk.query({ prompt: chat.lines, options: stage.options(stage.given.options) });
  chat.say(stage.given.prompt);
  const first = await stage.until(query);
  await query.interrupt();
  chat.say("and now");
  const second = await stage.until(query);
  chat.end();
  return { first, second };
};
