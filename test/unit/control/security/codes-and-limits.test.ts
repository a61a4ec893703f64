import { mkdtemp, rm } from "node:fs/promises";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConnectionLimits } from "../../../../bridge/control/connection-limits.ts";
import { AttemptLimiter } from "../../../../bridge/control/security/attempt-limiter.ts";
import { Challenges } from "../../../../bridge/control/security/challenges.ts";
import {
  newOneTimeCode,
  readOneTimeCode,
} from "../../../../bridge/control/security/one-time-code.ts";
import { PairingOffers } from "../../../../bridge/control/security/pairing-offers.ts";
import { PrivateFolder } from "../../../../bridge/control/security/private-folder.ts";
import { pairingLink } from "../../../../bridge/control/security/pairing-link.ts";
import { qrForTerminal, qrSvg } from "../../../../bridge/control/security/qr-code.ts";
import {
  isSecretOf,
  newKeyId,
  newToken,
  parseToken,
} from "../../../../bridge/control/security/token.ts";
import { TokenBucket } from "../../../../bridge/control/socket-limits.ts";
import { until } from "../../../fakes/control-rig.ts";

describe("a one-time code", () => {
  it("is eight symbols that nobody misreads, and another one each time", () => {
    const codes = Array.from({ length: 1000 }, () => newOneTimeCode());
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(new Set(codes).size).toBe(1000);
  });

  it.each([
    ["K7QM-2XPA", "K7QM-2XPA"],
    ["k7qm2xpa", "K7QM-2XPA"],
    [" k7qm 2xpa ", "K7QM-2XPA"],
    ["OIL0-1234", "0110-1234"],
    ["K7QM-2XP", undefined],
    ["K7QM-2XPAA", undefined],
    ["K7QM-2XPU", undefined],
    ["", undefined],
  ])("typed as %j is %j", (typed, code) => {
    expect(readOneTimeCode(typed)).toBe(code);
  });
});

describe("a token", () => {
  it("is taken apart as it was put together, and only its own secret fits", () => {
    const { token, secretHash } = newToken(newKeyId());
    const secret = parseToken(token)?.secret ?? "";
    expect(isSecretOf(secretHash, secret)).toBe(true);
    expect(isSecretOf(secretHash, `${secret.slice(0, -1)}!`)).toBe(false);
    expect(secretHash).not.toContain(secret);
  });

  it.each(["", "kb1", "kb1..", "kb2.AAAAAAAAAAAA.x", `kb1.AAAAAAAAAAAA.${"A".repeat(44)}`, "\0"])(
    "%j is none",
    (text) => {
      expect(parseToken(text)).toBeUndefined();
    },
  );
});

it("a challenge works once, and for a minute", () => {
  const challenges = new Challenges();
  const [first, second] = [challenges.make(0), challenges.make(0)];
  expect(challenges.use(first, 60_000)).toBe("ok");
  expect(challenges.use(first, 60_000)).toBe("replayed");
  expect(challenges.use(second, 60_001)).toBe("stale");
  expect(challenges.use("never", 0)).toBe("unknown");
});

it("a flood of challenges forgets the oldest and not more memory is taken", () => {
  const challenges = new Challenges();
  const first = challenges.make(0);
  for (let count = 0; count < 1000; count += 1) challenges.make(1);
  expect(challenges.use(first, 1)).toBe("unknown");
});

describe("attempts", () => {
  it("of one address are limited for themselves, and all together", () => {
    const limiter = new AttemptLimiter({ perAddressPerMinute: 3, perMinute: 5 }, 0);
    const taken = (address: string): boolean[] => [1, 2, 3, 4].map(() => limiter.take(address, 0));
    expect(taken("a")).toEqual([true, true, true, false]);
    expect(taken("b")).toEqual([true, true, false, false]);
    expect(limiter.take("c", 0)).toBe(false);
    expect(limiter.take("c", 13_000)).toBe(true);
  });
});

