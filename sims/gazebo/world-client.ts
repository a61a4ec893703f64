import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { Boolean as BooleanMsg } from "./messages/basic.ts";
import type { Decoded, Draft, FieldTable, MessageCodec } from "./messages/codec.ts";
import { Pose } from "./messages/geometry.ts";
import { WorldControl } from "./messages/world.ts";
import type { GzTransport } from "./transport/gz-transport.ts";
import type { WorldNames } from "./world-names.ts";

export interface BodyPose {
  readonly positionM: readonly [number, number, number];
  readonly rotationXyzw: readonly [number, number, number, number];
}

/** What a world lets others do to it, over its services. */
export class WorldClient {
  readonly #transport: GzTransport;
  readonly #names: WorldNames;
  readonly #timeoutMs: number;

  constructor(transport: GzTransport, names: WorldNames, timeoutMs = 5000) {
    this.#transport = transport;
    this.#names = names;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws BridgeError `sim/transport` if the world does not answer or refuses; so do all others. */
  async pause(): Promise<void> {
    await this.#control({ pause: true });
  }

  async resume(): Promise<void> {
    await this.#control({ pause: false });
  }

  /** Runs `count` steps and stays paused. The answer says that it was queued, not that it is done. */
  async step(count: number): Promise<void> {
    await this.#control({ pause: true, multiStep: count });
  }

  /** Back to the world's start, paused, with its random choices drawn from `seed`. */
  async reset(seed: number): Promise<void> {
    await this.#control({ pause: true, seed, reset: { all: true } });
  }

  /** Puts a model somewhere else, world frame. */
  async setPose(model: string, pose: BodyPose): Promise<void> {
    const [x, y, z] = pose.positionM;
    const [qx, qy, qz, qw] = pose.rotationXyzw;
    await this.#ask(this.#names.setPose, Pose, {
      name: model,
      position: { x, y, z },
      orientation: { x: qx, y: qy, z: qz, w: qw },
    });
  }

  async #control(draft: Draft<Decoded<typeof WorldControl.fields>>): Promise<void> {
    await this.#ask(this.#names.control, WorldControl, draft);
  }

  async #ask<Fields extends FieldTable>(
    service: string,
    request: MessageCodec<Fields>,
    draft: Draft<Decoded<Fields>>,
  ): Promise<void> {
    const reply = await this.#transport.request(service, {
      request,
      response: BooleanMsg,
      draft,
      timeoutMs: this.#timeoutMs,
    });
    if (reply?.data === true) return;
    throw new BridgeError(ErrorCode.SimTransport, `${service} refused ${JSON.stringify(draft)}`);
  }
}
