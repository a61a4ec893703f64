import type { Actuation } from "../contract/actuation.ts";
import type { Clock } from "../contract/clock.ts";
import type { Log } from "../contract/log.ts";
import type { AuditLog } from "../core/audit.ts";
import { DeviceDesk } from "../control/device-desk.ts";
import type { SharedMemory } from "../shared-memory.ts";

interface AgentOptions {
  readonly driver: string;
  readonly actuation: Actuation;
  readonly memory: SharedMemory;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog | undefined;
}

/** The desk of those that move the device over `/v1/device`; none with any other driver. */
export function openAgents(options: AgentOptions): DeviceDesk | undefined {
  const { driver, actuation, memory, clock, log, audit } = options;
  if (driver !== "agent") return undefined;
  return new DeviceDesk({
    clock,
    log,
    ...(audit === undefined ? {} : { audit }),
    links: [
      {
        device: actuation.device,
        memory: memory.far,
        tighten: (axes, reason) => {
          actuation.send({ kind: "limits", axes, reason });
        },
      },
    ],
  });
}
