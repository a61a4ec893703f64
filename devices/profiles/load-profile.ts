import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import type { AxisDescription, DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import { profileProblems } from "./profile-checks.ts";
import { Profile } from "./profile-schema.ts";

/** A device as its profile tells of it: what the service needs, and what people want to know. */
export interface DeviceProfile extends DeviceDescription {
  readonly title?: string;
  readonly notes?: readonly string[];
  readonly axes: readonly ProfileAxis[];
}

interface ProfileAxis extends AxisDescription {
  /** Document of each limit that was taken from one, by its key. */
  readonly sources?: Readonly<Record<string, string>>;
}

const Checked = Profile.check((context) => {
  for (const { path, message } of profileProblems(context.value)) {
    context.issues.push({ code: "custom", input: context.value, path: [...path], message });
  }
});

/**
 * @param path a JSON file, or YAML by its name (.yaml, .yml).
 * @throws BridgeError `device/profile` if the file cannot be read, or with every problem in it.
 */
export function loadProfile(path: string): DeviceProfile {
  let content: unknown;
  try {
    const text = readFileSync(path, "utf8");
    content = /\.ya?ml$/.test(path) ? parseYaml(text) : JSON.parse(text);
  } catch (error) {
    throw new BridgeError(ErrorCode.DeviceProfile, `${path}: ${errorText(error)}`, {
      cause: error,
      details: { path },
    });
  }
  return parseProfile(content, path);
}

/** @throws BridgeError `device/profile` with every problem and its path; `source` is named in it. */
export function parseProfile(content: unknown, source: string): DeviceProfile {
  const result = Checked.safeParse(content);
  if (result.success) return result.data;
  throw new BridgeError(
    ErrorCode.DeviceProfile,
    `${source} is not a device profile:\n${z.prettifyError(result.error)}`,
    { details: { source, issues: result.error.issues } },
  );
}
