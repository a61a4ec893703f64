import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseEndpoint } from "../../../sims/gazebo/transport/endpoint.ts";
import type { ZmtpOptions } from "../../../sims/gazebo/transport/zmtp-connection.ts";
import { ZmtpConnection } from "../../../sims/gazebo/transport/zmtp-connection.ts";
import {
  encodeCommand,
  encodeMessage,
  ZmtpFrameParser,
  type ZmtpFrame,
} from "../../../sims/gazebo/transport/zmtp-frames.ts";
import {
  greeting,
  greetingProblem,
  parseCommand,
  parseReady,
  readyCommand,
} from "../../../sims/gazebo/transport/zmtp-handshake.ts";
import { ZmtpServer } from "../../../sims/gazebo/transport/zmtp-listener.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const limits = { maxMessageBytes: 1000, maxFrames: 4, maxQueuedBytes: 10_000 };

function framesOf(
  stream: Buffer,
  chunkBytes: number,
): { frames: ZmtpFrame[]; problem: string | undefined } {
  const frames: ZmtpFrame[] = [];
  const parser = new ZmtpFrameParser(limits.maxMessageBytes, (frame) => {
    frames.push({ ...frame, body: frame.body.slice() });
  });
  let problem: string | undefined;
  for (let i = 0; i < stream.length && problem === undefined; i += chunkBytes) {
    problem = parser.push(stream.subarray(i, i + chunkBytes));
  }
  return { frames, problem };
}

describe("ZMTP frames", () => {
  it("are short or long by the size of the body", () => {
    expect(encodeMessage([hex("aa"), hex("bbcc")])).toEqual(hex("01 01 aa 00 02 bbcc"));
    expect(encodeMessage([new Uint8Array(256)]).subarray(0, 9)).toEqual(hex("02 0000000000000100"));
    expect(encodeCommand(hex("05"))).toEqual(hex("04 01 05"));
  });

  it.each([1, 2, 3, 7, 1000])("are found in chunks of %d bytes", (chunkBytes) => {
    const stream = Buffer.concat([
      encodeMessage([Buffer.from("topic"), new Uint8Array(300).fill(7), Buffer.alloc(0)]),
      encodeCommand(Buffer.from("\x04PING")),
      encodeMessage([Buffer.from("last")]),
    ]);
    const { frames, problem } = framesOf(stream, chunkBytes);
    expect(problem).toBeUndefined();
    expect(frames.map(({ isCommand, hasMore, body }) => [isCommand, hasMore, body.length])).toEqual(
      [
        [false, true, 5],
        [false, true, 300],
        [false, false, 0],
        [true, false, 5],
        [false, false, 4],
      ],
    );
  });

  it.each([
    ["reserved flags", "08 00", /flags 0x8/],
    ["a command with more to follow", "05 00", /more follows/],
    [
      "a size over the limit, before the body has come",
      "02 0000000000010000",
      /65536 bytes, the limit is 1000/,
    ],
    ["a size beyond 2^53", "02 ffffffffffffffff", /the limit is 1000/],
  ])("refuse %s", (_, stream, problem) => {
    expect(framesOf(hex(stream), 100).problem).toMatch(problem);
  });
});

describe("the ZMTP handshake", () => {
  it("greets as version 3.0 with mechanism NULL", () => {
    expect(greeting()).toHaveLength(64);
    expect(greetingProblem(greeting())).toBeUndefined();
  });

  it.each([
    ["an HTTP request", Buffer.from("GET / HTTP/1.1".padEnd(64)), /no ZMTP greeting/],
    ["ZMTP 2", Buffer.concat([hex("ff00000000000000017f 01"), Buffer.alloc(53)]), /version 1/],
    [
      "PLAIN",
      Buffer.concat([
        hex("ff00000000000000017f 0300"),
        Buffer.from("PLAIN".padEnd(20, "\0")),
        Buffer.alloc(32),
      ]),
      /"PLAIN"/,
    ],
  ])("refuses %s", (_, bytes, problem) => {
    expect(greetingProblem(bytes)).toMatch(problem);
  });

  it("tells who the peer is", () => {
    const command = parseCommand(readyCommand("ROUTER", "id-1"));
    expect(command === undefined ? undefined : parseReady("ROUTER", command)).toEqual({
      socketType: "ROUTER",
      identity: "id-1",
    });
  });

  it.each([
    ["a partner of the wrong type", readyCommand("PUB"), /"PUB", expected SUB or XSUB/],
    ["another command", Buffer.from("\x05HELLO"), /"HELLO", expected READY/],
    ["properties that end too early", Buffer.from("\x05READY\x0bSocket"), /damaged/],
    [
      "a value longer than the command",
      Buffer.concat([Buffer.from("\x05READY\x01a"), hex("00000009"), Buffer.from("x")]),
      /damaged/,
    ],
  ])("refuses %s", (_, body, problem) => {
    const command = parseCommand(body);
    expect(command === undefined ? "" : parseReady("PUB", command)).toMatch(problem);
  });
});

