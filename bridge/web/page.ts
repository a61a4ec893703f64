import {
  connectStream,
  type ControlClient,
  type DeviceOffer,
  type StatusPayload,
} from "../client/index.ts";
import { ActionBar, goHome } from "./action-bar.ts";
import { announce } from "./announcer.ts";
import { ControlPanel } from "./control-panel.ts";
import { ControlSession } from "./control-session.ts";
import { buttonById, elementById, setPill, setText } from "./dom.ts";
import { logEvent } from "./event-log.ts";
import { FollowSwitch } from "./follow-switch.ts";
import { wireHelp } from "./help.ts";
import { HoldingStrip } from "./holding-strip.ts";
import { Identity } from "./identity.ts";
import { JointBoard } from "./joint-board.ts";
import { listenToKeys } from "./keys.ts";
import { LinkPanel } from "./link-panel.ts";
import { PageVersion } from "./page-version.ts";
import { isPairingLink, pairHere } from "./pair-form.ts";
import { PeoplePanel } from "./people-panel.ts";
import { showScore } from "./score-panel.ts";
import { ServerTime } from "./server-time.ts";
import { Stage } from "./stage.ts";
import { showStatus, showWellness } from "./status-panel.ts";
import { StopBar } from "./stop-bar.ts";
import { Tabs } from "./tabs.ts";
import { currentTheme, nextTheme } from "./theme.ts";
import { modeWords } from "./words.ts";

const server = location.origin;
const pictureRateHz = 25;
const staleMs = 1000;
const linkRefreshMs = 500;

const identity = new Identity(server);
const people = new PeoplePanel(identity);
const time = new ServerTime();
const board = new JointBoard(elementById("plots"));
const link = new LinkPanel();
const holding = new HoldingStrip();
const version = new PageVersion();
const tabs = new Tabs();
await identity.load();
if (identity.needsPairing || isPairingLink()) await pairHere(identity);
const follow = new FollowSwitch(showNotice);
const stream = openStream();
const stage = new Stage({
  onAhead(aheadMs) {
    stream.subscribe({ topic: "camera.predicted", maxRateHz: pictureRateHz, aheadMs });
  },
  onLook(point, stampMs) {
    const velocityRatio = panel.speedRatio;
    const target = { image: [...point] as [number, number], stampMs };
    void session.move((lease) => lease.action("look-at", { target, velocityRatio }));
  },
  onExpectation(expectation) {
    follow.showPrediction(expectation);
  },
  onRefused: showNotice,
});
stream.subscribe({
  topic: "camera.predicted",
  maxRateHz: pictureRateHz,
  aheadMs: stage.aheadMs,
});

const session = new ControlSession(server, () => identity.forControl(), {
  onSession: showSession,
  onLease(lease) {
    panel.setLease(lease);
    actions.setEnabled(lease !== undefined);
    stage.setInControl(lease !== undefined);
    follow.setLease(lease);
    document.body.toggleAttribute("data-driving", lease !== undefined);
    announce(lease === undefined ? "You are not in control." : "You are in control.");
  },
  onOwner(owner, stale) {
    const isMine = owner !== null && owner.session === session.client?.welcome.session;
    holding.setHolder(owner, { isMine, stale });
  },
  onNotice: showNotice,
  onMove() {
    follow.end();
  },
});
const panel = new ControlPanel(session, () => {
  follow.end();
});
const actions = new ActionBar(session, () => panel.speedRatio);
const stops = new StopBar({
  stop(level) {
    panel.letGo();
    follow.end();
    void session.stop(level);
  },
  reset() {
    void session.reset();
  },
});

wireKeys();
wireTheme();
void session.run();
setInterval(showLink, linkRefreshMs);
requestAnimationFrame(draw);

function openStream() {
  const topics = [
    { topic: "state", maxRateHz: 50 },
    { topic: "prediction", maxRateHz: 25 },
    { topic: "camera", maxRateHz: pictureRateHz },
    { topic: "score", maxRateHz: 2 },
    { topic: "status", maxRateHz: 2 },
  ] as const;
  const opened = connectStream(server, topics, {
    client: "control page",
    token: () => identity.token,
  });
  opened.on("state", ({ stampMs, posRad, setpointRad }) => {
    time.heard(stampMs);
    board.addState(stampMs, posRad, setpointRad);
  });
  opened.on("prediction", (prediction) => {
    board.addPrediction(prediction);
    stage.showPrediction(prediction);
  });
  opened.on("camera", (picture) => {
    stage.showLive(picture);
  });
  opened.on("camera.predicted", (picture) => {
    stage.showPredicted(picture);
  });
  opened.on("score", showScore);
  opened.on("status", onStatus);
  opened.on("dropped", ({ topic, count }) => {
    link.noteLoss(count);
    logEvent(`this page was too slow for ${count} of ${topic}`);
  });
  opened.on("lost", ({ reason }) => {
    logEvent(`stream lost (${reason})`);
  });
  return opened;
}

