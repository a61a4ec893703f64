import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../bridge/contract/frame.ts";
import { decodeJpeg, encodeJpeg, LatestEncoder } from "../../../bridge/media/jpeg.ts";

const size = { widthPx: 64, heightPx: 48 };

/** A smooth picture that tells left from right, top from bottom, and one frame from another. */
function makeFrame(sequence: number): Frame {
  const rgb = new Uint8Array(size.widthPx * size.heightPx * 3);
  for (let y = 0; y < size.heightPx; y += 1) {
    for (let x = 0; x < size.widthPx; x += 1) {
      rgb.set([x * 3, y * 4, 20 * sequence], (y * size.widthPx + x) * 3);
    }
  }
  return { stampMs: sequence * 40, sequence, ...size, rgb };
}

function worstDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

describe("JPEG", () => {
  it("comes back with its size and, but for a few levels, its pixels", async () => {
    const frame = makeFrame(3);
    const jpeg = await encodeJpeg(frame, 90);
    expect(Array.from(jpeg.subarray(0, 2))).toEqual([0xff, 0xd8]);
    const decoded = await decodeJpeg(jpeg);
    expect(decoded).toMatchObject(size);
    expect(worstDifference(decoded.rgb, frame.rgb)).toBeLessThanOrEqual(12);
  });

  it("is three channels of a gray one", async () => {
    const raw = { width: 8, height: 8, channels: 1 as const };
    const gray = await sharp(new Uint8Array(64).fill(120), { raw }).jpeg().toBuffer();
    const { rgb } = await decodeJpeg(gray);
    expect(rgb).toHaveLength(3 * 64);
    expect(worstDifference(rgb, new Uint8Array(192).fill(120))).toBeLessThanOrEqual(1);
  });

  it("is refused where the header claims a picture of gigabytes", async () => {
    const jpeg = Buffer.from(await encodeJpeg(makeFrame(1), 50));
    const size = jpeg.indexOf(Buffer.from([0xff, 0xc0])) + 5;
    jpeg.writeUInt16BE(65000, size);
    jpeg.writeUInt16BE(65000, size + 2);
    await expect(decodeJpeg(jpeg)).rejects.toThrow(/pixel limit/);
  });

  it("is smaller and further off at a lower quality", async () => {
    const frame = makeFrame(1);
    const [fine, coarse] = await Promise.all([encodeJpeg(frame, 90), encodeJpeg(frame, 20)]);
    expect(coarse.length).toBeLessThan(0.8 * fine.length);
    const off = async (jpeg: Uint8Array): Promise<number> =>
      worstDifference((await decodeJpeg(jpeg)).rgb, frame.rgb);
    expect(await off(coarse)).toBeGreaterThan(await off(fine));
  });

  it.each([
    ["no picture", Uint8Array.of(1, 2, 3)],
    ["nothing", new Uint8Array(0)],
  ])("is refused when the bytes are %s", async (_, bytes) => {
    await expect(decodeJpeg(bytes)).rejects.toThrow();
  });

  it("is refused when the pixels do not fill the size", async () => {
    const frame = { ...makeFrame(1), widthPx: 65 };
    await expect(encodeJpeg(frame, 80)).rejects.toThrow();
  });
});

describe("the latest encoder", () => {
  const noError = (error: unknown): never => {
    throw error;
  };

  /** Offers frames and gives the sequence numbers that came out, once `lastSequence` did. */
  async function delivered(frames: readonly Frame[], lastSequence: number): Promise<number[]> {
    const encoder = new LatestEncoder({ quality: 80, onError: noError });
    const sequences: number[] = [];
    await new Promise<void>((resolve) => {
      for (const frame of frames) {
        encoder.offer(frame, () => {
          sequences.push(frame.sequence);
          if (frame.sequence === lastSequence) resolve();
        });
      }
    });
    return sequences;
  }

  it("makes the first and, of what came meanwhile, the newest alone", async () => {
    expect(await delivered([1, 2, 3, 4, 5].map(makeFrame), 5)).toEqual([1, 5]);
  });

  it("makes the picture of the frame it was offered", async () => {
    const encoder = new LatestEncoder({ quality: 90, onError: noError });
    const jpeg = await new Promise<Uint8Array>((resolve) => {
      encoder.offer(makeFrame(7), resolve);
    });
    const { rgb } = await decodeJpeg(jpeg);
    expect(worstDifference(rgb, makeFrame(7).rgb)).toBeLessThanOrEqual(12);
    expect(worstDifference(rgb, makeFrame(2).rgb)).toBeGreaterThan(50);
  });

  it("takes a frame that is offered while it delivers another", async () => {
    const encoder = new LatestEncoder({ quality: 80, onError: noError });
    const finished: number[] = [];
    await new Promise<void>((resolve) => {
      const offer = (sequence: number): void => {
        encoder.offer(makeFrame(sequence), () => {
          finished.push(sequence);
          if (sequence === 5) resolve();
          else offer(sequence + 1);
        });
      };
      offer(1);
    });
    expect(finished).toEqual([1, 2, 3, 4, 5]);
  });

  it("reports an error and goes on with the next frame", async () => {
    const errors: unknown[] = [];
    const encoder = new LatestEncoder({ quality: 80, onError: (error) => errors.push(error) });
    const delivered = await new Promise<number>((resolve) => {
      encoder.offer({ ...makeFrame(1), widthPx: 65 }, () => {
        resolve(1);
      });
      encoder.offer(makeFrame(2), () => {
        resolve(2);
      });
    });
    expect(delivered).toBe(2);
    expect(errors).toHaveLength(1);
  });

  it("reports what its taker throws, and goes on", async () => {
    const errors: unknown[] = [];
    const encoder = new LatestEncoder({ quality: 80, onError: (error) => errors.push(error) });
    encoder.offer(makeFrame(1), () => {
      throw new Error("the sink is closed");
    });
    await new Promise<void>((resolve) => {
      encoder.offer(makeFrame(2), () => {
        resolve();
      });
    });
    expect(errors).toEqual([new Error("the sink is closed")]);
  });
});
