import { resolve } from "node:path";
import process from "node:process";
import type { Command } from "commander";
import { connectControl } from "../client/control-client.ts";
import { ControlError } from "../client/errors.ts";
import { NodeSocket } from "../control/node-socket.ts";

/**
 * `models use PATH`: asks the running service, over its own control channel, to bring in another
 * package. It goes through the roles and the audit of every other client; there is no second door.
 */
export function addModelsUse(program: Command): void {
  const models =
    program.commands.find((command) => command.name() === "models") ??
    program.command("models").description("work with model packages");
  models
    .command("use <path>")
    .description("have the running service take another model package, without stopping anything")
    .option("--url <url>", "the running service", "http://127.0.0.1:8700")
    .action(async (path: string, { url }: { readonly url: string }) => {
      await useModel(url, resolve(path));
    });
}

async function useModel(url: string, path: string): Promise<void> {
  const options = { role: "supervisor", client: "kairos-bridge models use" } as const;
  try {
    const client = await connectControl(url, { ...options, WebSocket: NodeSocket });
    try {
      await client.useModel(path);
      process.stdout.write(`${path} serves\n`);
    } finally {
      client.close();
    }
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
