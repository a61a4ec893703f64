import { describe, expect, it } from "vitest";
import {
  admitHost,
  admitOrigin,
  isLoopbackHost,
  loopbackNames,
} from "../../../bridge/control/admission.ts";

describe("Host", () => {
  it.each([
    ["127.0.0.1:8700", true],
    ["localhost", true],
    ["LOCALHOST:9000", true],
    ["[::1]:8700", true],
    [undefined, false],
    ["", false],
    ["evil.example", false],
    ["127.0.0.1.evil.example:8700", false],
    ["localhost.evil.example", false],
    ["127.0.0.1:8700:1", false],
    ["192.168.1.2:8700", false],
    ["0.0.0.0:8700", false],
    ["::1", false],
    ["[127.0.0.1]x", false],
  ])("%s: %s", (host, admitted) => {
    expect(admitHost(host).ok).toBe(admitted);
  });
});

describe("Origin", () => {
  const rules = {
    port: 8700,
    names: loopbackNames,
    secure: false,
    allowedOrigins: ["http://localhost:5173"],
  };
  it.each([
    { origin: undefined, host: "127.0.0.1:8700", admitted: true },
    { origin: "http://127.0.0.1:8700", host: "127.0.0.1:8700", admitted: true },
    { origin: "http://localhost:8700", host: "127.0.0.1:8700", admitted: true },
    // A port forwarded over ssh: the page and the socket have the forwarded port.
    { origin: "http://localhost:9000", host: "localhost:9000", admitted: true },
    { origin: "http://localhost:5173", host: "127.0.0.1:8700", admitted: true },
    { origin: "http://localhost:5174", host: "127.0.0.1:8700", admitted: false },
    { origin: "https://localhost:8700", host: "localhost:8700", admitted: false },
    { origin: "http://evil.example", host: "evil.example", admitted: false },
    { origin: "http://evil.example", host: "127.0.0.1:8700", admitted: false },
    { origin: "null", host: "127.0.0.1:8700", admitted: false },
    { origin: "http://127.0.0.1:8700.evil.example", host: "127.0.0.1:8700", admitted: false },
    { origin: "", host: "127.0.0.1:8700", admitted: false },
  ])("$origin with Host $host: $admitted", ({ origin, host, admitted }) => {
    expect(admitOrigin(origin, host, rules).ok).toBe(admitted);
  });
});

describe("a server that is called more than that, over TLS", () => {
  const names = [...loopbackNames, "robot.local", "192.168.7.20", "fd00::7"];
  const rules = { port: 8700, names, secure: true, allowedOrigins: [] };
  it.each([
    { host: "robot.local:8700", origin: "https://robot.local:8700", admitted: true },
    { host: "ROBOT.local:8700", origin: undefined, admitted: true },
    { host: "[fd00::7]:8700", origin: "https://[fd00::7]:8700", admitted: true },
    { host: "192.168.7.20:443", origin: "https://192.168.7.20:443", admitted: true },
    { host: "robot.local:8700", origin: "http://robot.local:8700", admitted: false },
    { host: "robot.local:8700", origin: "https://robot.local:8701", admitted: false },
    { host: "robot.local.evil.example", origin: undefined, admitted: false },
    { host: "192.168.7.21:8700", origin: undefined, admitted: false },
    { host: "x.robot.local:8700", origin: undefined, admitted: false },
  ])("Host $host with Origin $origin: $admitted", ({ host, origin, admitted }) => {
    expect(admitHost(host, names).ok && admitOrigin(origin, host, rules).ok).toBe(admitted);
  });
});

it.each([
  ["127.0.0.1", true],
  ["[::1]", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["", false],
])("listening on %j is loopback: %s", (host, loopback) => {
  expect(isLoopbackHost(host)).toBe(loopback);
});
