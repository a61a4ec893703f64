import { CameraFeed, type PictureSink } from "./camera-feed.ts";
import type { Config } from "./config.ts";
import type { Actuation } from "./contract/actuation.ts";
import type { Clock } from "./contract/clock.ts";
import type { DiagnosticEntry } from "./contract/diagnostics.ts";
import { errorText } from "./contract/errors.ts";
import { Thread } from "./contract/heartbeats.ts";
import type { LiveSettings } from "./live-settings.ts";
import type { Log } from "./contract/log.ts";
import type { Observation, ObservationSource } from "./contract/observation.ts";
import type { RosTransport } from "./contract/ros-transport.ts";
import type { Prediction, SupervisedModel } from "./contract/world-model.ts";
import type { ControlDesk } from "./control/desk.ts";
import { jointReader } from "./joint-reader.ts";
import { deskFamilies } from "./control/desk-metrics.ts";
import type { DeviceDesk } from "./control/device-desk.ts";
import { streamFamilies } from "./control/stream-metrics.ts";
import { openControlServer, type ControlServer } from "./control/server.ts";
import type { ControlSecurity } from "./control/control-security.ts";
import type { SiteFolders } from "./control/site.ts";
import { DelayEstimator } from "./core/delay-estimator.ts";
import { DeviceAim } from "./core/device-aim.ts";
import { PredictionLoop } from "./core/prediction-loop.ts";
import { PredictionScore } from "./core/prediction-score.ts";
import { PreviewPlan } from "./core/preview-plan.ts";
import { prometheusText } from "./core/prometheus.ts";
import { RingObservationSource } from "./core/ring-observation-source.ts";
import { diagnosticEntries } from "./core/service-diagnostics.ts";
import { healthReport } from "./core/service-health.ts";
import { metricFamilies } from "./core/service-metrics.ts";
import type { ServiceSnapshot } from "./core/service-status.ts";
import { Throttle } from "./core/throttle.ts";
import { LatestEncoder } from "./media/jpeg.ts";
import type { Recorder } from "./recording/recorder.ts";
import { ServiceReporter } from "./service-reporter.ts";
import type { FaultLayer } from "./fault-layer.ts";
import type { SharedMemory } from "./shared-memory.ts";
import { StreamFeed } from "./stream-feed.ts";

const heartbeatPeriodMs = 50;
const reportPeriodMs = 1000;
const heldLogPeriodMs = 5000;
const jpegQuality = 80;
/** Used until the delay from setpoint to motion has been measured. */
const assumedLookaheadMs = 100;

/** What goes to the ROS graph, as the loop sees it. */
export interface RosSink extends PictureSink {
  jointState(observation: Observation): void;
  prediction(prediction: Prediction, lookaheadMs: number): void;
  diagnostics(entries: readonly DiagnosticEntry[]): void;
}

/** The opened parts. The service uses them; who opened them closes them. */
export interface ServiceParts {
  readonly config: Config;
  readonly settings: LiveSettings;
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly memory: SharedMemory;
  readonly actuation: Actuation;
  /** Name of the driver that moves the device. */
  readonly driver: string;
  readonly model: SupervisedModel;
  readonly ros: { readonly transport: RosTransport; readonly sink: RosSink } | undefined;
  readonly simulator: () => ServiceSnapshot["simulator"];
  /** Of the model and of the simulator, as far as they have any: beside actuation and ROS, those that have to beat. */
  readonly threads: readonly Thread[];
  /** Slows the camera down while nobody looks. */
  readonly setCameraRateHz: (rateHz: number) => void;
  readonly site: SiteFolders;
  /** Present only when agents move the device. */
  readonly agents?: DeviceDesk;
  /** Left out: whoever is on this machine is let in. */
  readonly security?: ControlSecurity;
  /** Present only when something shall fail on purpose. */
  readonly faults?: FaultLayer;
  readonly recorder?: Recorder;
}