describe("a clock that steps back", () => {
  it("takes nothing out of a bucket", () => {
    const bucket = new TokenBucket(10, 100_000);
    expect(bucket.take(100_000, 5)).toBe(true);
    expect(bucket.take(0, 5)).toBe(true);
    expect(bucket.take(0)).toBe(false);
    // And gives nothing twice when it comes forward again.
    expect(bucket.take(100, 1)).toBe(true);
    expect(bucket.take(100, 1)).toBe(false);
  });

  it("makes no challenge last longer", () => {
    const challenges = new Challenges();
    const [first, second] = [challenges.make(3_600_000), challenges.make(3_600_000)];
    expect(challenges.use(first, 3_599_999)).toBe("stale");
    expect(challenges.use(second, 3_600_000)).toBe("ok");
  });

  it("makes no code last longer", async () => {
    const path = await mkdtemp(join(tmpdir(), "kairos-offers-"));
    try {
      let nowMs = 3_600_000;
      const offers = new PairingOffers(await PrivateFolder.open(path), () => nowMs);
      await offers.make({ role: "viewer", name: "", tokenTtlMs: 1 });
      const states = async (): Promise<string[]> => (await offers.all()).map(({ state }) => state);
      expect(await states()).toEqual(["open"]);
      nowMs -= 1;
      expect(await states()).toEqual(["expired"]);
    } finally {
      await rm(path, { recursive: true });
    }
  });
});

it("attempts from addresses of one IPv6 network count together", () => {
  const limiter = new AttemptLimiter({ perAddressPerMinute: 2, perMinute: 100 }, 0);
  const take = (address: string): boolean => limiter.take(address, 0);
  expect(take("2001:db8:1:2::1")).toBe(true);
  expect(take("2001:db8:1:2:ffff:ffff:ffff:1")).toBe(true);
  expect(take("2001:0DB8:0001:0002:abcd::9")).toBe(false);
  expect(take("2001:db8:1:3::1")).toBe(true);
  // An IPv4 address mapped into IPv6 is itself, and not one network with all the others.
  expect(["::ffff:10.0.0.1", "::ffff:10.0.0.2", "::ffff:10.0.0.3"].map(take)).toEqual([
    true,
    true,
    true,
  ]);
  expect(["fe80::1%eth0", "fe80::2%eth0", "fe80::3%eth0"].map(take)).toEqual([true, true, false]);
});

describe("a bucket", () => {
  it("takes many at once up to its burst, then what time brings", () => {
    const bucket = new TokenBucket(10, 0, 100);
    expect(bucket.take(0, 100)).toBe(true);
    expect(bucket.take(0)).toBe(false);
    expect(bucket.take(1000, 11)).toBe(false);
    expect(bucket.take(1000, 10)).toBe(true);
  });
});

describe("what a QR code says", () => {
  const offer = {
    code: "K7QM-2XPA",
    role: "controller",
    name: "Anna's",
    expiresAtMs: 1_700_000_000_999,
    tokenTtlMs: 1,
  } as const;
  const server = {
    url: "https://robot.local:8700",
    addresses: ["192.168.7.20", "fd00::7"],
    fingerprint: "ab".repeat(32),
  };

  it("is a link whose secrets never leave the browser", () => {
    const url = new URL(pairingLink(server, offer));
    expect(`${url.origin}${url.pathname}${url.search}`).toBe("https://robot.local:8700/");
    expect(Object.fromEntries(new URLSearchParams(url.hash.slice(1)))).toEqual({
      pair: "K7QM-2XPA",
      fp: server.fingerprint,
      role: "controller",
      name: "Anna's",
      exp: "1700000000",
      at: "192.168.7.20,fd00::7",
    });
  });

  it("is drawn with a quiet zone, as lines of one width and as a picture", () => {
    const text = pairingLink(server, offer);
    const drawn = qrForTerminal(text).split("\n");
    const widths = drawn.map((line) => line.replaceAll(/\u001b\[[\d;]*m/g, "").length);
    expect(new Set(widths).size).toBe(1);
    expect(Math.abs(drawn.length * 2 - widths[0]!)).toBeLessThanOrEqual(1);
    expect(qrSvg(text)).toMatch(/^<svg[^>]*>.*<\/svg>$/s);
  });
});

it("connections over the total are closed before a word, and free places count again", async () => {
  const limits = new ConnectionLimits({ total: 3, perAddress: 1 });
  const server = createServer((socket) => socket.on("error", () => undefined));
  limits.watch(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const dial = (): Socket => {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    sockets.push(socket);
    return socket;
  };
  for (let count = 0; count < 5; count += 1) dial();
  await until(() => limits.refusedCount === 2, "two refusals");
  expect(limits.openCount).toBe(3);
  for (const socket of sockets) socket.destroy();
  await until(() => limits.openCount === 0, "all to be gone");
  dial();
  await until(() => limits.openCount === 1, "a place");
  limits.destroyAll();
  await new Promise((resolve) => server.close(resolve));
});
