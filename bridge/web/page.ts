import { connectStream } from "../client/index.ts";
import { CameraView } from "./camera-view.ts";
import { ControlPanel } from "./control-panel.ts";
import { ControlSession } from "./control-session.ts";
import { canvasById, elementById, setPill, setText } from "./dom.ts";
import { logEvent } from "./event-log.ts";
import { JointPlot } from "./joint-plot.ts";
import { showScore } from "./score-panel.ts";
import { showStatus } from "./status-panel.ts";

const server = location.origin;
// A plot that runs on without data would claim to know.
const maxExtrapolationMs = 200;

const plots = new Map<string, JointPlot>();
let axisNames: readonly string[] = [];
let newest: { readonly stampMs: number; readonly arrivedMs: number } | undefined;

function showAxes(names: readonly string[]): void {
  if (names.join() === axisNames.join()) return;
  axisNames = names;
  plots.clear();
  for (const name of names) plots.set(name, new JointPlot(name));
  elementById("plots").replaceChildren(...[...plots.values()].map(({ element }) => element));
}

function openStream(): void {
  const stream = connectStream(server, [
    { topic: "state", maxRateHz: 50 },
    { topic: "prediction", maxRateHz: 25 },
    { topic: "camera", maxRateHz: 15 },
    { topic: "camera.predicted", maxRateHz: 15 },
    { topic: "score", maxRateHz: 2 },
    { topic: "status", maxRateHz: 2 },
  ]);
  const live = new CameraView(canvasById("camera"));
  const predicted = new CameraView(canvasById("predicted"));
  stream.on("state", ({ stampMs, posRad, setpointRad }) => {
    newest = { stampMs, arrivedMs: performance.now() };
    axisNames.forEach((name, i) => {
      plots.get(name)?.addState(stampMs, posRad[i] ?? Number.NaN, setpointRad[i] ?? Number.NaN);
    });
  });
  stream.on("prediction", (prediction) => {
    prediction.axisNames.forEach((name, i) => plots.get(name)?.addPrediction(prediction, i));
  });
  stream.on("camera", (picture) => {
    live.show(picture);
    const ageMs = newest === undefined ? 0 : newest.stampMs - picture.stampMs;
    const { widthPx, heightPx } = picture;
    setText(
      elementById("camera-note"),
      `${widthPx}×${heightPx} · ${Math.max(0, ageMs).toFixed(0)} ms old`,
    );
  });
  stream.on("camera.predicted", (picture) => {
    predicted.show(picture);
    setText(elementById("ahead"), `+${picture.aheadMs.toFixed(0)} ms`);
    const { knownRatio } = picture;
    const known = knownRatio === undefined ? "" : `${(knownRatio * 100).toFixed(0)} % known`;
    setText(elementById("predicted-note"), known);
  });
  stream.on("score", showScore);
  stream.on("status", (status) => {
    showAxes(status.device.axisNames);
    showStatus(status);
  });
  stream.on("dropped", ({ topic, count }) => {
    logEvent(`this page was too slow for ${count} of ${topic}`);
  });
  stream.on("lost", ({ reason }) => {
    logEvent(`stream lost (${reason})`);
  });
}

function openControl(): void {
  const session = new ControlSession(server, {
    onSession(client, reason) {
      const [device] = client?.welcome.devices ?? [];
      if (client === undefined) {
        setPill(elementById("connection"), "disconnected", "bad");
        elementById("connection").title = reason;
        panel.setOwner(null, false);
      } else {
        setPill(elementById("connection"), "connected", "good");
        logEvent(`connected as ${client.welcome.role}`);
        if (device !== undefined) showAxes(device.axes.map(({ name }) => name));
        client.on("state", (state) => {
          panel.setState(state);
          panel.setOwner(state.owner, state.stale);
          const uncertaintyMs = client.clock?.uncertaintyMs;
          if (uncertaintyMs !== undefined) {
            setText(elementById("connection"), `connected · ${(uncertaintyMs * 2).toFixed(1)} ms`);
          }
        });
        client.on("event", ({ event, reason: why }) => {
          logEvent(`${event}: ${why}`);
        });
        client.on("lease", ({ owner, reason: why, id }) => {
          if (id === undefined) logEvent(`control: ${owner?.client ?? "nobody"} (${why ?? ""})`);
        });
      }
      panel.setDevice(device);
    },
    onLease(lease) {
      panel.setLease(lease);
    },
    onOwner(owner, stale) {
      panel.setOwner(owner, stale);
    },
    onNotice(text) {
      setText(elementById("notice"), text);
    },
  });
  const panel = new ControlPanel(session);
  void session.run();
}

function draw(): void {
  if (newest !== undefined) {
    const sinceMs = Math.min(performance.now() - newest.arrivedMs, maxExtrapolationMs);
    for (const plot of plots.values()) plot.draw(newest.stampMs + sinceMs);
  }
  requestAnimationFrame(draw);
}

openStream();
openControl();
requestAnimationFrame(draw);
