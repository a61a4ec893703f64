import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { afterAll, beforeAll, bench, describe } from "vitest";
import { openControlRig, RawClient, type ControlRig } from "../fakes/control-rig.ts";

/**
 * What judging a command costs on top of the socket it comes through: from the client's `send` until the
 * command is handed to `Actuation.send`, against a bare `ws` server that is handed the same bytes; and
 * there and back, an ack against an echo. Both ends are in this process, so that one clock times them.
 */
const options = { time: 3000, warmupTime: 500 };

let rig: ControlRig;
let client: RawClient;
let lease: { readonly epoch: string; readonly sequence: number };
let bare: WebSocketServer;
let bareClient: WebSocket;
let seq = 0;
let onSent: (() => void) | undefined;
let onBare: (() => void) | undefined;
let echoes = false;
let checkIns: NodeJS.Timeout;

const command = (acks: "all" | "rejections"): string => {
  seq += 1;
  return JSON.stringify({
    type: "command",
    kind: "velocity",
    id: seq,
    seq,
    device: "mount0",
    lease,
    acks,
    ttlMs: 180,
    velRadPerS: { yaw: 0.5, pitch: -0.25 },
  });
};

beforeAll(async () => {
  rig = await openControlRig({ limits: { maxMessagesPerS: 1e6 } });
  rig.actuation.send = (): void => onSent?.();
  client = await RawClient.greeted(rig.server);
  lease = await client.acquire();
  client.socket.removeAllListeners("message");
  checkIns = setInterval(() => {
    client.say({ type: "checkin" });
  }, 200);
  bare = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  bare.on("connection", (socket) => {
    socket.on("message", (data) => {
      onBare?.();
      if (echoes && Buffer.isBuffer(data)) socket.send(data.toString("utf8"));
    });
  });
  await once(bare, "listening");
  bareClient = new WebSocket(`ws://127.0.0.1:${(bare.address() as AddressInfo).port}`, {
    perMessageDeflate: false,
  });
  await once(bareClient, "open");
});

afterAll(async () => {
  clearInterval(checkIns);
  bareClient.terminate();
  bare.close();
  client.socket.terminate();
  await rig[Symbol.asyncDispose]();
});

describe("one way", () => {
  bench(
    "bare ws: bytes reach the message handler",
    async () => {
      echoes = false;
      await new Promise<void>((resolve) => {
        onBare = resolve;
        bareClient.send(command("rejections"));
      });
    },
    options,
  );
  bench(
    "control: command reaches Actuation.send",
    async () => {
      await new Promise<void>((resolve) => {
        onSent = resolve;
        client.socket.send(command("rejections"));
      });
    },
    options,
  );
});

describe("there and back", () => {
  bench(
    "bare ws: echo",
    async () => {
      echoes = true;
      await new Promise<void>((resolve) => {
        bareClient.once("message", () => {
          resolve();
        });
        bareClient.send(command("all"));
      });
    },
    options,
  );
  bench(
    "control: command accepted",
    async () => {
      await new Promise<void>((resolve) => {
        client.socket.on("message", function heard(data) {
          if (!Buffer.isBuffer(data) || !data.includes('"accepted"')) return;
          client.socket.off("message", heard);
          resolve();
        });
        client.socket.send(command("all"));
      });
    },
    options,
  );
});
