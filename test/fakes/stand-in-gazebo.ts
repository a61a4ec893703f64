import { monotonicMs } from "../../bridge/contract/clock.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { Telemetry } from "../../bridge/contract/actuator-driver.ts";
import { openMountSimulator, type MountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { Rasterizer } from "../../sims/embedded/raster/rasterizer.ts";
import { posesOfSnapshot, renderSetup } from "../../sims/embedded/render-scene.ts";
import { Boolean as BooleanMsg, Double, timeOf } from "../../sims/gazebo/messages/basic.ts";
import { Pose } from "../../sims/gazebo/messages/geometry.ts";
import { JointTrajectory, Model } from "../../sims/gazebo/messages/joints.ts";
import { Image, PixelFormat } from "../../sims/gazebo/messages/sensors.ts";
import { Clock, WorldControl, WorldStatistics } from "../../sims/gazebo/messages/world.ts";
import { GzTransport, type Publisher } from "../../sims/gazebo/transport/gz-transport.ts";
import type { NetworkSettings } from "../../sims/gazebo/transport/network-settings.ts";
import { worldNames, type WorldNames } from "../../sims/gazebo/world-names.ts";

export interface StandInOptions {
  readonly network: NetworkSettings;
  readonly device: DeviceDescription;
  readonly world?: string;
  readonly paused?: boolean;
  /** False: joint states without `axis1`, as a world without a physics system sends them. */
  readonly hasPhysics?: boolean;
  /** Simulated seconds per second while it runs. */
  readonly realTimeFactor?: number;
  readonly camera?: {
    readonly widthPx: number;
    readonly heightPx: number;
    readonly rateHz: number;
  };
}

const wakeMs = 2;
/** Steps at a stretch, so that services and sockets get their turn. */
const maxBurstSteps = 100;
/** While paused, Gazebo sends the same state again and again. */
const repeatMs = 5;
const statisticsMs = 200;

/**
 * A Gazebo server to test against: the topics and services of gz-sim, behind our own gz-transport, with
 * the embedded MuJoCo mount as its physics.
 */
export class StandInGazebo implements Disposable {
  readonly setPoses: { readonly name: string; readonly x: number }[] = [];
  readonly #transport: GzTransport;
  readonly #simulator: MountSimulator;
  readonly #options: StandInOptions;
  readonly #device: DeviceDescription;
  readonly #state: Telemetry;
  readonly #targets: Float64Array;
  readonly #jointState: Publisher<typeof Model.fields>;
  readonly #clock: Publisher<typeof Clock.fields>;
  readonly #statistics: Publisher<typeof WorldStatistics.fields>;
  readonly #picture: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #startMs = monotonicMs();
  #isPaused: boolean;
  #isClosed = false;
  #pendingSteps = 0;
  /** Monotonic ms of simulated time 0 while it runs freely. */
  #anchorMs = 0;
  #nextPictureS = 0;
  #nextStatisticsMs = 0;
  #nextRepeatMs = 0;

  private constructor(transport: GzTransport, simulator: MountSimulator, options: StandInOptions) {
    const { device, world = "desk" } = options;
    const names = worldNames({ world, model: device.id });
    const axisCount = device.axes.length;
    this.#transport = transport;
    this.#simulator = simulator;
    this.#options = options;
    this.#device = device;
    this.#state = {
      stampMs: 0,
      posRad: new Float64Array(axisCount),
      velRadPerS: new Float64Array(axisCount),
      effortNm: new Float64Array(axisCount),
    };
    this.#targets = Float64Array.from(device.homeRad);
    this.#isPaused = options.paused === true;
    this.#jointState = transport.advertise(names.jointState, Model);
    this.#clock = transport.advertise(names.clock, Clock);
    this.#statistics = transport.advertise(names.statistics, WorldStatistics);
    this.#picture = this.#openCamera(names);
    this.#listen(names);
    this.#anchor();
    this.#timer = setInterval(() => {
      this.#wake();
    }, wakeMs);
  }

  static async open(options: StandInOptions): Promise<StandInGazebo> {
    const transport = await GzTransport.open(options.network);
    const simulator = await openMountSimulator({ device: options.device, seed: 1 });
    return new StandInGazebo(transport, simulator, options);
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Simulated seconds since the last reset. */
  get timeS(): number {
    return this.#simulator.timeS;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#anchor();
  }

  reset(seed = 1): void {
    this.#simulator.reset(seed);
    this.#targets.set(this.#device.homeRad);
    this.#pendingSteps = 0;
    this.#nextPictureS = 0;
    this.#anchor();
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#transport[Symbol.dispose]();
    this.#simulator[Symbol.dispose]();
  }

  #listen(names: WorldNames): void {
    this.#device.axes.forEach((axis, index) => {
      this.#transport.subscribe(names.command(axis.name), Double, ({ data }) => {
        if (!Number.isFinite(data)) return;
        this.#targets[index] = data;
        this.#simulator.setTargets(this.#targets);
      });
    });
    this.#transport.subscribe(names.trajectory, JointTrajectory, ({ jointNames, points }) => {
      const positions = points[0]?.positions ?? [];
      this.#device.axes.forEach((axis, index) => {
        this.#targets[index] = positions[jointNames.indexOf(axis.name)] ?? Number.NaN;
      });
      if (this.#targets.every(Number.isFinite)) this.#simulator.setTargets(this.#targets);
    });
    this.#transport.serve(
      names.control,
      { request: WorldControl, response: BooleanMsg },
      ({ pause, multiStep, reset, seed }) => {
        if (reset?.all === true) this.reset(seed);
        if (multiStep > 0) this.#pendingSteps += multiStep;
        if (pause || multiStep > 0) this.pause();
        else if (this.#isPaused) this.resume();
        return { data: true };
      },
    );
    this.#transport.serve(
      names.setPose,
      { request: Pose, response: BooleanMsg },
      ({ name, position }) => {
        this.setPoses.push({ name, x: position?.x ?? 0 });
        return { data: name !== "" };
      },
    );
  }

  #anchor(): void {
    const { realTimeFactor = 1 } = this.#options;
    this.#anchorMs = monotonicMs() - (this.#simulator.timeS * 1e3) / realTimeFactor;
  }

  #wake(): void {
    const nowMs = monotonicMs();
    const { realTimeFactor = 1 } = this.#options;
    const simulatedMs = this.#simulator.timeS * 1e3;
    const dueSteps = Math.floor((nowMs - this.#anchorMs) * realTimeFactor - simulatedMs);
    const steps = Math.min(this.#isPaused ? this.#pendingSteps : dueSteps, maxBurstSteps);
    for (let i = 0; i < steps; i += 1) {
      this.#simulator.step(1);
      if (this.#isPaused) this.#pendingSteps -= 1;
      this.#publishState();
      this.#takePicture();
    }
    // Too slow for the machine: the lost time is left out.
    if (!this.#isPaused && dueSteps > 2 * maxBurstSteps) this.#anchor();
    if (this.#isPaused && this.#pendingSteps > 0)
      setImmediate(() => {
        this.#wake();
      });
    if (this.#isPaused && nowMs >= this.#nextRepeatMs) {
      this.#nextRepeatMs = nowMs + repeatMs;
      this.#publishState();
    }
    if (nowMs < this.#nextStatisticsMs) return;
    this.#nextStatisticsMs = nowMs + statisticsMs;
    this.#publishStatistics(nowMs);
  }

  #publishState(): void {
    const state = this.#state;
    this.#simulator.readState(state);
    const { hasPhysics = true } = this.#options;
    const stamp = timeOf(this.#simulator.timeS);
    const joints = this.#device.axes.map((axis, index) => ({
      name: axis.name,
      axis1: hasPhysics
        ? {
            position: state.posRad[index],
            velocity: state.velRadPerS[index],
            force: state.effortNm[index],
          }
        : undefined,
    }));
    this.#jointState.publish({
      header: { stamp },
      name: this.#device.id,
      // Not in axis order, and with a fixed joint, which has no axis.
      joint: [{ name: "camera_joint", type: 7 }, ...joints.reverse()],
    });
    this.#clock.publish({ header: { stamp }, sim: stamp });
  }

  #publishStatistics(nowMs: number): void {
    this.#statistics.publish({
      simTime: timeOf(this.#simulator.timeS),
      realTime: timeOf((nowMs - this.#startMs) / 1e3),
      paused: this.#isPaused,
      iterations: Math.round(this.#simulator.timeS * 1e3),
      realTimeFactor: this.#isPaused ? 0 : (this.#options.realTimeFactor ?? 1),
    });
  }

  #takePicture(): void {
    const { camera } = this.#options;
    if (camera === undefined || this.#simulator.timeS < this.#nextPictureS) return;
    this.#nextPictureS = this.#simulator.timeS + 1 / camera.rateHz;
    this.#picture?.();
  }

  #openCamera(names: WorldNames): (() => void) | undefined {
    const { camera } = this.#options;
    if (camera === undefined) return undefined;
    const { widthPx, heightPx } = camera;
    const simulator = this.#simulator;
    const publisher = this.#transport.advertise(names.camera, Image);
    const { geoms } = simulator;
    const rasterizer = new Rasterizer(
      renderSetup({ device: this.#device, geoms, widthPx, heightPx }),
    );
    const row = new Float64Array(simulator.poseSnapshotWidth);
    const views = posesOfSnapshot(row);
    return () => {
      if (publisher.subscriberCount === 0) return;
      simulator.writePoses(row);
      rasterizer.render(views.geoms, views.camera);
      publisher.publish({
        header: { stamp: timeOf(simulator.timeS) },
        width: widthPx,
        height: heightPx,
        step: 3 * widthPx,
        pixelFormatType: PixelFormat.Rgb8,
        data: rasterizer.rgbBorrowed,
      });
    };
  }
}
