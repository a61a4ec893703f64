// The page over made-up joints, to look at while it is worked on: node dist/test/fakes/serve-synthetic.js [port]
import process from "node:process";
import { openSyntheticBackend } from "./synthetic-backend.ts";

const backend = await openSyntheticBackend({ port: Number(process.argv[2] ?? 8701) });
process.stdout.write(`${backend.server.url}\n`);
process.once("SIGINT", () => {
  void backend[Symbol.asyncDispose]();
});
