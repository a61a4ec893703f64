// A page that drives one axis while a button is held, and shows where the device will be.
import {
  connectStream,
  keepControl,
  type LeaseHandle,
  type VelocityStream,
} from "kairos-bridge/client";

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
};
const show = (id: string, text: string): void => {
  element(id).textContent = text;
};

const url = new URLSearchParams(location.search).get("bridge") ?? location.origin;
let lease: LeaseHandle | undefined;
let velocity: VelocityStream | undefined;

const control = keepControl(url, { role: "controller", client: "web example" });
control.on("session", (session) => {
  show("status", "connected");
  session.on("state", ({ mode, owner }) => {
    show("status", `${mode}, held by ${owner?.client ?? "nobody"}`);
  });
});
control.on("lost", ({ error }) => {
  show("status", `lost: ${error.code}`);
});

const take = async (): Promise<void> => {
  const client = control.client;
  const device = client?.welcome.devices[0];
  if (client === undefined || device === undefined) return;
  lease = await client.acquire(device.id);
  velocity = lease.velocity();
};
element("take").addEventListener("click", () => {
  take().catch((error: unknown) => {
    show("status", String(error));
  });
});
// Held, not clicked: it moves for as long as the finger is down. Lost focus and hidden tabs stop it too.
element("left").addEventListener("pointerdown", () => velocity?.set({ yaw: 0.5 }));
for (const type of ["pointerup", "pointercancel", "pointerleave"]) {
  element("left").addEventListener(type, () => velocity?.stop());
}
element("stop").addEventListener("pointerdown", () => void control.client?.stop());

const stream = connectStream(url, [{ topic: "state", maxRateHz: 10 }, { topic: "prediction" }]);
stream.on("state", ({ posRad }) => {
  show("now", posRad.map((value) => value.toFixed(2)).join(", "));
});
stream.on("prediction", ({ meanPosRad, axisNames, horizonSteps }) => {
  const last = meanPosRad.data.slice((horizonSteps - 1) * axisNames.length);
  show("ahead", [...last].map((value) => value.toFixed(2)).join(", "));
});
