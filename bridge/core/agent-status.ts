import { DriverLink } from "../contract/actuator-driver.ts";
import type { MetricFamily } from "./prometheus.ts";

/** A device that an agent moves, for metrics and /healthz. */
export interface AgentStatus {
  readonly device: string;
  /** Null while no agent has made an offer that fits. */
  readonly client: string | null;
  readonly link: DriverLink;
  readonly reason: string;
  readonly roundTripMs: number;
  readonly clockUncertaintyMs: number;
  /** From a setpoint's tick to the telemetry that says it was carried out; NaN if it never said. */
  readonly setpointToTelemetryMs: number;
  readonly batteryRatio: number;
  readonly setpointCount: number;
  /** Not sent, because earlier ones had not left yet. */
  readonly skippedCount: number;
  readonly telemetryCount: number;
  /** Late or repeated, and ignored. */
  readonly disorderCount: number;
  readonly sessionCount: number;
}

/** What is wrong with the way to a device, one sentence each; empty while all is well. */
export function agentProblems(agents: readonly AgentStatus[]): readonly string[] {
  return agents.flatMap(({ device, link, reason }) =>
    link === DriverLink.Up ? [] : [`${device}: ${reason}`],
  );
}

/** What /metrics shows of them; nothing where no device is moved by an agent. */
export function agentFamilies(agents: readonly AgentStatus[]): readonly MetricFamily[] {
  if (agents.length === 0) return [];
  const each = (
    name: string,
    type: MetricFamily["type"],
    help: string,
    pick: (agent: AgentStatus) => number,
  ): MetricFamily => {
    const all = agents.map((agent) => ({ labels: { device: agent.device }, value: pick(agent) }));
    // What is not known is left out rather than shown as a number.
    const samples = all.filter(({ value }) => Number.isFinite(value));
    return { name: `kairos_device_agent_${name}`, type, help, samples };
  };
  return [
    each("up", "gauge", "1 while an agent moves the device.", ({ link }) =>
      link === DriverLink.Up ? 1 : 0,
    ),
    each(
      "round_trip_seconds",
      "gauge",
      "Newest round trip to the agent.",
      ({ roundTripMs }) => roundTripMs / 1000,
    ),
    each(
      "clock_uncertainty_seconds",
      "gauge",
      "How wrong its stamps may be.",
      ({ clockUncertaintyMs }) => clockUncertaintyMs / 1000,
    ),
    each(
      "setpoint_to_telemetry_seconds",
      "gauge",
      "From a tick to the telemetry that carried it out.",
      ({ setpointToTelemetryMs }) => setpointToTelemetryMs / 1000,
    ),
    each("battery_ratio", "gauge", "Charge of the agent.", ({ batteryRatio }) => batteryRatio),
    each("setpoints_total", "counter", "Setpoints sent.", ({ setpointCount }) => setpointCount),
    each(
      "setpoints_skipped_total",
      "counter",
      "Setpoints not sent behind a slow socket.",
      ({ skippedCount }) => skippedCount,
    ),
    each("telemetry_total", "counter", "Telemetry taken.", ({ telemetryCount }) => telemetryCount),
    each(
      "telemetry_ignored_total",
      "counter",
      "Telemetry late or repeated.",
      ({ disorderCount }) => disorderCount,
    ),
    each("sessions_total", "counter", "Offers taken.", ({ sessionCount }) => sessionCount),
  ];
}
