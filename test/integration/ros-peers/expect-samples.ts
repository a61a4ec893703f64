import { expect } from "vitest";
import { findKind, type Shape } from "../../peers/bridge-kinds.ts";
import type { PeerEvent } from "../../peers/peer-process.ts";

const shape: Shape = { joints: 4, points: 3, bytes: 640 * 480 * 3 };
export const shapeArgs = ["--joints", "4", "--points", "3", "--bytes", `${640 * 480 * 3}`];

/** That the samples are those a peer sends, whole and in order, starting with number `first`. */
export function expectSamples(
  kindName: string,
  samples: readonly PeerEvent[],
  range: { readonly first: number; readonly count: number },
): void {
  const kind = findKind(kindName);
  const expected = Array.from({ length: range.count }, (_, index) => {
    const message = kind.make(shape, { sequence: range.first + index, stampNs: 0n });
    return { event: "sample", ...withoutStamp(kind.toJson(message)) };
  });
  expect(samples.map((sample) => withoutStamp(sample))).toEqual(expected);
}

/** Times differ from run to run; that they are there and plausible is checked by the latency bench. */
function withoutStamp(sample: object): object {
  const { header, data, ...rest } = sample as {
    readonly header?: { readonly frame_id: string };
    readonly data?: unknown;
  };
  // A String is a number and the time.
  const content = typeof data === "string" ? data.split(" ")[0] : data;
  return { ...rest, data: content, frameId: header?.frame_id };
}
