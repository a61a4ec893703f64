import * as z from "zod";
import type { ServerAddress } from "./pairing-link.ts";
import type { PrivateFolder } from "./private-folder.ts";

const fileName = "service.json";
const Note = z.strictObject({
  url: z.string(),
  addresses: z.array(z.string()),
  fingerprint: z.string(),
});

/** Where the running service is, for the command line. */
export class ServiceNote {
  readonly #folder: PrivateFolder;

  constructor(folder: PrivateFolder) {
    this.#folder = folder;
  }

  async write(address: ServerAddress): Promise<void> {
    await this.#folder.write(fileName, `${JSON.stringify(address)}\n`);
  }

  /** Undefined if no service runs. */
  async read(): Promise<ServerAddress | undefined> {
    try {
      return Note.parse(JSON.parse((await this.#folder.read(fileName)) ?? ""));
    } catch {
      return undefined;
    }
  }

  async remove(): Promise<void> {
    await this.#folder.remove(fileName);
  }
}
