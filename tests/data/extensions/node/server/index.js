// A server without dependencies: JSON-RPC by hand, one message a line. Its tool shows the configuration it was given,
// each value in hexadecimal, so that nothing can be lost or changed on the way to whoever compares it.
"use strict";
const hex = (text) => Buffer.from(text ?? "", "utf8").toString("hex");
const shown = () =>
  ["TOKEN", "LIMIT", "LOUD"].map((name) => `${name.toLowerCase()}=${hex(process.env[name])}`).join(";") +
  `;args=${process.argv.slice(2).map(hex).join(",")}`;
const answers = {
  initialize: (params) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "echo-node", version: "1.0.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({
    tools: [{ name: "show_config", description: "Shows the configuration", inputSchema: { type: "object" } }],
  }),
  "tools/call": () => ({ content: [{ type: "text", text: shown() }] }),
};
require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) return;
    const answer = answers[method]
      ? { result: answers[method](params ?? {}) }
      : { error: { code: -32601, message: "Method not found" } };
    process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, ...answer }) + "\n");
  });
