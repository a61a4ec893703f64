import { execFile } from "node:child_process";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";

/** The rates Linux has a B constant for, and stty takes; others need another way to set them. */
const standardBaudRates: ReadonlySet<number> = new Set([
  1200, 1800, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 500_000, 576_000,
  921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
]);

export const isStandardBaudRate = (baudRate: number): boolean => standardBaudRates.has(baudRate);

/** `raw` leaves the echoes on; -hupcl keeps boards from resetting when the port is closed. */
const rawLine = (
  "raw -echo -echoe -echok -echoctl -echoke -iexten " +
  "cs8 -parenb -cstopb -crtscts -ixon -ixoff clocal cread -hupcl min 1 time 0"
).split(" ");

/**
 * Sets a terminal to raw bytes at `baudRate` with the `stty` of coreutils, and reads the rate back.
 *
 * @throws BridgeError `device/port`
 */
export async function setRawLine(path: string, baudRate: number): Promise<void> {
  await stty(path, [String(baudRate), ...rawLine]);
  const found = Number.parseInt(await stty(path, ["speed"]), 10);
  if (found === baudRate) return;
  throw new BridgeError(
    ErrorCode.DevicePort,
    `${path}: the adapter took ${found} baud, asked for ${baudRate}`,
    { details: { path, found, expected: baudRate } },
  );
}

function stty(path: string, settings: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("stty", ["-F", path, ...settings], { timeout: 2000 }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const said = stderr.trim().replace(/^stty: /, "") || error.message;
      reject(
        new BridgeError(ErrorCode.DevicePort, `${path}: stty said: ${said}`, {
          details: { path },
          cause: error,
        }),
      );
    });
  });
}
