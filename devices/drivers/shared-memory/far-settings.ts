import { z } from "zod";
import type { DriverKind } from "../driver-kind.ts";

const Nothing = z.strictObject({});
type Nothing = Readonly<z.infer<typeof Nothing>>;

/** What is simulated stands in the sections `sim` and `gazebo`. */
export const simulatorKind: DriverKind<Nothing> = {
  schema: Nothing,
  describe: () => "the simulator of sim.backend",
};

export const agentKind: DriverKind<Nothing> = {
  schema: Nothing,
  describe: () => "an agent that connects to /v1/device",
};
