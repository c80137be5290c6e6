// Servers that a host sets while its session is open.

const baker = ({ sdk, z }, name, baked) =>
  sdk.createSdkMcpServer({
    name,
    version: "1",
    tools: [
      sdk.tool("bake", "Bakes a bread", { bread: z.string() }, async (args) => {
        baked.push([name, args.bread]);
        return { content: [{ type: "text", text: `a ${args.bread} bread` }] };
      }),
    ],
  });

export const set = async (stage) => {
  const { sdk, options, talk, until, given } = stage;
  const chat = talk();
  const baked = [];
  const found = { baked, changed: [] };
  const mine = (name) => ({ [name]: baker(stage, name, baked) });
  const query = sdk.query({
    prompt: chat.lines,
    options: options({
      ...given.options,
      canUseTool: async (name, input) => {
        if (name === "Bash") found.changed.push(await query.setMcpServers(mine("larder"))); // while a turn runs
        return { behavior: "allow", updatedInput: input };
      },
    }),
  });
  const turn = async (text) => {
    chat.say(text);
    return until(query);
  };
  found.first = await turn("first");
  found.changed.push(await query.setMcpServers({ ...mine("kitchen"), ...given.servers }));
  found.status = await query.mcpServerStatus();
  found.second = await turn("second");
  found.third = await turn("third");
  found.changed.push(await query.setMcpServers({}));
  found.none = await query.mcpServerStatus();
  chat.end();
  return found;
};