function showNotice(text: string): void {
  setText(elementById("notice"), text);
}

function onStatus(status: StatusPayload): void {
  showStatus(status);
  showWellness(status);
}

function showSession(client: ControlClient | undefined, reason: string): void {
  const device: DeviceOffer | undefined = client?.welcome.devices[0];
  elementById("lost").hidden = client !== undefined;
  panel.setDevice(device);
  if (client === undefined) {
    holding.setConnected(false, 0);
    setText(elementById("lost-text"), `${reason === "" ? "" : `${reason}. `}Trying again.`);
    elementById("mode").hidden = true;
    // One thing at a time: what was wrong before the loss may be over.
    showWellness({ health: "ok", reasons: [] });
    announce("Connection lost. The device has been stopped.");
    showLink();
    return;
  }
  const { keepalive, role } = client.welcome;
  void people.show(role);
  link.noteReconnect();
  holding.setConnected(true, keepalive.closeMs - keepalive.staleMs);
  board.setAxes(device?.axes ?? []);
  logEvent(`connected as ${role}`);
  void version.hasChanged().then((hasChanged) => {
    elementById("outdated").hidden = !hasChanged;
  });
  client.on("state", (state) => {
    setPill(elementById("mode"), modeWords(state));
    stops.setState(state);
    const isMine = state.owner !== null && state.owner.session === client.welcome.session;
    holding.setHolder(state.owner, { isMine, stale: state.stale });
  });
  client.on("event", ({ event, reason: why, by }) => {
    const who = by === undefined ? "" : ` by ${by}`;
    logEvent(`${event}${who}: ${why}`);
    if (event === "stop" || event === "estop") announce(`Stopped${who}.`);
    if (event === "reset") announce("Emergency stop reset. Nothing moves until you take control.");
  });
  client.on("lease", ({ owner, reason: why, id }) => {
    if (id === undefined) logEvent(`control: ${owner?.client ?? "nobody"} (${why ?? ""})`);
  });
  showLink();
}

function showLink(): void {
  follow.refresh();
  const { client, commandAgeMs } = session;
  link.show({ client, commandAgeMs, dataAgeMs: time.sinceHeardMs });
}

function wireKeys(): void {
  const toggleHelp = wireHelp();
  listenToKeys({
    hold: (source, ratios) => {
      panel.hold(source, ratios);
    },
    stop: () => {
      stops.stop("hold");
    },
    presses: {
      t: () => {
        panel.toggleControl();
      },
      h: () => void session.move((lease) => goHome(lease, panel.speedRatio)),
      l: () => {
        follow.press();
      },
      g: () => {
        stage.nextView();
      },
      "[": () => {
        stage.moveAhead(-1);
      },
      "]": () => {
        stage.moveAhead(1);
      },
      "?": toggleHelp,
    },
  });
  for (const [id, direction] of [
    ["nearer", -1],
    ["further", 1],
  ] as const) {
    buttonById(id).addEventListener("click", () => {
      stage.moveAhead(direction);
    });
  }
  buttonById("reload").addEventListener("click", () => {
    location.reload();
  });
}

function wireTheme(): void {
  const button = buttonById("theme");
  const show = (theme: string): void => {
    button.setAttribute("aria-label", `Colours: ${theme}`);
    button.title = `Colours: ${theme}`;
  };
  show(currentTheme());
  button.addEventListener("click", () => {
    const theme = nextTheme();
    show(theme);
    announce(`Colours: ${theme}.`);
  });
}

function draw(): void {
  const nowMs = time.nowMs;
  document.body.toggleAttribute("data-stale", (time.sinceHeardMs ?? 0) > staleMs);
  stage.draw(nowMs);
  if (nowMs !== undefined && tabs.isShown("joints")) board.draw(nowMs, stage.aheadMs);
  requestAnimationFrame(draw);
}
