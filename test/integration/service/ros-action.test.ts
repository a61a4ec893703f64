import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../bridge/contract/clock.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { serviceActions } from "../../../ros/actions/service-actions.ts";
import { TrajectoryClient } from "../../../ros/actions/trajectory-client.ts";
import { TrajectoryCode, type TrajectoryGoal } from "../../../ros/actions/trajectory-goal.ts";
import { openTestRtps, testDomain } from "../../fakes/open-ros-transports.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

const domainId = testDomain(70);
const patience = { timeoutMs: 30_000 };

function startService(): ServiceProcess {
  const file = join(mkdtempSync(join(tmpdir(), "kairos-ros-action-")), "config.yaml");
  writeFileSync(file, "rosCommands: { acquire: command }\n");
  return ServiceProcess.start({
    args: ["run", "--config", file, "--http-port", "0"],
    environment: { ROS_DOMAIN_ID: String(domainId), KAIROS_ROS_DISCOVERY_RANGE: "LOCALHOST" },
  });
}

function deployTo(posRad: number, durationS: number): Omit<TrajectoryGoal, "id"> {
  const point = { posRad: Float64Array.of(posRad), velRadPerS: new Float64Array(0) };
  return {
    jointNames: ["deploy"],
    points: [{ ...point, timeFromStartS: durationS }],
    startStampNs: undefined,
    pathTolerances: [],
    goalTolerances: [],
    goalTimeToleranceS: 5,
  };
}

describe("FollowJointTrajectory of the whole service", () => {
  it("moves the mount, tells how far it is, brakes when cancelled, refuses unknown joints", async () => {
    await using service = startService();
    await service.url();
    await using peer = await openTestRtps({ domainId, nodeName: "planner" });
    const actions = serviceActions(peer, { clock: systemClock(), log: silentLog });
    const client = new TrajectoryClient(actions, "/kairos/follow_joint_trajectory");
    expect(await client.waitForServer(patience)).toBe(true);

    const seenRad: number[] = [];
    const moved = await client.send(deployTo(0.3, 1.5), {
      ...patience,
      onProgress: ({ actualRad }) => seenRad.push(actualRad[0] ?? Number.NaN),
    });
    expect(await moved?.result(patience)).toMatchObject({
      end: "succeeded",
      code: TrajectoryCode.Successful,
    });
    expect(Math.max(...seenRad)).toBeGreaterThan(0.15);

    const long = await client.send(deployTo(1.5, 20), patience);
    const result = long?.result(patience);
    expect(await long?.cancel(patience)).toBe(true);
    expect(await result).toMatchObject({ end: "canceled" });

    const unknown = { ...deployTo(0.3, 1), jointNames: ["elbow"] };
    expect(await client.send(unknown, patience)).toBeUndefined();
  }, 120_000);
});
