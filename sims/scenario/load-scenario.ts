import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import { checkScenario, type Scenario } from "./scenario.ts";

/**
 * @throws BridgeError `config/unreadable` if the file cannot be read or is not YAML, `config/invalid`
 *   with every problem in it.
 */
export function loadScenario(path: string): Scenario {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new BridgeError(ErrorCode.ConfigUnreadable, `${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
  return parseScenario(text, path);
}

/** @param source named in errors. */
export function parseScenario(text: string, source: string): Scenario {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw new BridgeError(
      ErrorCode.ConfigUnreadable,
      `${source} is not YAML: ${errorText(error)}`,
      { cause: error },
    );
  }
  const checked = checkScenario(value);
  if (checked.ok) return checked.scenario;
  throw new BridgeError(ErrorCode.ConfigInvalid, `${source} is not a scenario:\n${checked.text}`, {
    details: { source },
  });
}
