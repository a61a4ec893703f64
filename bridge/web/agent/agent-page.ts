import {
  connectDeviceAgent,
  type DeviceAgent,
  type DeviceReading,
} from "../../client/device-agent.ts";
import { SimulatedMount } from "../../client/simulated-mount.ts";
import { buttonById, elementById, make, setPill, setText } from "../dom.ts";
import { HeldPhone } from "./held-phone.ts";

// The page as a device agent: a drawn mount that follows, or the phone itself, turned by hand.

const offerButton = buttonById("offer");
const holdButton = buttonById("hold");
const link = elementById("link");
const words = elementById("words");

let agent: DeviceAgent | undefined;
let axisNames: readonly string[] = [];
let wantedRad: readonly number[] = [];
let reading: DeviceReading | undefined;
let isHeldHere = false;
let setpointCount = 0;
let ageMs = 0;

offerButton.addEventListener("click", () => {
  if (agent !== undefined) leave("the person took the offer back");
  else void begin();
});
holdButton.addEventListener("pointerdown", () => {
  isHeldHere = !isHeldHere;
  setText(holdButton, isHeldHere ? "Let go" : "Hold here");
});

async function begin(): Promise<void> {
  const kind = document.querySelector<HTMLInputElement>("input[name=kind]:checked")?.value;
  if (kind === "orientation" && !(await mayReadOrientation())) {
    setText(words, "The browser does not let this page read the phone's orientation.");
    return;
  }
  setPill(link, { text: "offering", tone: "wait" });
  setText(offerButton, "Take back");
  agent = kind === "orientation" ? offerPhone() : offerMount();
  holdButton.hidden = false;
}

function offerMount(): DeviceAgent {
  let mount: SimulatedMount | undefined;
  const started = connectDeviceAgent(location.origin, {
    client: "browser mount",
    model: "drawn mount",
    read: () => told(mount?.step(performance.now())),
    onSetpoint: ({ posRad, ageMs: age }) => {
      follow(posRad, age);
      if (!isHeldHere) mount?.follow(posRad);
    },
    onHold: (reason) => {
      mount?.hold();
      setText(words, reason);
    },
  });
  started.on("accepted", ({ axes, homeRad }) => {
    mount ??= new SimulatedMount(axes, { startRad: homeRad });
  });
  return watched(started);
}

function offerPhone(): DeviceAgent {
  let phone: HeldPhone | undefined;
  const onTurn = ({ alpha, beta, gamma }: DeviceOrientationEvent): void => {
    if (alpha === null || beta === null || gamma === null) return;
    phone?.turned({ alpha, beta, gamma }, performance.now());
  };
  window.addEventListener("deviceorientation", onTurn);
  const started = connectDeviceAgent(location.origin, {
    client: "phone in the hand",
    model: navigator.userAgent.slice(0, 120),
    read: () => told(phone?.reading),
    onSetpoint: ({ posRad, ageMs: age }) => {
      follow(posRad, age);
    },
    onHold: (reason) => {
      setText(words, reason);
    },
  });
  started.on("accepted", ({ axes, homeRad }) => {
    phone ??= new HeldPhone(axes, homeRad);
  });
  return watched(started);
}

function watched(started: DeviceAgent): DeviceAgent {
  started.on("accepted", ({ axes, device }) => {
    axisNames = axes.map(({ name }) => name);
    setPill(link, { text: `is ${device}`, tone: "good" });
    setText(words, "");
  });
  started.on("moving", (isMoving) => {
    if (isMoving) setText(words, "");
  });
  started.on("lost", ({ reason }) => {
    setPill(link, { text: "lost", tone: "bad" });
    setText(words, reason);
  });
  return started;
}

/** A person at the device may always stop it: the bridge is told of a fault until they let go. */
function told(now: DeviceReading | undefined): DeviceReading | undefined {
  reading = now;
  if (now === undefined || !isHeldHere) return now;
  return { ...now, faults: ["held by the person at the device"] };
}

function follow(posRad: readonly number[], age: number): void {
  wantedRad = posRad;
  ageMs = age;
  setpointCount += 1;
}

function leave(reason: string): void {
  agent?.close(reason);
  agent = undefined;
  holdButton.hidden = true;
  setText(offerButton, "Offer");
  setPill(link, { text: "not offered", tone: "wait" });
}

/** iOS asks the person, and only after a tap. */
async function mayReadOrientation(): Promise<boolean> {
  const events = (
    globalThis as {
      DeviceOrientationEvent?: { readonly requestPermission?: () => Promise<string> };
    }
  ).DeviceOrientationEvent;
  if (events?.requestPermission === undefined) return events !== undefined;
  return (await events.requestPermission().catch(() => "denied")) === "granted";
}

const degrees = (rad: number): number => (rad * 180) / Math.PI;

/** Yaw shifts, pitch lifts, roll turns: seen from in front of the mount. */
function place(id: "wanted" | "measured", posRad: readonly number[]): void {
  const at = (name: string): number => posRad[axisNames.indexOf(name)] ?? 0;
  const x = -Math.sin(at("yaw")) * 60;
  const y = Math.sin(at("pitch")) * 45;
  elementByIdSvg(id).setAttribute(
    "transform",
    `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${degrees(at("roll")).toFixed(1)})`,
  );
}

function elementByIdSvg(id: string): Element {
  const found = document.getElementById(id) as Element | null;
  if (found === null) throw new Error(`#${id} is missing`);
  return found;
}

function show(): void {
  requestAnimationFrame(show);
  if (reading === undefined) return;
  place("measured", reading.posRad);
  place("wanted", wantedRad.length > 0 ? wantedRad : reading.posRad);
  const list = elementById("joints");
  if (list.childElementCount !== 2 * axisNames.length) {
    list.replaceChildren(
      ...axisNames.flatMap((name) => {
        const value = make("dd");
        value.id = `joint-${name}`;
        return [make("dt", { text: name }), value];
      }),
    );
  }
  for (const [index, name] of axisNames.entries()) {
    const now = degrees(reading.posRad[index] ?? 0).toFixed(1);
    const wanted = degrees(wantedRad[index] ?? reading.posRad[index] ?? 0).toFixed(1);
    setText(elementById(`joint-${name}`), `${now}° → ${wanted}°`);
  }
  setText(
    elementById("counts"),
    `${setpointCount} setpoints, newest ${ageMs.toFixed(0)} ms old, ${agent?.lateCount ?? 0} late`,
  );
}
requestAnimationFrame(show);
