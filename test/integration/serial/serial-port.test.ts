import { closeSync, constants, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { ByteLineEvents } from "../../../devices/drivers/serial/byte-line.ts";
import { openNpmPort } from "../../../devices/drivers/serial/npm-port.ts";
import { openSerialPort } from "../../../devices/drivers/serial/open-serial-port.ts";
import { serialLine } from "../../../devices/drivers/serial/serial-line.ts";
import { openTtyPort } from "../../../devices/drivers/serial/tty-port.ts";
import { hasSocat, openPtyPair } from "../../fakes/pty-pair.ts";

const everyByte = Uint8Array.from({ length: 256 }, (_, value) => value);

/** What an end received, and why it closed. */
function listener() {
  const received: number[] = [];
  const closed: string[] = [];
  return {
    received,
    closed,
    onBytes: (bytes: Uint8Array, length: number) => {
      received.push(...bytes.subarray(0, length));
    },
    onClosed: (reason: string) => {
      closed.push(reason);
    },
  };
}

describe.skipIf(!hasSocat)(`a serial port${hasSocat ? "" : " (socat is missing)"}`, () => {
  describe.each([
    ["of Node and stty", openTtyPort],
    ["of the package serialport", openNpmPort],
  ])("%s", (_, open) => {
    it("carries every byte value both ways at 1 Mbaud", async () => {
      await using cable = await openPtyPair();
      const near = listener();
      const far = listener();
      const nearPort = await open({ path: cable.near, baudRate: 1_000_000 }, near);
      const farPort = await open({ path: cable.far, baudRate: 1_000_000 }, far);
      nearPort.write(everyByte, 256);
      farPort.write(everyByte.toReversed(), 256);
      await vi.waitFor(() => {
        expect(far.received).toEqual([...everyByte]);
        expect(near.received).toEqual([...everyByte.toReversed()]);
      });
      await nearPort.close();
      await farPort.close();
      expect([...near.closed, ...far.closed]).toEqual([]);
    });

    it("says what is not there", async () => {
      await expect(
        open({ path: "/dev/ttyNOWHERE", baudRate: 115_200 }, listener()),
      ).rejects.toThrow(/^\[device\/port\] \/dev\/ttyNOWHERE: /);
    });
  });

  it("closes with the reason when it is unplugged, and takes writes without a word", async () => {
    await using cable = await openPtyPair();
    const near = listener();
    const port = await openTtyPort({ path: cable.near, baudRate: 115_200 }, near);
    await cable.unplug();
    await vi.waitFor(() => {
      expect(near.closed).toHaveLength(1);
    });
    expect(near.closed[0]).toContain(cable.near);
    port.write(everyByte, 256);
    await port.close();
    await port.close();
    expect(near.closed).toHaveLength(1);
  });

  it("is read into one buffer", async () => {
    await using cable = await openPtyPair();
    const buffers = new Set<ArrayBufferLike>();
    let count = 0;
    const port = await openTtyPort(
      { path: cable.near, baudRate: 115_200 },
      {
        onBytes: (bytes, length) => {
          buffers.add(bytes.buffer);
          count += length;
        },
        onClosed: () => undefined,
      },
    );
    const fd = openSync(cable.far, constants.O_RDWR | constants.O_NOCTTY);
    for (let round = 1; round <= 10; round += 1) {
      writeSync(fd, everyByte);
      await vi.waitFor(() => {
        expect(count).toBe(256 * round);
      });
    }
    expect(buffers.size).toBe(1);
    closeSync(fd);
    await port.close();
  });

  it("never blocks when nobody reads: the newest frames wait, older ones are counted and gone", async () => {
    await using cable = await openPtyPair();
    const port = await openTtyPort(
      { path: cable.near, baudRate: 115_200, maxQueueBytes: 256 },
      listener(),
    );
    const frame = new Uint8Array(64);
    for (let index = 0; index < 1000; index += 1) port.write(frame.fill(index), 64);
    expect(port.droppedFrames).toBeGreaterThan(300);
    const far = listener();
    const farPort = await openTtyPort({ path: cable.far, baudRate: 115_200 }, far);
    await vi.waitFor(() => {
      expect(far.received.at(-1)).toBe(999 % 256);
    });
    // Whole frames only, in order: every value comes 64 times.
    for (let at = 0; at < far.received.length; at += 64) {
      expect(new Set(far.received.slice(at, at + 64)).size).toBe(1);
    }
    await port.close();
    await farPort.close();
  });

  it("is one program's at a time", async () => {
    await using cable = await openPtyPair();
    const port = await openTtyPort({ path: cable.near, baudRate: 9600 }, listener());
    await expect(openTtyPort({ path: cable.near, baudRate: 9600 }, listener())).rejects.toThrow(
      `${cable.near}: busy, process ${process.pid} has it`,
    );
    await port.close();
    const again = await openTtyPort({ path: cable.near, baudRate: 9600 }, listener());
    await again.close();
  });

  it.each([
    ["/dev/null", /not a serial port|ioctl/i],
    ["/tmp", /./],
  ])("refuses %s", async (path, expected) => {
    await expect(openSerialPort({ path, baudRate: 9600 }, listener())).rejects.toThrow(expected);
  });

  it("opens again by itself when it is plugged in again, and tells both", async () => {
    await using cable = await openPtyPair();
    const told: string[] = [];
    const events: ByteLineEvents = {
      onBytes: () => undefined,
      onUp: () => told.push("up"),
      onDown: (reason) => told.push(reason),
    };
    await using line = serialLine({ path: cable.near, baudRate: 1_000_000 })(events);
    expect(line.isUp).toBe(false);
    expect(line.write(everyByte, 256)).toBe(false);
    await vi.waitFor(() => {
      expect(line.isUp).toBe(true);
    });
    await cable.unplug();
    await vi.waitFor(() => {
      expect(line.isUp).toBe(false);
    });
    await sleep(150);
    await cable.replug();
    await vi.waitFor(
      () => {
        expect(line.isUp).toBe(true);
      },
      { timeout: 5000 },
    );
    expect(line.reconnects).toBe(1);
    expect(told[0]).toBe("up");
    expect(told[1]).toContain("hung up");
    expect(told[2]).toContain("no such device");
    expect(told.at(-1)).toBe("up");
  });
});
