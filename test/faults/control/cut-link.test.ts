import {
  createConnection,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";
import { WebSocket } from "ws";
import { expect, it } from "vitest";
import { connectControl } from "../../../bridge/client/index.ts";
import { openControlRig, until } from "../../fakes/control-rig.ts";

/** A link that dies after so many bytes towards the server, in the middle of whatever that is. */
async function openDyingLink(targetPort: number, livesBytes: number): Promise<Server> {
  const link = createServer((near) => {
    const far = createConnection(targetPort, "127.0.0.1");
    let leftBytes = livesBytes;
    near.on("data", (chunk: Buffer) => {
      far.write(chunk.subarray(0, Math.max(0, leftBytes)));
      leftBytes -= chunk.length;
      if (leftBytes <= 0) for (const end of [near, far]) resetSoon(end);
    });
    far.on("data", (chunk) => near.write(chunk));
    for (const end of [near, far]) end.on("error", () => undefined);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => link.listen(0, "127.0.0.1", resolve));
  return link;
}

/** After what was written has had time to go out. */
function resetSoon(socket: Socket): void {
  setTimeout(() => socket.resetAndDestroy(), 5);
}

// The first bytes are the handshake, hello and acquire; from some 900 on velocities are on their way.
it.each([300, 700, 1000, 1037, 1500, 1999, 2500, 3131, 4000])(
  "a link cut after %d bytes leaves the device stopped and free",
  async (livesBytes) => {
    await using rig = await openControlRig();
    const link = await openDyingLink(rig.server.port, livesBytes);
    const url = `http://127.0.0.1:${(link.address() as AddressInfo).port}`;
    let gone = false;
    try {
      const client = await connectControl(url, { role: "controller", client: "cut", WebSocket });
      client.on("closed", () => (gone = true));
      const lease = await client.acquire("mount0");
      lease.velocity({ periodMs: 5, ttlMs: 100 }).set({ yaw: 0.5 });
      await until(() => gone, "the cut");
      expect(lease.isHeld).toBe(false);
    } catch {
      // It was cut before there was a lease: nothing may have been sent.
    }
    await until(() => rig.server.stats().sessionCount === 0, "the end of the session");
    const { kinds } = rig.actuation;
    expect(rig.server.authority()).toMatchObject([{ owner: null }]);
    if (kinds.length > 0) expect(kinds.at(-1)).toBe("stop hold");
    const count = kinds.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(rig.actuation.kinds).toHaveLength(count);
    link.close();
  },
);

it("a client that goes on commanding without checking in is stopped, and moves nothing more", async () => {
  await using rig = await openControlRig({
    keepalive: { checkInMs: 30, missMs: 150, staleMs: 300, closeMs: 500 },
  });
  const client = await connectControl(rig.server.url, {
    role: "controller",
    client: "x",
    WebSocket,
  });
  const lease = await client.acquire("mount0");
  const send = client.send.bind(client);
  client.send = (message) => message.type !== "checkin" && send(message);
  lease.velocity({ periodMs: 5, ttlMs: 100 }).set({ yaw: 0.5 });
  await until(() => rig.server.stats().sessionCount === 0, "the end of the session");
  const { kinds } = rig.actuation;
  const firstStop = kinds.indexOf("stop hold");
  expect(firstStop).toBeGreaterThan(0);
  expect(kinds.slice(firstStop)).not.toContain("velocity");
  expect(rig.server.authority()).toMatchObject([{ owner: null }]);
});
