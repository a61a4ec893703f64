// A process of its own that turns the yaw: `node velocity-mover.js <url> <rad/s> <ttlMs>`. Tests freeze it.
import process from "node:process";
import { RawControlClient } from "./raw-control-client.ts";

const [url = "", velocity = "0.8", ttlMs = "200"] = process.argv.slice(2);
const client = (await RawControlClient.open(url, "controller", "mover")).keepAlive();
await client.acquire();
setInterval(() => {
  client.command({
    kind: "velocity",
    velRadPerS: { yaw: Number(velocity) },
    ttlMs: Number(ttlMs),
    acks: "rejections",
  });
}, 40);
process.stdout.write("moving\n");
