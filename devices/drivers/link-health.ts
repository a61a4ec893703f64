import { DriverLink, type DriverHealth } from "../../bridge/contract/actuator-driver.ts";

/** The health of one driver, as it keeps it. Setting what is so already changes nothing. */
export class LinkHealth implements DriverHealth {
  link: DriverLink;
  reason: string;
  revision = 0;
  readonly counters: Record<string, number> = {};

  /** @param reason why it is not up; a driver that needs no connecting starts with `Up`. */
  constructor(link: DriverLink, reason = "") {
    this.link = link;
    this.reason = reason;
  }

  set(link: DriverLink, reason = ""): void {
    if (link === this.link && reason === this.reason) return;
    this.link = link;
    this.reason = reason;
    this.revision += 1;
  }

  count(name: string, by = 1): void {
    this.counters[name] = (this.counters[name] ?? 0) + by;
  }
}
