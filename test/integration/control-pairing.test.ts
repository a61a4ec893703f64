import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codeProof } from "../../bridge/control/security/pairing-proof.ts";
import { verifyAudit } from "../../bridge/control/security/audit-files.ts";
import { openControlRig, RawClient, until } from "../fakes/control-rig.ts";
import {
  makeOffer,
  openPairedRig,
  pairedToken,
  PairingPhone,
  poster,
  type PairedRig,
} from "../fakes/paired-rig.ts";

const dayMs = 86_400_000;

/** Says hello with a token; gives the welcome or the error, whichever comes. */
async function greet(rig: PairedRig, role: string, token?: string): Promise<RawClient> {
  const client = await RawClient.control(rig.server);
  const proof = token === undefined ? {} : { token };
  client.say({ type: "hello", protocol: "kairos.control.v1", role, client: "test", ...proof });
  await until(() => client.messages.length > 0, "an answer to the hello");
  return client;
}

describe("pairing", () => {
  it("turns a code into a token with which its client moves the device, once", async () => {
    await using rig = await openPairedRig();
    const { code } = await makeOffer(rig);
    const phone = new PairingPhone(poster(rig.server.url), "Anna's phone");
    const { status, body } = await phone.pair(code);
    expect(status).toBe(200);
    expect(body).toMatchObject({ role: "controller", name: "Anna's phone" });
    expect(body["expiresAtMs"]).toBeGreaterThan(Date.now() + 29 * dayMs);
    const client = await greet(rig, "controller", String(body["token"]));
    const lease = await client.acquire();
    client.say({
      type: "command",
      kind: "velocity",
      id: 1,
      seq: 1,
      device: "mount0",
      lease,
      ttlMs: 200,
      velRadPerS: { yaw: 0.1 },
    });
    await until(() => rig.actuation.kinds.includes("velocity"), "the command at the device");
    expect((await new PairingPhone(poster(rig.server.url)).pair(code)).body).toMatchObject({
      code: "pair/code-used",
    });
  });

  it("lets one of two in who use a code at the same time", async () => {
    await using rig = await openPairedRig();
    const { code } = await makeOffer(rig);
    const phones = [1, 2, 3, 4].map(() => new PairingPhone(poster(rig.server.url)));
    const answers = await Promise.all(phones.map(async (phone) => await phone.pair(code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(rig.security.clients.list()).toHaveLength(1);
  });

  it.each([
    { what: "a wrong code", code: "pair/code", bend: () => ({ codeProof: "A".repeat(43) }) },
    { what: "a wrong signature", code: "pair/proof", bend: () => ({ signature: "A".repeat(86) }) },
    {
      what: "an unknown challenge",
      code: "pair/challenge",
      bend: () => ({ challenge: randomBytes(32).toString("base64url") }),
    },
    { what: "another name than was proven", code: "pair/code", bend: () => ({ client: "other" }) },
    { what: "another role", code: "pair/role", bend: () => ({ role: "supervisor" }) },
    { what: "a key of another length", code: "pair/message", bend: () => ({ publicKey: "AAAA" }) },
    { what: "a field too many", code: "pair/message", bend: () => ({ admin: true }) },
    { what: "a name of two lines", code: "pair/message", bend: () => ({ client: "a\nb" }) },
  ])("refuses $what with $code, and the code still works after", async ({ code, bend }) => {
    await using rig = await openPairedRig();
    const post = poster(rig.server.url);
    const offer = await makeOffer(rig);
    const phone = new PairingPhone(post);
    const proof = phone.proof(await phone.challenge(), offer.code);
    const { status, body } = await post("/v1/pair/prove", { ...proof, ...bend() });
    expect(body).toMatchObject({ code });
    expect(body).not.toHaveProperty("token");
    expect(status).toBeGreaterThanOrEqual(400);
    expect(rig.security.clients.list()).toHaveLength(0);
    expect((await phone.pair(offer.code)).status).toBe(200);
  });

  it("does not take a proof that was made for another server or another run of it", async () => {
    await using rig = await openPairedRig();
    const post = poster(rig.server.url);
    const { code } = await makeOffer(rig);
    const phone = new PairingPhone(post);
    for (const other of [{ epoch: "another run" }, { fingerprint: "ab".repeat(32) }]) {
      const context = { ...(await phone.challenge()), ...other };
      const { body } = await post("/v1/pair/prove", phone.proof(context, code));
      expect(body).toMatchObject({ code: "pair/code" });
    }
  });

  it("does not take a proof twice", async () => {
    await using rig = await openPairedRig();
    const post = poster(rig.server.url);
    const { code } = await makeOffer(rig);
    const phone = new PairingPhone(post);
    const proof = phone.proof(await phone.challenge(), code);
    await post("/v1/pair/prove", { ...proof, signature: "A".repeat(86) });
    const { body } = await post("/v1/pair/prove", proof);
    expect(body).toMatchObject({ code: "pair/replayed" });
  });

  it("is not fooled by a key of small order, whose signature fits any text", async () => {
    await using rig = await openPairedRig();
    const post = poster(rig.server.url);
    await makeOffer(rig);
    const phone = new PairingPhone(post);
    // The neutral element as key, as R, and s = 0: accepted by OpenSSL for every message.
    const one = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
    const publicKey = one.toString("base64url");
    const context = { ...(await phone.challenge()), publicKey };
    const { challenge, client } = context;
    const { body } = await post("/v1/pair/prove", {
      challenge,
      client,
      publicKey,
      codeProof: codeProof("0000-0000", context),
      signature: Buffer.concat([one, Buffer.alloc(32)]).toString("base64url"),
    });
    expect(body).toMatchObject({ code: "pair/code" });
  });

  it.each([
    { what: "a code after three minutes", wait: 181_000, code: "pair/code-expired" },
    { what: "an hour later, when nobody remembers it", wait: 3_600_000, code: "pair/code" },
  ])("refuses $what", async ({ wait, code }) => {
    await using rig = await openPairedRig();
    const offer = await makeOffer(rig);
    rig.shift.ms += wait;
    const { body } = await new PairingPhone(poster(rig.server.url)).pair(offer.code);
    expect(body).toMatchObject({ code });
  });

  it("refuses a challenge that was answered after a minute", async () => {
    await using rig = await openPairedRig();
    const post = poster(rig.server.url);
    const { code } = await makeOffer(rig);
    const phone = new PairingPhone(post);
    const proof = phone.proof(await phone.challenge(), code);
    rig.shift.ms += 61_000;
    expect((await post("/v1/pair/prove", proof)).body).toMatchObject({ code: "pair/stale" });
  });

  it("slows down whoever guesses", async () => {
    const attempts = { perAddressPerMinute: 6, perMinute: 60 };
    await using rig = await openPairedRig({}, { attempts });
    const post = poster(rig.server.url);
    const answers = [];
    for (let count = 0; count < 10; count += 1) {
      answers.push((await post("/v1/pair/challenge", {})).status);
    }
    expect(answers).toEqual([200, 200, 200, 200, 200, 200, 429, 429, 429, 429]);
  });

  it("takes no request that a page of another site can send by itself", async () => {
    await using rig = await openPairedRig();
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${rig.server.url}/v1/pair/challenge`, { method: "POST", headers, body: "{}" }))
        .status;
    expect(await ask({ origin: "http://evil.example", "content-type": "application/json" })).toBe(
      403,
    );
    const form = await fetch(`${rig.server.url}/v1/pair/prove`, { method: "POST", body: "{}" });
    expect(form.status).toBe(415);
  });
});

describe("a token", () => {
  it.each([
    { what: "none", code: "auth/required", bend: () => undefined },
    { what: "one that is none of ours", code: "auth/malformed", bend: () => "Bearer x" },
    {
      what: "one of another server",
      code: "auth/unknown",
      bend: () => `kb1.${"A".repeat(12)}.${"A".repeat(43)}`,
    },
    {
      what: "one with a changed end",
      code: "auth/tampered",
      bend: (token: string) => `${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`,
    },
  ])("$what is refused with $code, and nothing moves", async ({ code, bend }) => {
    await using rig = await openPairedRig();
    const { token } = await pairedToken(rig);
    const client = await greet(rig, "controller", bend(token));
    expect(client.messages[0]).toMatchObject({ type: "error", code });
    expect((await client.closed).code).toBe(1008);
    expect(rig.server.stats().sessionCount).toBe(0);
    expect(rig.actuation.kinds).toEqual([]);
  });

  it.each([
    ["viewer", "viewer", true],
    ["viewer", "estop", true],
    ["viewer", "controller", false],
    ["controller", "controller", true],
    ["controller", "viewer", true],
    ["controller", "supervisor", false],
    ["agent", "controller", false],
    ["device", "controller", false],
    ["supervisor", "controller", true],
    ["supervisor", "supervisor", true],
    ["estop", "agent", false],
  ] as const)("of a %s says hello as %s: %s", async (paired, asked, admitted) => {
    await using rig = await openPairedRig();
    const { token } = await pairedToken(rig, paired);
    const client = await greet(rig, asked, token);
    const expected = admitted ? { type: "welcome", role: asked } : { code: "auth/role" };
    expect(client.messages[0]).toMatchObject(expected);
  });

  it("that has expired is refused, and ends the session it opened", async () => {
    await using rig = await openPairedRig();
    const { code } = await rig.security.offers.make({
      role: "controller",
      name: "",
      tokenTtlMs: 700,
    });
    const { body } = await new PairingPhone(poster(rig.server.url)).pair(code);
    const client = await greet(rig, "controller", String(body["token"]));
    await client.acquire();
    expect((await client.closed).code).toBe(1008);
    expect(client.messages.at(-1)).toMatchObject({ type: "error", code: "auth/expired" });
    expect(rig.actuation.kinds).toEqual(["stop hold"]);
    const later = await greet(rig, "controller", String(body["token"]));
    expect(later.messages[0]).toMatchObject({ code: "auth/expired" });
  });

  it("that is revoked ends its sessions at once: what they moved stops", async () => {
    await using rig = await openPairedRig();
    const post = poster(rig.server.url);
    const supervisor = await pairedToken(rig, "supervisor");
    const { token, keyId } = await pairedToken(rig);
    const client = await greet(rig, "controller", token);
    await client.acquire();
    expect((await post("/v1/pair/revoke", { keyId }, supervisor.token)).status).toBe(200);
    expect((await client.closed).code).toBe(1008);
    expect(client.messages.at(-1)).toMatchObject({ type: "error", code: "auth/revoked" });
    expect(rig.actuation.kinds).toEqual(["stop hold"]);
    const again = await greet(rig, "controller", token);
    expect(again.messages[0]).toMatchObject({ code: "auth/revoked" });
  });

  it("that another process revokes ends within seconds", async () => {
    await using rig = await openPairedRig();
    const { token, keyId } = await pairedToken(rig);
    const client = await greet(rig, "controller", token);
    await writeFile(join(rig.folder, "clients", `${keyId}.revoked`), "lost\n");
    await client.closed;
    expect(client.messages.at(-1)).toMatchObject({ code: "auth/revoked", message: "lost" });
  });

  it("is needed to watch as well, in a hello or a header", async () => {
    await using rig = await openPairedRig();
    const { token } = await pairedToken(rig, "viewer");
    const url = `${rig.server.url}/v1/stream`;
    const protocol = "kairos.stream.v1";
    const subscribe = { type: "subscribe", topics: [{ topic: "state" }] };
    const stranger = new RawClient(url, protocol);
    await stranger.opened();
    stranger.say(subscribe);
    expect((await stranger.closed).code).toBe(1008);
    expect(stranger.messages[0]).toMatchObject({ code: "auth/required" });
    const headers = { authorization: `Bearer ${token}` };
    const ways = [
      { options: {}, first: [{ type: "hello", protocol, client: "x", token }] },
      { options: { headers }, first: [] },
    ];
    for (const { options, first } of ways) {
      const client = new RawClient(url, protocol, options);
      await client.opened();
      for (const message of [...first, subscribe]) client.say(message);
      await until(() => client.messages.length > 0, "subscribed");
      expect(client.messages[0]).toMatchObject({ type: "subscribed" });
    }
  });

  it.each(["/v1/pair/offers", "/v1/pair/revoke"])(
    "of less than a supervisor does not open %s",
    async (path) => {
      await using rig = await openPairedRig();
      const { token } = await pairedToken(rig);
      const body = path.endsWith("offers") ? { role: "supervisor" } : { keyId: "A".repeat(12) };
      const answer = await poster(rig.server.url)(path, body, token);
      expect(answer).toMatchObject({ status: 403, body: { code: "auth/role" } });
      const none = await poster(rig.server.url)(path, body);
      expect(none).toMatchObject({ status: 401, body: { code: "auth/required" } });
    },
  );
});

it("a supervisor's page gets a code and its QR picture", async () => {
  await using rig = await openPairedRig();
  const { token } = await pairedToken(rig, "supervisor");
  const { body } = await poster(rig.server.url)(
    "/v1/pair/offers",
    { role: "viewer", days: 1 },
    token,
  );
  expect(body).toMatchObject({ role: "viewer", svg: expect.stringContaining("<svg") as string });
  const { hash, search } = new URL(String(body["link"]));
  expect(search).toBe("");
  expect(new URLSearchParams(hash.slice(1)).get("pair")).toBe(body["code"]);
  const phone = new PairingPhone(poster(rig.server.url));
  expect((await phone.pair(String(body["code"]))).body).toMatchObject({ role: "viewer" });
});

it("a server without authentication says so, and lets no stranger pair", async () => {
  await using rig = await openControlRig();
  expect(await (await fetch(`${rig.server.url}/v1/auth`)).json()).toMatchObject({ auth: "off" });
  const { status, body } = await poster(rig.server.url)("/v1/pair/challenge", {});
  expect({ status, code: body["code"] }).toEqual({ status: 409, code: "pair/off" });
});

it("what was asked and what came of it stands in the audit log, chained", async () => {
  const rig = await openPairedRig();
  try {
    const { token } = await pairedToken(rig);
    await greet(rig, "supervisor", token);
    await new PairingPhone(poster(rig.server.url)).pair("0000-0000");
    await rig.server[Symbol.asyncDispose]();
    await rig.security[Symbol.asyncDispose]();
    const verdict = await verifyAudit(join(rig.folder, "audit"));
    expect(verdict).not.toHaveProperty("flaw");
    expect(verdict.lineCount).toBeGreaterThanOrEqual(3);
  } finally {
    await rig[Symbol.asyncDispose]();
  }
});

it("two services do not share a state folder", async () => {
  await using rig = await openPairedRig();
  const second = openPairedRig({}, { folder: rig.folder });
  await expect(second).rejects.toMatchObject({ code: "security/in-use" });
});
