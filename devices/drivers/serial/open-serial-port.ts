import process from "node:process";
import { openNpmPort } from "./npm-port.ts";
import type { SerialPort, SerialPortEvents, SerialPortOptions } from "./serial-port.ts";
import { isStandardBaudRate } from "./stty.ts";
import { openTtyPort } from "./tty-port.ts";

/**
 * Opens a serial port: on Linux without native code, elsewhere and for odd baud rates through the
 * package `serialport`.
 *
 * @throws BridgeError `device/port`: what was found, and what to do about it.
 */
export function openSerialPort(
  options: SerialPortOptions,
  events: SerialPortEvents,
): Promise<SerialPort> {
  const isTty = process.platform === "linux" && isStandardBaudRate(options.baudRate);
  return isTty ? openTtyPort(options, events) : openNpmPort(options, events);
}
