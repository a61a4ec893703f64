import { BridgeError, textWithoutCode } from "../contract/errors.ts";
import type { Log } from "../contract/log.ts";
import { rightsOf } from "../core/roles.ts";
import { WireCode, type ClientMessage } from "./messages.ts";
import type { Visitor } from "./visitor.ts";

export interface ModelDoorOptions {
  readonly log: Log;
  /** Brings in another model package; resolves when it serves. None: the request is refused. */
  readonly useModel?: (path: string) => Promise<void>;
}

/** Requests for another model package. */
export class ModelDoor {
  readonly #options: ModelDoorOptions;

  constructor(options: ModelDoorOptions) {
    this.#options = options;
  }

  /** Reads files of this machine, so it is for supervisors only. Nothing that moves is touched. */
  async handle(
    visitor: Visitor,
    { id, path }: Extract<ClientMessage, { type: "model.use" }>,
  ): Promise<void> {
    const { useModel, log } = this.#options;
    const { role, client } = visitor.identity;
    if (!rightsOf[role].configure) {
      const reason = `a ${role} may not change the model, expected supervisor`;
      visitor.reject(id, WireCode.Role, reason);
      return;
    }
    if (useModel === undefined) {
      visitor.reject(id, WireCode.Unsupported, "this server has no model to change");
      return;
    }
    log.info({ client, path }, "another model package is asked for");
    try {
      await useModel(path);
      visitor.reply({ type: "ack", id, status: "done" });
    } catch (error) {
      const code = error instanceof BridgeError ? error.code : WireCode.Unsupported;
      visitor.reject(id, code, textWithoutCode(error));
    }
  }
}
