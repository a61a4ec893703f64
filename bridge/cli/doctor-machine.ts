import { createServer } from "node:net";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import process from "node:process";
import type { Config } from "../config.ts";
import { errorText } from "../contract/errors.ts";
import type { Finding } from "../contract/finding.ts";

/** package.json "engines". */
const oldestNode = [20, 20, 2] as const;
/** Main, actuation, physics, camera, inference, ROS: the service's own threads, each mostly asleep. */
const threadCount = 6;
/** Measured 190 MiB after ten minutes of motion with the embedded simulator and model. */
const wantedMemoryMiB = 400;

/** Node, processor, memory and the HTTP port. */
export async function probeMachine(config: Config): Promise<Finding[]> {
  return [node(), processor(), memory(), await httpPort(config.http.host, config.http.port)];
}

function node(): Finding {
  const found = process.versions.node.split(".").map(Number);
  const text = `${process.version}, ${process.platform}-${process.arch}`;
  const index = oldestNode.findIndex((wanted, i) => wanted !== found[i]);
  const isOld = index !== -1 && (found[index] ?? 0) < (oldestNode[index] ?? 0);
  if (!isOld) return { level: "ok", subject: "Node", text };
  const advice = `install Node ${oldestNode.join(".")} or newer`;
  return { level: "fail", subject: "Node", text, advice };
}

function processor(): Finding {
  const cores = availableParallelism();
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const text = `${cores} cores, ${model}; the service runs ${threadCount} threads`;
  const details = { cores, model, threadCount };
  if (cores >= 2) return { level: "ok", subject: "processor", text, details };
  const advice = "give it two cores: control ticks share the one with inference";
  return { level: "warn", subject: "processor", text, advice, details };
}

function memory(): Finding {
  const totalMiB = totalmem() / 2 ** 20;
  // A container's limit, where there is one; 0 or an absurd number where there is not.
  const limitMiB = process.constrainedMemory() / 2 ** 20;
  const isLimited = limitMiB > 0 && limitMiB < totalMiB;
  const freeMiB = isLimited ? Math.min(freemem() / 2 ** 20, limitMiB) : freemem() / 2 ** 20;
  const gib = (mib: number): string => `${(mib / 1024).toFixed(1)} GiB`;
  const limit = isLimited ? `, limited to ${gib(limitMiB)}` : "";
  const text = `${gib(totalMiB)}${limit}, ${gib(freeMiB)} free`;
  const details = { totalMiB, freeMiB, ...(isLimited ? { limitMiB } : {}) };
  if (freeMiB >= wantedMemoryMiB) return { level: "ok", subject: "memory", text, details };
  const advice = `free some: the service with the embedded parts wants ${wantedMemoryMiB} MiB`;
  return { level: "warn", subject: "memory", text, advice, details };
}

async function httpPort(host: string, port: number): Promise<Finding> {
  const subject = "HTTP port";
  const problem = await whyPortIsBusy(host, port);
  if (problem === undefined) {
    const text = port === 0 ? `${host}, any free port` : `${host}:${port} is free`;
    return { level: "ok", subject, text };
  }
  const advice = "stop what listens there, or choose another with --http-port or http.port";
  return { level: "warn", subject, text: `${host}:${port}: ${problem}`, advice };
}

/** Undefined when the port can be bound. */
async function whyPortIsBusy(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "EADDRINUSE" ? "in use" : errorText(error));
    });
    server.listen({ host, port }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}
