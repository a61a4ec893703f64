import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataFrame, FrameReader, noteFrame, takenFrame } from "../../../ros/rclnodejs/frames.ts";

type Seen =
  | { readonly kind: "data"; readonly endpointId: number; readonly cdr: number[] }
  | { readonly kind: "taken"; readonly endpointId: number; readonly count: number }
  | { readonly kind: "note"; readonly note: unknown; readonly cdr: number[] | undefined };

function collector(): { readonly reader: FrameReader; readonly seen: Seen[] } {
  const seen: Seen[] = [];
  const reader = new FrameReader({
    data: (endpointId, cdr) => seen.push({ kind: "data", endpointId, cdr: [...cdr] }),
    taken: (endpointId, count) => seen.push({ kind: "taken", endpointId, count }),
    note: (note, cdr) => seen.push({ kind: "note", note, cdr: cdr && [...cdr] }),
  });
  return { reader, seen };
}

const uint32 = fc.nat({ max: 0xffff_ffff });
const octets = fc.uint8Array({ minLength: 1, maxLength: 200 });
const sent: fc.Arbitrary<Seen> = fc.oneof(
  fc.record({
    kind: fc.constant("data" as const),
    endpointId: uint32,
    cdr: octets.map((cdr) => [...cdr]),
  }),
  fc.record({ kind: fc.constant("taken" as const), endpointId: uint32, count: uint32 }),
  fc.record({
    kind: fc.constant("note" as const),
    note: fc.record({ kind: fc.string(), text: fc.string({ unit: "grapheme" }) }),
    cdr: fc.option(
      octets.map((cdr) => [...cdr]),
      { nil: undefined },
    ),
  }),
);

function frameOf(message: Seen): Uint8Array {
  if (message.kind === "data") return dataFrame(message.endpointId, Uint8Array.from(message.cdr));
  if (message.kind === "taken") return takenFrame(new Map([[message.endpointId, message.count]]));
  return noteFrame(message.note as object, message.cdr && Uint8Array.from(message.cdr));
}

describe("the frames of the host's pipe", () => {
  it("come back the same, wherever the stream is split", () => {
    fc.assert(
      fc.property(
        fc.array(sent, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 50 })),
        (messages, splits) => {
          const stream = Buffer.concat(messages.map(frameOf));
          const { reader, seen } = collector();
          let at = 0;
          for (const split of [...splits, stream.byteLength]) {
            if (at >= stream.byteLength) break;
            reader.push(stream.subarray(at, at + split));
            at += split;
          }
          expect(seen).toEqual(messages);
        },
      ),
    );
  });

  it.each([
    ["a length of 0", [0, 0, 0, 0]],
    ["a length beyond the limit", [1, 0, 0, 4]],
    ["an unknown tag", [1, 0, 0, 0, 9]],
  ])("are refused with %s", (_, bytes) => {
    const { reader } = collector();
    expect(() => {
      reader.push(Buffer.from(bytes));
    }).toThrow("[ros/transport]");
  });
});