/**
 * The loop between the parts: observe, predict, publish, score, report; and the control server in
 * front of the actuation. Knows ports only.
 */
export class BridgeService implements AsyncDisposable {
  readonly observations: ObservationSource;
  readonly #parts: ServiceParts;
  readonly #score: PredictionScore;
  readonly #delay: DelayEstimator;
  readonly #held = new Throttle(heldLogPeriodMs);
  readonly #server: ControlServer;
  readonly #feed: StreamFeed;
  readonly #pictures: CameraFeed;
  readonly #loop: PredictionLoop;
  readonly #reporter: ServiceReporter;
  readonly #timers: readonly NodeJS.Timeout[];
  #graphHadTurn = false;

  /** @throws BridgeError `control/port` if the address cannot be bound. */
  static async open(parts: ServiceParts): Promise<BridgeService> {
    // The server reports on the service that is made with it, so the reports are looked up late.
    const late: { service?: BridgeService } = {};
    const snapshot = (): ServiceSnapshot | undefined => late.service?.snapshot();
    const { cameraWidthPx, cameraHeightPx } = parts.config.sim;
    const aim = new DeviceAim({
      device: parts.actuation.device,
      pictureAspect: cameraWidthPx / cameraHeightPx,
      telemetry: parts.memory.telemetry,
      motionDelayMs: () => late.service?.motionDelayMs ?? assumedLookaheadMs,
    });
    const server = await openControlServer({
      host: parts.config.http.host,
      port: parts.config.http.port,
      limits: { maxConnections: parts.config.http.maxConnections },
      actuations: [parts.actuation],
      clock: parts.clock,
      log: parts.log,
      site: parts.site,
      readJoints: jointReader(parts.memory.telemetry),
      aim: () => aim,
      allowedOrigins: parts.config.security.origins,
      ...(parts.security === undefined ? {} : { security: parts.security }),
      useModel: (path) => parts.model.use(path),
      ...(parts.agents === undefined ? {} : { agents: parts.agents }),
      status: () => {
        const now = snapshot();
        return now === undefined ? { status: "starting" } : healthReport(now);
      },
      metrics: () => {
        const now = snapshot();
        if (now === undefined) return "";
        return prometheusText([
          ...metricFamilies(now),
          ...deskFamilies(server.desk.counts),
          ...streamFamilies(server.stats().stream),
        ]);
      },
    });
    late.service = new BridgeService(parts, server, aim);
    return late.service;
  }

