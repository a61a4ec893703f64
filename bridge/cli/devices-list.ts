import type { ListedDevice } from "../parts/device-tools.ts";
import { table } from "./table.ts";

/** One line per profile; the configured one is starred. */
export function devicesText(devices: readonly ListedDevice[]): string {
  const rows = devices.map(({ name, isConfigured, device, problem }) => {
    const mark = isConfigured ? "*" : "";
    if (device === undefined) return [mark, name, "", "", "", (problem ?? "").split("\n")[0] ?? ""];
    const axes = device.axes.map((axis) => axis.name).join(" ");
    return [mark, name, axes, device.driver?.kind ?? "", known(device), device.title ?? ""];
  });
  const heads = ["", "profile", "axes", "driver", "limits", ""];
  return `${table(heads, rows, "")}\n\n* is the configured one; \`devices inspect <profile>\` tells more`;
}

type Device = NonNullable<ListedDevice["device"]>;

/** `assumed`, or how many of the limits are. */
function known({ axes }: Device): string {
  const limitsPerAxis = 6;
  const total = axes.length * limitsPerAxis;
  const assumed = axes.reduce((sum, { provenance, sources = {} }) => {
    return sum + (provenance === "assumed" ? limitsPerAxis - Object.keys(sources).length : 0);
  }, 0);
  if (assumed === total) return "assumed";
  return assumed === 0 ? "known" : `${assumed} of ${total} assumed`;
}
