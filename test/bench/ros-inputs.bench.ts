import { bench, describe } from "vitest";
import type { CameraImage, ImageEncoding } from "../../bridge/contract/camera-image.ts";
import { rowBytes } from "../../bridge/contract/camera-image.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { pictureFitter } from "../../bridge/parts/fit-picture.ts";
import { JointStateInput } from "../../ros/inputs/joint-state-input.ts";
import { MeasuredStampMap } from "../../ros/inputs/measured-stamp-map.ts";
import { messageReader, messageWriter } from "../../ros/messages/codec.ts";

const target = { widthPx: 160, heightPx: 120 };
const out = new Uint8Array(3 * target.widthPx * target.heightPx);

function picture(widthPx: number, heightPx: number, encoding: ImageEncoding): CameraImage {
  const strideBytes = rowBytes(encoding, widthPx);
  const data = Uint8Array.from({ length: strideBytes * heightPx }, (_, i) => (i * 31) & 255);
  return { stampMs: 0, widthPx, heightPx, encoding, strideBytes, data };
}

describe("a raw picture to 160 x 120 (unit: a copy of 640 x 480 rgb8)", () => {
  const vga = picture(640, 480, "rgb8");
  const copy = new Uint8Array(vga.data.length);
  bench("copy of 640 x 480 rgb8", () => {
    copy.set(vga.data);
  });
  for (const image of [
    vga,
    picture(640, 480, "yuyv"),
    picture(1920, 1080, "bgr8"),
    picture(1920, 1080, "bayer_rggb8"),
  ]) {
    const fit = pictureFitter(target);
    bench(`${image.widthPx} x ${image.heightPx} ${image.encoding}`, () => {
      fit(image, out);
    });
  }
});

describe("a JointState of 30 joints (unit: decoding it)", () => {
  const name = Array.from({ length: 30 }, (_, i) => `joint_${i}`);
  const values = Float64Array.from(name, (_, i) => i / 10);
  const header = { stamp: { sec: 1, nanosec: 0 }, frame_id: "base" };
  const type = "sensor_msgs/msg/JointState";
  const cdr = messageWriter(type)({
    header,
    name,
    position: values,
    velocity: values,
    effort: values,
  });
  const decode = messageReader(type);
  const axisNames = ["joint_7", "joint_3", "joint_21", "joint_0"];
  const input = new JointStateInput({
    axisNames,
    jointNames: axisNames,
    telemetry: SampleRing.create({ capacity: 2048, width: 12 }),
    stamps: new MeasuredStampMap({ maxAgeMs: 1e9, maxAheadMs: 1e9 }),
  });
  let nowMs = 0;
  bench("decode", () => {
    decode(cdr);
  });
  bench("decode and take", () => {
    nowMs += 1;
    const message = decode(cdr);
    const stamp = { sec: 1 + Math.floor(nowMs / 1000), nanosec: (nowMs % 1000) * 1e6 };
    input.take({ ...message, header: { stamp, frame_id: "" } }, nowMs);
  });
});
