import type { z } from "zod";
import type { DeviceDescription } from "../../bridge/contract/device.ts";

/**
 * A driver as the main thread knows it, before any is opened: its settings, and whether they fit a
 * device. Stands in the driver's `*-settings.ts`, apart from the driver itself, so that the actuation
 * thread loads no schema.
 */
export interface DriverKind<Settings> {
  /** Of the profile's `driver` section without `kind`. Every setting has a unit in its name. */
  readonly schema: z.ZodType<Settings>;
  /** One sentence each for what does not fit the device, e.g. an axis without a servo. */
  problems?(settings: Settings, device: DeviceDescription): readonly string[];
  /** Serial ports it opens: their permissions are looked at by `doctor`. */
  serialPorts?(settings: Settings): readonly string[];
  /** One line for people: the way to the device, e.g. `/dev/ttyUSB0 at 1000000 baud`. */
  describe(settings: Settings): string;
}
