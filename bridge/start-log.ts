import { refusalText } from "./contract/model-status.ts";
import type { ServiceParts } from "./bridge-service.ts";

/** What runs and why, in the first lines of the log: no fallback is silent. */
export function logStart(
  { log, model, ros, faults, driver, simulator }: ServiceParts,
  url: string,
): void {
  const { description, status } = model;
  const { engine } = description;
  log.info(
    {
      model: `${description.id} ${description.revision}`,
      provider: engine.provider,
      engine: `${engine.name} ${engine.version}`,
      ...(engine.fallbackReasons.length === 0 ? {} : { because: engine.fallbackReasons }),
      ...(status.refusals.length === 0 ? {} : { refused: status.refusals.map(refusalText) }),
      ...(status.building === undefined ? {} : { building: status.building.providers }),
      tickBudgetMs: status.tickBudgetMs,
    },
    "model loaded",
  );
  log.info({ driver, simulator: simulator().name }, "device");
  const info = ros?.transport.info;
  log.info(
    info === undefined
      ? { transport: "off" }
      : {
          transport: info.transport,
          range: info.discoveryRange,
          domain: info.domainId,
          because: info.reason,
        },
    "ROS 2 graph",
  );
  if (faults !== undefined) log.warn({ faults: faults.texts }, "FAULTS ARE INJECTED ON PURPOSE");
  log.info({ url }, "serving");
}
