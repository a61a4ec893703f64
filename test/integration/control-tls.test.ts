import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { get } from "node:https";
import { connect } from "node:net";
import { connect as connectTls, type PeerCertificate } from "node:tls";
import { describe, expect, it } from "vitest";
import { RawClient, until } from "../fakes/control-rig.ts";
import { makeOffer, openPairedRig, type PairedRig } from "../fakes/paired-rig.ts";

const limits = { headersMs: 500 };
const openTlsRig = async (names: readonly string[] = []): Promise<PairedRig> =>
  await openPairedRig({ limits }, { tls: true, names });

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

async function getSecurely(url: string, ca: string): Promise<Reply> {
  return await new Promise((resolve, reject) => {
    get(url, { ca, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
      });
    }).on("error", reject);
  });
}

/** The authority's certificate as a phone gets it before it trusts anything. */
const plainOf = (rig: PairedRig): string => `http://127.0.0.1:${rig.server.port}`;
const caOf = async (rig: PairedRig): Promise<string> =>
  await (await fetch(`${plainOf(rig)}/ca.crt`)).text();

it("serves requests and sockets over TLS, to whoever trusts its authority", async () => {
  await using rig = await openTlsRig();
  expect(rig.server.url).toMatch(/^https:/);
  const ca = await caOf(rig);
  const { status, body } = await getSecurely(`${rig.server.url}/v1/auth`, ca);
  expect(status).toBe(200);
  const { fingerprint } = JSON.parse(body) as { fingerprint: string };
  const own = new X509Certificate(ca).fingerprint256.replaceAll(":", "").toLowerCase();
  expect(fingerprint).toBe(own);
  await expect(getSecurely(`${rig.server.url}/v1/auth`, "")).rejects.toThrow();
  const client = await RawClient.control(rig.server, { ca });
  client.say({ type: "hello", protocol: "kairos.control.v1", role: "viewer", client: "x" });
  expect((await client.closed).code).toBe(1008);
  expect(client.messages[0]).toMatchObject({ code: "auth/required" });
});

it("answers plain HTTP with the way to TLS and the certificate, and nothing else", async () => {
  await using rig = await openTlsRig();
  const page = await fetch(`${plainOf(rig)}/healthz`, { redirect: "manual" });
  expect(page.status).toBe(308);
  expect(page.headers.get("location")).toBe(`https://127.0.0.1:${rig.server.port}/`);
  expect(await page.text()).not.toContain("ok");
  const post = await fetch(`${plainOf(rig)}/v1/pair/challenge`, { method: "POST", body: "{}" });
  expect(post.status).toBe(403);
  const socket = new RawClient(`${plainOf(rig)}/v1/control`, "kairos.control.v1");
  await expect(socket.opened()).rejects.toThrow("403");
});

it("sends nobody elsewhere, whatever Host says", async () => {
  await using rig = await openTlsRig();
  const socket = connect(rig.server.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: evil.example/@x\r\n\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toContain(`Location: https://localhost:${rig.server.port}/`);
  socket.destroy();
});

it.each([
  { what: "a byte of a handshake and no more", bytes: Buffer.from([0x16]) },
  { what: "a handshake that is none", bytes: Buffer.from("\x16\x03\x01\x00\x05hello", "latin1") },
  { what: "nothing", bytes: Buffer.alloc(0) },
  { what: "half a request", bytes: Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n") },
])("closes a connection that sends $what", async ({ bytes }) => {
  await using rig = await openTlsRig();
  const socket = connect(rig.server.port, "127.0.0.1").on("error", () => undefined);
  await until(() => rig.server.stats().connectionCount === 1, "the connection");
  socket.write(bytes);
  const closed = once(socket, "close");
  socket.resume();
  await closed;
  await until(() => rig.server.stats().connectionCount === 0, "its end");
});

it("closes a connection that sends half a request over TLS", async () => {
  await using rig = await openTlsRig();
  const socket = connectTls({
    port: rig.server.port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
  });
  await once(socket, "secureConnect");
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toContain("408 Request Timeout");
  await once(socket.resume(), "close");
});

it("speaks no TLS older than 1.2", async () => {
  await using rig = await openTlsRig();
  const old = connectTls({
    port: rig.server.port,
    host: "127.0.0.1",
    maxVersion: "TLSv1.1",
    minVersion: "TLSv1",
    rejectUnauthorized: false,
  });
  await expect(once(old, "secureConnect")).rejects.toThrow();
});

describe("the certificate", () => {
  it("names what the server is called", async () => {
    await using rig = await openTlsRig(["robot.local"]);
    const ca = await caOf(rig);
    const socket = connectTls({
      port: rig.server.port,
      host: "127.0.0.1",
      ca,
      servername: "robot.local",
    });
    await once(socket, "secureConnect");
    const { subjectaltname }: PeerCertificate = socket.getPeerCertificate();
    expect(subjectaltname).toContain("DNS:robot.local");
    socket.destroy();
  });
});

describe("beyond loopback", () => {
  it("a server is reached by its own names and no others", async () => {
    await using rig = await openPairedRig(
      { host: "0.0.0.0" },
      { tls: true, host: "0.0.0.0", names: ["robot.local"] },
    );
    const ca = await caOf(rig);
    const ask = async (host: string): Promise<number> =>
      await new Promise((resolve, reject) => {
        const url = `https://127.0.0.1:${rig.server.port}/v1/auth`;
        get(url, { ca, agent: false, servername: "localhost", headers: { host } }, (response) => {
          resolve(response.resume().statusCode ?? 0);
        }).on("error", reject);
      });
    expect(await ask("robot.local:8700")).toBe(200);
    expect(await ask("evil.example")).toBe(421);
    const offer = await makeOffer(rig);
    expect(offer.code).toHaveLength(9);
  });

  it("there is no server without TLS, even with tokens", async () => {
    await expect(openPairedRig({ host: "0.0.0.0" })).rejects.toThrow("security.tls");
  });
});
