import { histogramFamily, type MetricFamily } from "../core/prometheus.ts";
import { commandAgeBoundsMs, type DeskCounts } from "./desk-counters.ts";

/** What the desk adds to /metrics: leases, stops, commands. */
export function deskFamilies(counts: DeskCounts): readonly MetricFamily[] {
  const age = { name: "kairos_command_age_seconds", help: "From sending a command to the driver." };
  return [
    labelled(
      "kairos_lease_events_total",
      "Changes of who may move a device.",
      "event",
      counts.leaseEvents,
    ),
    labelled("kairos_stops_total", "Stops by their cause.", "cause", counts.stopCauses),
    labelled("kairos_commands_judged_total", "Commands by verdict.", "verdict", counts.commands),
    {
      name: "kairos_commands_clipped_total",
      type: "counter",
      help: "Commands that limits have changed.",
      samples: [{ value: counts.clippedCount }],
    },
    histogramFamily(age, {
      bounds: commandAgeBoundsMs.map((bound) => bound / 1000),
      counts: counts.commandAgeCounts,
      sum: counts.commandAgeSumMs / 1000,
    }),
  ];
}

function labelled(
  name: string,
  help: string,
  label: string,
  counts: Readonly<Record<string, number>>,
): MetricFamily {
  const samples = Object.entries(counts).map(([key, value]) => ({
    labels: { [label]: key },
    value,
  }));
  return { name, type: "counter", help, samples };
}
