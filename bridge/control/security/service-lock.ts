import { rm } from "node:fs/promises";
import { createConnection, createServer, type Server } from "node:net";
import { join } from "node:path";
import { BridgeError, ErrorCode, errorText } from "../../contract/errors.ts";

/**
 * Holds a folder for one process: a socket in it that somebody listens on. It ends with the process
 * however that ends, and no number of a process can be mistaken for another's, as with pid files.
 *
 * @throws BridgeError `security/in-use`
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const path = join(folder, "service.sock");
  const server = (await listen(path)) ?? (await listenInstead(path, folder));
  return {
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The socket of a process that is gone is in the way, but nobody answers there. */
async function listenInstead(path: string, folder: string): Promise<Server> {
  const isAnswered = await new Promise<boolean>((resolve) => {
    const socket = createConnection(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
  if (!isAnswered) {
    await rm(path, { force: true });
    const server = await listen(path);
    if (server !== undefined) return server;
  }
  throw new BridgeError(
    ErrorCode.SecurityInUse,
    `${folder} is used by another running service, expected one of its own (security.folder)`,
    { details: { folder } },
  );
}

/** Undefined if there is a socket already. */
async function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return await new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else {
        const text = `${path}: ${errorText(error)}, expected a path of at most 107 bytes`;
        reject(new BridgeError(ErrorCode.SecurityFolder, text, { cause: error }));
      }
    });
    server.listen(path, () => {
      resolve(server);
    });
  });
}