  private constructor(parts: ServiceParts, server: ControlServer, aim: DeviceAim) {
    const { config, model, memory, actuation, clock, faults } = parts;
    const axisNames = actuation.device.axes.map((axis) => axis.name);
    const { horizonSteps } = config.model;
    const stepMs = model.description.stepS * 1000;
    this.#parts = parts;
    this.#server = server;
    this.#score = new PredictionScore({ stepMs, horizonSteps, axisCount: axisNames.length });
    this.#delay = new DelayEstimator(memory.setpoints);
    this.#feed = new StreamFeed({ hub: server.stream, device: actuation.device });
    this.#pictures = this.#openPictures();
    const observations = new RingObservationSource({ axisNames, ...memory });
    this.observations = faults?.observations(observations) ?? observations;
    this.#loop = new PredictionLoop({
      source: this.observations,
      model: faults?.model(model) ?? model,
      plan: new PreviewPlan(memory.preview, memory.setpoints),
      clock,
      horizonSteps,
      previewStep: () => this.#nextPreviewStep(),
      previewWanted: () => this.#pictures.wantsPredicted(),
      onObservation: (observation) => {
        this.#onObservation(observation);
      },
      onPrediction: (prediction, observation, actionsRad) => {
        this.#score.add(prediction, observation, actionsRad);
        parts.recorder?.prediction(prediction, actionsRad);
        aim.observe(prediction, clock.monotonicMs());
        this.#onPrediction(prediction, observation, actionsRad);
      },
      onHeld: (reason, text) => {
        const silentCount = this.#held.take(clock.monotonicMs());
        if (silentCount === undefined) return;
        parts.log.warn({ reason, text, silentCount }, "no prediction");
      },
    });
    this.#reporter = this.#openReporter();
    this.#timers = [
      setInterval(() => {
        memory.heartbeats.beat(Thread.Main, clock.monotonicMs());
      }, heartbeatPeriodMs),
      setInterval(() => {
        this.#report();
      }, reportPeriodMs),
    ];
    actuation.onEvent((event) => {
      if (event.kind === "mode") this.#diagnose(this.#reporter.snapshot());
    });
    this.#loop.start();
  }

  get desk(): ControlDesk {
    return this.#server.desk;
  }

  get url(): string {
    return this.#server.url;
  }

  /** From a setpoint to its motion: measured, once the device has moved enough. */
  get motionDelayMs(): number {
    return this.#delay.delayMs ?? assumedLookaheadMs;
  }

  snapshot(): ServiceSnapshot {
    return this.#reporter.snapshot();
  }

  /** A part has failed: said once in the log, and for good in /healthz and /diagnostics. */
  fault(part: string, error: unknown): void {
    const text = errorText(error);
    this.#parts.log.error({ part, text }, "a part has failed");
    this.#reporter.fault(part, text);
    this.#diagnose(this.#reporter.snapshot());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([this.#loop.stop(), this.#server[Symbol.asyncDispose]()]);
    this.#reporter[Symbol.dispose]();
  }

  get #lookaheadMs(): number {
    const { lookaheadMs } = this.#parts.settings;
    return lookaheadMs >= 0 ? lookaheadMs : this.motionDelayMs;
  }

  #onObservation(observation: Observation): void {
    this.#score.compare(observation);
    this.#delay.add(observation.stampMs, observation.jointPosRad);
    this.#feed.state(observation);
    this.#parts.ros?.sink.jointState(observation);
    this.#pictures.poll();
  }

  #onPrediction(prediction: Prediction, observation: Observation, actionsRad: Float32Array): void {
    this.#reporter.inferMs.add(prediction.inferMs);
    const scaled = withScaledDeviation(prediction, this.#score.scale);
    this.#feed.prediction(scaled, {
      nowPosRad: observation.jointPosRad,
      setpointRad: actionsRad,
      lookaheadMs: this.#lookaheadMs,
    });
    this.#parts.ros?.sink.prediction(scaled, this.#lookaheadMs);
    const { preview, stampMs } = prediction;
    if (preview !== undefined) this.#pictures.predicted(preview, preview.stampMs - stampMs);
    if (this.#loop.stats.predictedCount !== 1) return;
    this.#parts.log.info(
      { sinceProcessStartMs: Math.round(performance.now()) },
      "first prediction",
    );
  }

  /** Stream clients choose how far ahead they look; the graph gets every other picture, at one horizon. */
  #nextPreviewStep(): number {
    const isGraphsTurn = this.#parts.ros?.sink.wantsPredicted() === true && !this.#graphHadTurn;
    this.#graphHadTurn = isGraphsTurn;
    const chosenMs = isGraphsTurn ? undefined : this.#server.stream.nextAheadMs("camera.predicted");
    return this.#previewStepAt(chosenMs);
  }

  #previewStepAt(aheadMs = this.#parts.config.model.previewAheadMs): number {
    const step = Math.round(aheadMs / (this.#parts.model.description.stepS * 1000));
    return Math.min(Math.max(step, 1), this.#parts.config.model.horizonSteps);
  }

  #openPictures(): CameraFeed {
    const { settings, memory, model, ros, recorder, setCameraRateHz } = this.#parts;
    const onError = (error: unknown): void => {
      this.fault("camera", error);
    };
    const stepAt = (aheadMs?: number): number => this.#previewStepAt(aheadMs);
    const encoder = (): LatestEncoder => new LatestEncoder({ quality: jpegQuality, onError });
    return new CameraFeed({
      camera: memory.camera,
      sinks: [
        streamPictures(this.#server, stepAt),
        ...(ros === undefined ? [] : [atOneHorizon(ros.sink, stepAt)]),
        ...(recorder === undefined ? [] : [recorder]),
      ],
      modelLooks: () => (model.description.streams?.length ?? 0) > 0,
      encoders: { camera: encoder(), predicted: encoder() },
      onDemand: (wanted) => {
        setCameraRateHz(wanted ? settings.cameraRateHz : settings.idleCameraRateHz);
      },
    });
  }

  #openReporter(): ServiceReporter {
    const { version, clock, memory, actuation, model, ros, simulator, faults } = this.#parts;
    const { Actuation, Ros } = Thread;
    return new ServiceReporter({
      version,
      driver: this.#parts.driver,
      clock,
      heartbeats: memory.heartbeats,
      threads: [Actuation, ...this.#parts.threads, ...(ros === undefined ? [] : [Ros])],
      actuation,
      model,
      ros: ros?.transport,
      loop: () => this.#loop.stats,
      score: () => this.#score.snapshot(),
      lookaheadMs: () => this.#lookaheadMs,
      authority: () => this.#server.authority(),
      clientCount: () => this.#server.stats().controlSocketCount,
      simulator,
      agents: () => this.#parts.agents?.status() ?? [],
      injectedFaults: faults?.texts ?? [],
    });
  }

  #diagnose(snapshot: ServiceSnapshot): void {
    this.#parts.ros?.sink.diagnostics(diagnosticEntries(snapshot));
  }

  #report(): void {
    void this.#reporter.refresh().catch((error: unknown) => {
      this.fault("ros", error);
    });
    const snapshot = this.#reporter.snapshot();
    this.#diagnose(snapshot);
    this.#feed.score(snapshot);
    this.#feed.status(snapshot, this.#server.authority()[0]);
  }
}

