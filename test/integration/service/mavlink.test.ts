import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { MavLinkProtocolV2 } from "node-mavlink";
import { afterAll, beforeAll, expect, it } from "vitest";
import { peerClass, peerFrame, type PeerValues } from "../../fakes/mavlink-peer.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

interface Said {
  readonly id: number;
  readonly values: PeerValues;
}

/** A ground station of node-mavlink's bytes on a UDP port, which the service speaks to first. */
class GroundStation {
  readonly said: Said[] = [];
  readonly socket: Socket;
  #target: { readonly port: number; readonly address: string } | undefined;
  #sequence = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    const protocol = new MavLinkProtocolV2();
    socket.on("message", (frame, from) => {
      this.#target = from;
      const { msgid } = protocol.header(frame);
      const clazz = peerClass(msgid);
      const data = protocol.data(protocol.payload(frame), clazz) as unknown as PeerValues;
      const values = clazz.FIELDS.map(({ name, source }) => [source, data[name]]);
      this.said.push({ id: msgid, values: Object.fromEntries(values) as PeerValues });
    });
  }

  send(id: number, values: PeerValues): void {
    const target = this.#target;
    if (target === undefined) return;
    const told = { target_system: 1, target_component: 191, ...values };
    const frame = peerFrame(id, told, { sequence: this.#sequence });
    this.#sequence = (this.#sequence + 1) % 256;
    this.socket.send(frame, target.port, target.address);
  }

  async find(what: (said: Said) => boolean, ms = 5000): Promise<Said> {
    for (let waited = 0; waited < ms; waited += 20) {
      const found = this.said.find(what);
      if (found !== undefined) return found;
      await sleep(20);
    }
    throw new Error("it was not said");
  }

  async yawRight(): Promise<number> {
    this.said.length = 0;
    const { values } = await this.find(({ id }) => id === 285);
    const [w, , , z] = values["q"] as number[];
    return 2 * Math.atan2(z!, w!);
  }
}

let service: ServiceProcess;
let station: GroundStation;

beforeAll(async () => {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  station = new GroundStation(socket);
  service = ServiceProcess.start({
    environment: {
      KAIROS_ROS_TRANSPORT: "off",
      KAIROS_MAVLINK_ENABLED: "true",
      KAIROS_MAVLINK_BIND: "127.0.0.1:0",
      KAIROS_MAVLINK_PEERS: `127.0.0.1:${socket.address().port}`,
    },
  });
  await service.url();
}, 60_000);

afterAll(async () => {
  station.socket.close();
  await service.stop();
});

it("a ground station finds the gimbal, takes control, turns it, and its silence stops it", async () => {
  await station.find(({ id }) => id === 0);
  const alive = setInterval(() => {
    station.send(0, { type: 6, autopilot: 8 });
  }, 500);
  try {
    station.send(76, { command: 512, param1: 280 });
    const { values } = await station.find(({ id }) => id === 280);
    expect(values["gimbal_device_id"]).toBe(1);
    station.send(76, { command: 1001, param1: -2, param2: -2, param3: -1, param4: -1 });
    const ack = await station.find(({ id, values: { command } }) => id === 77 && command === 1001);
    expect(ack.values["result"]).toBe(0);

    const before = await station.yawRight();
    const nan = Number.NaN;
    const rate = { flags: 12, pitch: nan, yaw: nan, pitch_rate: nan, yaw_rate: 0.6 };
    for (let sent = 0; sent < 10; sent += 1) {
      station.send(287, rate);
      await sleep(100);
    }
    expect(await station.yawRight()).toBeGreaterThan(before + 0.2);

    // The last rate was the last of its kind: it expires, with heartbeats going on.
    await sleep(1500);
    const rested = await station.yawRight();
    await sleep(500);
    expect(await station.yawRight()).toBeCloseTo(rested, 2);
  } finally {
    clearInterval(alive);
  }
  station.said.length = 0;
  await station.find(({ id, values }) => id === 281 && values["primary_control_sysid"] === 0, 6000);
}, 30_000);
