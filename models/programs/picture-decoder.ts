import type { EngineBinding } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { StreamSpec } from "../package/streams.ts";
import type { Picture } from "./program.ts";
import type { RoleBuffer } from "./role-buffer.ts";
import { bufferFor, runBinding, wire, type WiredGraph } from "./wiring.ts";

/** A package's decode graph: one predicted latent to one rgb8 picture of a stream's size. */
export class PictureDecoder {
  /** The role it reads, e.g. `pred.latent.mean`. */
  readonly role: string;
  readonly #latent: RoleBuffer;
  readonly #picture: RoleBuffer;
  readonly #binding: EngineBinding;
  readonly #spec: StreamSpec;

  /** @throws BridgeError `model/shape` when the graph's picture is not of the stream's size. */
  constructor(wired: WiredGraph, streams: Readonly<Record<string, StreamSpec>>) {
    const role = Object.values(wired.graph.in).find((each) => each.startsWith("pred."));
    const output = Object.values(wired.graph.out).find((each) => each.startsWith("preview."));
    const spec = output === undefined ? undefined : streams[output.slice("preview.".length)];
    if (role === undefined || output === undefined || spec === undefined) {
      throw new Error("the manifest's rules name one latent and one picture");
    }
    const latent = bufferFor(wired, "in", role, { batch: 1 });
    const picture = bufferFor(wired, "out", output, { batch: 1 });
    const [widthPx, heightPx] = spec.size;
    const length = widthPx * heightPx * channelCount(spec);
    if (latent === undefined || picture?.values.length !== length) {
      const text = `${wired.name}: ${output} has ${picture?.values.length ?? 0} numbers, the stream ${length}`;
      throw new BridgeError(ErrorCode.ModelShape, text);
    }
    this.role = role;
    this.#latent = latent;
    this.#picture = picture;
    this.#spec = spec;
    this.#binding = wire(
      wired,
      new Map([[role, latent.tensor]]),
      new Map([[output, picture.tensor]]),
      { batch: 1 },
    );
  }

  /** `from` holds a latent at `offset`; graph units. */
  async decode(from: Float32Array, offset: number): Promise<Picture> {
    const { values } = this.#latent;
    const latent = from.subarray(offset, offset + values.length);
    if (latent.length !== values.length) {
      const text = `${this.role} has ${latent.length} numbers left, the decoder reads ${values.length}`;
      throw new BridgeError(ErrorCode.ModelShape, text);
    }
    values.set(latent);
    this.#latent.push();
    await runBinding(this.#binding);
    this.#picture.pull();
    const [widthPx, heightPx] = this.#spec.size;
    const isBytes = this.#picture.tensor.data instanceof Uint8Array;
    return { widthPx, heightPx, rgb: rgbOf(this.#picture.values, this.#spec, isBytes) };
  }
}

const channelCount = ({ color }: Pick<StreamSpec, "color">): number => (color === "gray" ? 1 : 3);

/**
 * A stream's tensor back to rgb8: what models/inference/image does, the other way. `isBytes`: the
 * graph gives 0..255 whatever the stream's own numbers are. NaN becomes 0.
 */
export function rgbOf(values: ArrayLike<number>, spec: StreamSpec, isBytes: boolean): Uint8Array {
  const [widthPx, heightPx] = spec.size;
  const pixels = widthPx * heightPx;
  const channels = channelCount(spec);
  const { layout, color } = spec;
  const { low, high, mean, std } = isBytes ? bytes : numbersOf(spec);
  const rgb = new Uint8ClampedArray(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    for (let i = 0; i < 3; i += 1) {
      const channel = channels === 1 ? 0 : color === "bgr" ? 2 - i : i;
      const index = layout === "CHW" ? channel * pixels + pixel : pixel * channels + channel;
      const value = (values[index] ?? 0) * per(std, channel, 1) + per(mean, channel, 0);
      rgb[3 * pixel + i] = (255 * (value - low)) / (high - low);
    }
  }
  return new Uint8Array(rgb.buffer);
}

interface Numbers {
  readonly low: number;
  readonly high: number;
  readonly mean: readonly number[] | undefined;
  readonly std: readonly number[] | undefined;
}
const bytes: Numbers = { low: 0, high: 255, mean: undefined, std: undefined };

function numbersOf({ dtype, range, mean, std }: StreamSpec): Numbers {
  if (dtype === "uint8") return bytes;
  const [low, high] = range ?? [0, 1];
  return { low, high, mean, std };
}

/** One for all channels or one each. */
const per = (values: readonly number[] | undefined, channel: number, otherwise: number): number =>
  values?.[values.length === 1 ? 0 : channel] ?? otherwise;