/** The prediction as it is published: its deviation times the online scale of each axis. */
function withScaledDeviation(prediction: Prediction, scale: Float64Array): Prediction {
  const { axisCount } = prediction;
  const stdPosRad = prediction.stdPosRad.map((std, index) => std * (scale[index % axisCount] ?? 1));
  return { ...prediction, stdPosRad };
}

/** The step of a picture so far ahead; without a number, as configured. */
type StepAt = (aheadMs?: number) => number;

/** Pictures at the configured horizon only, whatever others asked for between them. */
function atOneHorizon(sink: PictureSink, stepAt: StepAt): PictureSink {
  return {
    wantsCamera: () => sink.wantsCamera(),
    camera: (frame, jpeg) => {
      sink.camera(frame, jpeg);
    },
    wantsFrames: () => sink.wantsFrames?.() ?? false,
    frame: (frame) => sink.frame?.(frame),
    wantsPredicted: () => sink.wantsPredicted(),
    predicted: (frame, jpeg, aheadMs) => {
      if (stepAt(aheadMs) === stepAt()) sink.predicted(frame, jpeg, aheadMs);
    },
  };
}

function streamPictures(server: ControlServer, stepAt: StepAt): PictureSink {
  const { stream } = server;
  return {
    wantsCamera: () => stream.wants("camera"),
    camera: ({ stampMs, widthPx, heightPx }, jpeg) => {
      stream.publish("camera", { stampMs, widthPx, heightPx, jpeg });
    },
    wantsPredicted: () => stream.wants("camera.predicted"),
    predicted: ({ stampMs, widthPx, heightPx }, jpeg, aheadMs) => {
      const picture = { stampMs: stampMs - aheadMs, widthPx, heightPx, jpeg, aheadMs };
      const step = stepAt(aheadMs);
      stream.publish("camera.predicted", picture, (wantedMs) => stepAt(wantedMs) === step);
    },
  };
}
