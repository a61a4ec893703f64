import { statSync } from "node:fs";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";

/** Numbers of the groups that Debian and its children give serial ports to. */
const groupNames: Readonly<Record<number, string>> = { 20: "dialout", 14: "uucp", 5: "tty" };

/** The sentence for what the system said when a port was opened. */
export function portProblem(path: string, error: unknown): BridgeError {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return new BridgeError(ErrorCode.DevicePort, `${path}: ${sentence(path, code, error)}`, {
    details: { path, code },
    cause: error,
  });
}

function sentence(path: string, code: string, error: unknown): string {
  switch (code) {
    case "ENOENT":
      return "no such device, is it plugged in? /dev/serial/by-id lists what is there";
    case "EACCES":
    case "EPERM":
      return permissionSentence(path);
    case "EBUSY":
      return "busy, another program has it";
    case "ENXIO":
    case "ENODEV":
    case "EIO":
      return "the device behind it has gone";
    case "ENOTTY":
      return "not a serial port";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function permissionSentence(path: string): string {
  let group = "the port's group";
  try {
    const { gid } = statSync(path);
    group = `group ${groupNames[gid] ?? String(gid)}`;
  } catch {
    // The folder may not be readable either.
  }
  return (
    `permission denied, this user is not in ${group}: sudo usermod -aG dialout $USER and log in again, ` +
    `or a udev rule SUBSYSTEM=="tty", ATTRS{idVendor}=="....", MODE="0660", GROUP="dialout", TAG+="uaccess"`
  );
}
