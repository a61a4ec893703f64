import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addressBytes, serverNames } from "../../../../bridge/control/security/host-names.ts";
import { LocalCa } from "../../../../bridge/control/security/local-ca.ts";
import { PrivateFolder } from "../../../../bridge/control/security/private-folder.ts";

const run = promisify(execFile);
const dayMs = 86_400_000;
const names = ["127.0.0.1", "192.168.7.20", "::1", "fe80::1", "localhost", "robot.local"];
let path = "";
let nowMs = Date.UTC(2026, 5, 1);
const openCa = async (wanted = names): Promise<LocalCa> =>
  await LocalCa.open(await PrivateFolder.open(path), wanted, () => nowMs);

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "kairos-ca-"));
  nowMs = Date.now();
});
afterEach(async () => {
  await rm(path, { recursive: true });
});

/** OpenSSL's own word on the chain, for a name or an address. */
async function opensslSays(...check: readonly string[]): Promise<string> {
  const files = ["-CAfile", join(path, "ca.crt"), ...check, join(path, "server.crt")];
  const strict = ["verify", "-x509_strict", "-purpose", "sslserver", ...files];
  return await run("openssl", strict).then(
    ({ stdout }) => stdout.trim().split(" ").at(-1) ?? "",
    (error: unknown) => String(error),
  );
}

describe("the certificates", () => {
  it.each([
    ["-verify_hostname", "robot.local", "OK"],
    ["-verify_hostname", "localhost", "OK"],
    ["-verify_ip", "127.0.0.1", "OK"],
    ["-verify_ip", "192.168.7.20", "OK"],
    ["-verify_ip", "fe80::1", "OK"],
    ["-verify_hostname", "other.local", "hostname mismatch"],
    ["-verify_ip", "192.168.7.21", "IP address mismatch"],
  ])("stand up to OpenSSL's strictest check: %s %s is %s", async (flag, name, verdict) => {
    const ca = await openCa();
    await ca.issue(names);
    expect(await opensslSays(flag, name)).toContain(verdict);
  });

  it("of an authority do not reach beyond what this server is called", async () => {
    const ca = await openCa();
    await ca.issue([...names, "bank.example"]);
    expect(await opensslSays("-verify_hostname", "bank.example")).toContain("permitted subtree");
    await ca.issue([...names, "8.8.8.8"]);
    expect(await opensslSays("-verify_ip", "8.8.8.8")).toContain("permitted subtree");
  });

  it("are kept from run to run", async () => {
    const [first, second] = [await openCa(), await openCa()];
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(await second.issue(names)).toEqual(await first.issue(names));
    const pinned = new X509Certificate(first.certificate).fingerprint256;
    expect(pinned.replaceAll(":", "").toLowerCase()).toBe(first.fingerprint);
  });

  it.each([
    { when: "its names change", wanted: [...names, "10.0.0.9"], days: 0 },
    { when: "it ends in less than 30 days", wanted: names, days: 336 },
  ])("of the server is renewed when $when, by the same authority", async ({ wanted, days }) => {
    const before = await openCa();
    const old = await before.issue(names);
    nowMs += days * dayMs;
    const after = await openCa(wanted);
    const renewed = await after.issue(wanted);
    expect(renewed.cert).not.toBe(old.cert);
    expect(renewed.key).not.toBe(old.key);
    expect(after.fingerprint).toBe(before.fingerprint);
  });

  it("of the server is left alone a day before that", async () => {
    const old = await (await openCa()).issue(names);
    nowMs += 334 * dayMs;
    expect(await (await openCa()).issue(names)).toEqual(old);
  });

  it("come from a new authority when the old one may not vouch for a name", async () => {
    const before = await openCa();
    const wanted = [...names, "robot.lab.example"];
    const after = await openCa(wanted);
    expect(after.fingerprint).not.toBe(before.fingerprint);
    await after.issue(wanted);
    expect(await opensslSays("-verify_hostname", "robot.lab.example")).toContain("OK");
  });

  it("are made anew when the key beside them is another one", async () => {
    const ca = await openCa();
    const old = await ca.issue(names);
    await writeFile(join(path, "server.key"), await readFile(join(path, "ca.key")));
    expect((await ca.issue(names)).cert).not.toBe(old.cert);
  });

  it("that are damaged are an error and not replaced", async () => {
    await openCa();
    await writeFile(join(path, "ca.crt"), "not a certificate");
    await expect(openCa()).rejects.toMatchObject({ code: "security/folder" });
  });
});

it("keys are readable by their owner alone, also in a folder that was open before", async () => {
  await chmod(path, 0o755);
  await (await openCa()).issue(names);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  for (const file of ["ca.key", "server.key"]) {
    expect((await stat(join(path, file))).mode & 0o777).toBe(0o600);
  }
});

it.each([
  ["10.1.2.3", "0a010203"],
  ["::1", `${"00".repeat(15)}01`],
  ["fe80::1:2", `fe80${"00".repeat(10)}00010002`],
  ["2001:db8:0:0:1:0:0:1", "20010db8000000000001000000000001"],
  ["::ffff:1.2.3.4", `${"00".repeat(10)}ffff01020304`],
])("%s is %s in a certificate", (address, hex) => {
  expect(addressBytes(address).toString("hex")).toBe(hex);
});

it("a server on loopback goes by loopback names and those configured", () => {
  expect(serverNames("127.0.0.1", ["Robot.Local."])).toEqual([
    "127.0.0.1",
    "::1",
    "localhost",
    "robot.local",
  ]);
  expect(serverNames("192.168.7.20", [])).toContain("192.168.7.20");
});
