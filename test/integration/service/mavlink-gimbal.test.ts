import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connectControl, type EventMessage } from "../../../bridge/client/index.ts";
import { loadConfig } from "../../../bridge/config.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { startBridge } from "../../../bridge/start.ts";
import { until } from "../../fakes/control-rig.ts";
import { MavlinkGimbal } from "../../fakes/mavlink-gimbal.ts";
import { StateRecorder } from "../../fakes/state-recorder.ts";

// The whole service with a MAVLink gimbal on a UDP socket, which node-mavlink reads and writes.

const device = "gimbal0";
const yaw = 0;
const opened: (() => PromiseLike<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** A gimbal that turns in real time while it is on. */
class UdpGimbal {
  readonly gimbal = new MavlinkGimbal();
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  isOn = true;

  private constructor(socket: Socket) {
    this.#socket = socket;
    let peer: { readonly port: number; readonly address: string } | undefined;
    socket.on("message", (bytes, from) => {
      peer = from;
      if (this.isOn) this.gimbal.receive([...bytes]);
    });
    this.gimbal.answer = (frame) => {
      if (this.isOn && peer !== undefined) socket.send(frame, peer.port, peer.address);
    };
    let lastMs = performance.now();
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      if (this.isOn) this.gimbal.step(nowMs - lastMs);
      // Its clock goes on while nobody hears it.
      else this.gimbal.bootMs += nowMs - lastMs;
      lastMs = nowMs;
    }, 5);
  }

  static async open(): Promise<UdpGimbal> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const gimbal = new UdpGimbal(socket);
    opened.push(() => {
      clearInterval(gimbal.#timer);
      socket.close();
    });
    return gimbal;
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }
}

async function serve(gimbal: UdpGimbal) {
  const { config } = loadConfig({
    flags: {
      "http.port": 0,
      "ros.transport": "off",
      "device.profile": "mavlink-gimbal",
      "device.driver": "mavlink",
      "device.address": gimbal.address,
      "device.settings": { bind: "127.0.0.1:0" },
    },
  });
  const { signal } = new AbortController();
  const bridge = await startBridge(config, { log: silentLog, version: "test", signal });
  opened.push(() => bridge[Symbol.asyncDispose]());
  const control = await connectControl(bridge.url, { role: "controller", client: "t", WebSocket });
  opened.push(() => {
    control.close();
  });
  const events: EventMessage[] = [];
  control.on("event", (event) => events.push(event));
  const recorder = await StateRecorder.open(bridge.url);
  opened.push(() => {
    recorder.close();
  });
  await until(() => control.state(device)?.mode === "active", "active");
  return { bridge, control, events, recorder };
}

it("a gimbal on UDP follows who holds the device, in our signs, and rests when the client says no more", async () => {
  const gimbal = await UdpGimbal.open();
  const { control, recorder } = await serve(gimbal);
  const lease = await control.acquire(device);
  expect((await lease.position({ yaw: 0.5, pitch: 0.3 })).result).toBe("completed");
  await recorder.until(() => Math.abs(recorder.last.posRad[yaw]! - 0.5) < 0.02);
  // Forward-right-down: left is negative, down is negative.
  const [w, x, y, z] = gimbal.gimbal.q;
  expect(Math.atan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z))).toBeCloseTo(-0.5, 1);
  expect(Math.asin(2 * (w * y - x * z))).toBeCloseTo(-0.3, 1);

  const velocity = lease.velocity();
  velocity.set({ yaw: -0.4 });
  await recorder.until(() => recorder.last.posRad[yaw]! < 0.3);
  velocity.close();
  // Its ttl, the braking, and what a gimbal lags behind.
  await recorder.forMs(1000);
  const stoodAt = recorder.last.posRad[yaw]!;
  await recorder.forMs(500);
  expect(recorder.last.posRad[yaw]).toBeCloseTo(stoodAt, 2);
});

it("a gimbal that falls silent while it moves is a fault with its reason; when it speaks again a reset gives it back", async () => {
  const gimbal = await UdpGimbal.open();
  const { control, events, recorder } = await serve(gimbal);
  const lease = await control.acquire(device);
  const velocity = lease.velocity();
  velocity.set({ yaw: 0.4 });
  await recorder.until(() => recorder.last.posRad[yaw]! > 0.2);
  gimbal.isOn = false;
  await until(() => control.state(device)?.mode === "fault", "fault");
  expect(events.map(({ reason }) => reason).join("\n")).toContain("no attitude from the gimbal");
  velocity.close();

  const stoodAt = gimbal.gimbal.q;
  gimbal.isOn = true;
  await expect
    .poll(
      async () => {
        await control.reset(device);
        return control.state(device)?.mode;
      },
      { timeout: 20_000 },
    )
    .toBe("active");
  // It had been told where to go before it fell silent; nothing of that is left.
  await recorder.forMs(300);
  const dot = gimbal.gimbal.q.reduce((sum, part, index) => sum + part * stoodAt[index]!, 0);
  expect(2 * Math.acos(Math.min(1, Math.abs(dot)))).toBeLessThan(0.1);
  const again = await control.acquire(device);
  await until(() => control.state(device)?.mode === "active", "active");
  await expect
    .poll(async () => (await again.position({ yaw: 0 })).result, { timeout: 20_000 })
    .toBe("completed");
});
