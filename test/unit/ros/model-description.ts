import type { WorldModelDescription } from "../../../bridge/contract/world-model.ts";

/** A model as publications speak of it. */
export const modelDescription: WorldModelDescription = {
  id: "kairos-test",
  revision: "r1",
  sha256: "ab".repeat(32),
  family: "recurrent-latent",
  license: "Apache-2.0",
  axisNames: ["yaw", "pitch"],
  stepS: 0.04,
  maxHorizonSteps: 32,
  maxObservationAgeS: 0.2,
  stateTtlS: 1,
  actionConditioned: true,
  preview: "none",
  oodThreshold: 4,
  engine: { name: "none", library: "", version: "1", provider: "cpu", fallbackReasons: [] },
};
