// What costs requests to the model beside the conversation, and what is changed under it.

const heard = async (query, is) => {
  const messages = [];
  for (;;) {
    const { value, done } = await query.next();
    if (done) return messages;
    messages.push(value);
    if (is(value)) return messages;
  }
};

export const suggested = async ({ sdk, options, talk, until, given }) => {
  const chat = talk();
  const query = sdk.query({ prompt: chat.lines, options: options(given.options) });
  chat.say("first");
  const first = await until(query);
  chat.say("second");
  const second = await heard(query, (message) => message.type === "prompt_suggestion");
  chat.end();
  return { first, second };
};

export const summarised = async ({ sdk, options, talk, until, given }) => {
  const chat = talk();
  const query = sdk.query({ prompt: chat.lines, options: options(given.options) });
  chat.say("fan out");
  const told = await heard(query, (message) => message.summary === given.summary);
  await query.interrupt();
  told.push(...(await until(query)));
  chat.end();
  return told;
};

export const reloaded = async ({ sdk, options, talk, until, given }) => {
  const chat = talk();
  const query = sdk.query({ prompt: chat.lines, options: options(given.options) });
  chat.say("first");
  const found = { first: await until(query) };
  found.held = await query.reloadPlugins({ holdOnCacheImpact: true, addPlugins: given.plugins });
  found.made = await query.reloadPlugins({ addPlugins: given.plugins, refuseIfBusy: true });
  await query.updateSettings("localSettings", { outputStyle: "concise" });
  chat.say("/bakery:knead dough");
  found.second = await until(query);
  chat.say("/context");
  found.context = await until(query);
  chat.end();
  return found;
};