describe("a ZMTP connection", () => {
  const sockets: Socket[] = [];
  const servers: { close: () => void }[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  const options: ZmtpOptions = { socketType: "ROUTER", ...limits };

  async function listen(heard: Buffer[][], closed: string[]): Promise<Socket> {
    const server = await ZmtpServer.open("127.0.0.1", options, {
      onReady: () => undefined,
      onMessage: (_, parts) => heard.push(parts.map((part) => Buffer.from(part))),
      onClosed: (_, reason) => closed.push(reason),
    });
    servers.push(server);
    const socket = connect(parseEndpoint(server.endpoint)?.port ?? 0, "127.0.0.1");
    socket.on("error", () => undefined);
    sockets.push(socket);
    await once(socket, "connect");
    socket.resume();
    return socket;
  }

  function shakeHands(socket: Socket): void {
    socket.write(Buffer.concat([greeting(), encodeCommand(readyCommand("ROUTER", "x"))]));
  }

  it.each([
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n"), /no ZMTP greeting/],
    [
      "a message before READY",
      Buffer.concat([greeting(), encodeMessage([hex("00")])]),
      /before READY/,
    ],
    [
      "a partner of the wrong type",
      Buffer.concat([greeting(), encodeCommand(readyCommand("SUB"))]),
      /"SUB"/,
    ],
  ])("ends at %s", async (_, bytes, reason) => {
    const closed: string[] = [];
    const socket = await listen([], closed);
    socket.write(bytes);
    await once(socket, "close");
    expect(closed).toEqual([expect.stringMatching(reason)]);
  });

  it.each([
    ["too many frames", Array.from({ length: 5 }, () => hex("00"))],
    ["too many bytes in all", [Buffer.alloc(600), Buffer.alloc(600)]],
  ])("ends at a message of %s", async (_, parts) => {
    const closed: string[] = [];
    const heard: Buffer[][] = [];
    const socket = await listen(heard, closed);
    shakeHands(socket);
    socket.write(encodeMessage(parts));
    await once(socket, "close");
    expect(closed).toEqual([expect.stringMatching(/over 4 frames or 1000 bytes/)]);
    expect(heard).toEqual([]);
  });

  it("answers a PING with what it carried", async () => {
    const socket = await listen([], []);
    shakeHands(socket);
    socket.write(
      encodeCommand(Buffer.concat([Buffer.from("\x04PING"), hex("0064"), Buffer.from("ctx")])),
    );
    let received = "";
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received += chunk.toString("latin1");
      if (received.includes("\x04PONGctx")) return;
    }
    expect.fail(`the connection ended after ${JSON.stringify(received)}`);
  });

  it("drops messages for a peer that does not read, and goes on when it does", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    const address = server.address();
    const reader = connect(typeof address === "object" ? (address?.port ?? 0) : 0, "127.0.0.1");
    const [accepted] = (await once(server, "connection")) as [Socket];
    sockets.push(reader, accepted);
    const connection = await new Promise<ZmtpConnection>((resolve) => {
      new ZmtpConnection(
        accepted,
        { ...options, socketType: "PUB" },
        {
          onReady: resolve,
          onMessage: () => undefined,
          onClosed: () => undefined,
        },
      );
      reader.write(Buffer.concat([greeting(), encodeCommand(readyCommand("SUB"))]));
    });
    reader.pause();
    const message = [Buffer.alloc(1000)];
    let sentCount = 0;
    // The system's own buffers take a few megabytes first.
    while (sentCount < 100_000 && connection.send(message)) {
      sentCount += 1;
      if (sentCount % 100 === 0) await new Promise(setImmediate);
    }
    expect(connection.droppedCount).toBe(1);
    expect(accepted.writableLength).toBeLessThanOrEqual(limits.maxQueuedBytes + 1003);
    reader.resume();
    await vi.waitFor(() => {
      expect(connection.send(message)).toBe(true);
    });
  });
});
