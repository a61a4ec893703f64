import { expect, it } from "vitest";
import { DeskCounters } from "../../../bridge/control/desk-counters.ts";
import { deskFamilies } from "../../../bridge/control/desk-metrics.ts";
import { prometheusText } from "../../../bridge/core/prometheus.ts";
import { DeskRig } from "../../fakes/desk-rig.ts";

it("counts leases, stops by cause and commands by verdict as they happen", () => {
  const rig = new DeskRig();
  const [owner, boss] = [rig.join(), rig.join("supervisor")];
  owner.acquire();
  owner.velocity(0.1);
  owner.velocity(0.1, 200, { seq: 1 });
  boss.acquire("lease.take");
  rig.leave(boss);
  owner.say({ type: "stop", level: "estop" });
  expect(rig.desk.counts).toMatchObject({
    leaseEvents: { acquired: 1, taken: 1, ended: 1 },
    stopCauses: { "owner-change": 1, disconnect: 1, estop: 1 },
    commands: { accepted: 1, "command/late": 1 },
  });
});

it("shows them in Prometheus' format, ages as a cumulative histogram in seconds", () => {
  const counters = new DeskCounters();
  counters.lease("taken");
  counters.stopped("keepalive");
  counters.judged("accepted");
  for (const ageMs of [0.5, 1, 3, 1500]) counters.applied(ageMs);
  const text = prometheusText(deskFamilies(counters));
  expect(text).toContain('kairos_lease_events_total{event="taken"} 1\n');
  expect(text).toContain('kairos_stops_total{cause="keepalive"} 1\n');
  expect(text).toContain('kairos_commands_judged_total{verdict="accepted"} 1\n');
  expect(text).toContain("# TYPE kairos_command_age_seconds histogram\n");
  expect(text).toContain('kairos_command_age_seconds_bucket{le="0.001"} 2\n');
  expect(text).toContain('kairos_command_age_seconds_bucket{le="0.005"} 3\n');
  expect(text).toContain('kairos_command_age_seconds_bucket{le="1"} 3\n');
  expect(text).toContain('kairos_command_age_seconds_bucket{le="+Inf"} 4\n');
  expect(text).toContain("kairos_command_age_seconds_sum 1.5045\n");
  expect(text).toContain("kairos_command_age_seconds_count 4\n");
});
