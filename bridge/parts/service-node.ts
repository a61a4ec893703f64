import type { Lifecycle } from "../../ros/node/lifecycle.ts";
import { lifecycleServices, transitionDescription } from "../../ros/node/lifecycle-services.ts";
import { parameterMessages, parameterServices } from "../../ros/node/parameter-services.ts";
import { ParameterStore } from "../../ros/node/parameter-store.ts";
import { RosNode, type NodeTopic } from "../../ros/node/ros-node.ts";
import type { RosTime } from "../../ros/node/ros-time.ts";
import { Rosout, rosoutTopic } from "../../ros/node/rosout.ts";
import { serveAll } from "../../ros/node/serve.ts";
import { messageWriter } from "../../ros/messages/codec.ts";
import { rosTime } from "../../ros/messages/message-mapping.ts";
import type { Config } from "../config.ts";
import type { Actuation } from "../contract/actuation.ts";
import type { Clock } from "../contract/clock.ts";
import type { DiagnosticEntry } from "../contract/diagnostics.ts";
import type { RosServices } from "../contract/ros-services.ts";
import type { RosTransport } from "../contract/ros-transport.ts";
import type { ControlDesk } from "../control/desk.ts";
import type { LiveSettings } from "../live-settings.ts";
import type { LogTee } from "../log-tee.ts";
import { openNodeTime, type NodeTime } from "./node-time.ts";
import { rosArgumentsOf } from "./ros-arguments.ts";
import { controlServices } from "./ros-control.ts";
import { bringUp, followFaults, serviceLifecycle } from "./ros-lifecycle.ts";
import { declareParameters, liveOptions } from "./ros-parameters.ts";

export interface ServiceNodeOptions {
  readonly transport: RosTransport & Partial<RosServices>;
  readonly clock: Clock;
  readonly tee: LogTee;
  readonly settings: LiveSettings;
  readonly setLogLevel: (level: string) => void;
}

/** What the node speaks for, once it runs. */
export interface NodePrincipal {
  readonly desk: ControlDesk;
  readonly actuation: Actuation;
  readonly resetModel: () => Promise<void>;
}

const parameterEvents: NodeTopic = {
  name: "/parameter_events",
  type: "rcl_interfaces/msg/ParameterEvent",
  qos: { reliability: "reliable", durability: "volatile", depth: 1000 },
};
const transitionEvents: NodeTopic = {
  name: "~/transition_event",
  type: "lifecycle_msgs/msg/TransitionEvent",
  qos: { reliability: "reliable", durability: "volatile", depth: 10 },
};

/**
 * The service as a ROS 2 node: its name after remaps, its parameters, its time, its log on /rosout;
 * and once there is something to speak for, its lifecycle and its services.
 */
export class ServiceNode implements AsyncDisposable {
  readonly node: RosNode;
  readonly time: RosTime;
  readonly #config: Config;
  readonly #options: ServiceNodeOptions;
  readonly #clock: NodeTime;
  readonly #closers: (() => void)[] = [];
  #lifecycle: Lifecycle | undefined;

  /** @throws BridgeError `ros/arguments`, `config/invalid`. */
  constructor(config: Config, options: ServiceNodeOptions) {
    this.#config = config;
    this.#options = options;
    const { name, parsed, overrides } = rosArgumentsOf(config);
    const parameters = new ParameterStore(overrides);
    const { remaps } = parsed;
    this.node = new RosNode({ transport: options.transport, name, remaps, parameters });
    this.#clock = openNodeTime(config, this.node, options.clock);
    this.time = this.#clock.time;
    this.#closers.push(() => {
      this.#clock.close();
    });
    if (parsed.rosout) this.#openRosout();
    this.#openParameters();
  }

  /** Until the node has a lifecycle everything is published, as by a node that is not managed. */
  get isActive(): boolean {
    return this.#lifecycle?.isActive ?? true;
  }

  /** Whether it may say what it measures: from `inactive` on. */
  get isConfigured(): boolean {
    const state = this.#lifecycle?.state.label;
    return state !== "unconfigured" && state !== "finalized";
  }

  diagnostics(): DiagnosticEntry {
    const state = this.#lifecycle?.state.label ?? "starting";
    const { time } = this;
    return {
      name: "kairos_bridge: node",
      level: !time.isSet || !this.isConfigured ? "warn" : "ok",
      message: time.isSet ? state : `${state}, and nothing has come on /clock yet`,
      values: { node: this.node.fullName, lifecycle: state, time_source: time.source },
    };
  }

  /** Opens lifecycle and services, and goes as far as `ros.autostart` says. */
  async attach(service: NodePrincipal): Promise<void> {
    const { clock, tee } = this.#options;
    const { desk, actuation, resetModel } = service;
    const lifecycle = serviceLifecycle({ ...service, log: tee.log });
    this.#lifecycle = lifecycle;
    const { autostart } = this.#config.ros;
    if (!autostart) desk.suspend(actuation.device.id, "the node is unconfigured, expected active");
    this.#announceTransitions(lifecycle);
    const now = (): number => clock.monotonicMs();
    if (this.node.hasServices) {
      const servers = serveAll(this.node, [
        ...parameterServices(this.node.parameters),
        ...lifecycleServices(lifecycle),
        ...controlServices({ desk, lifecycle, resetModel, now }),
      ]);
      this.#closers.push(() => {
        for (const server of servers) server.close();
      });
    } else {
      const { transport } = this.node.info;
      tee.log.warn({ transport }, "this transport has no services: no parameters, no lifecycle");
    }
    followFaults(lifecycle, actuation, tee.log);
    this.#tellUnused();
    if (autostart) await bringUp(lifecycle, "active");
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) close();
    return Promise.resolve();
  }

  #openRosout(): void {
    const publisher = this.node.advertise(rosoutTopic);
    const rosout = new Rosout({ publisher, name: this.node.loggerName, clock: this.time });
    this.#options.tee.listen(({ level, fields, sentence }) => {
      rosout.tell(level, fields, sentence);
    });
  }

  #openParameters(): void {
    const { parameters, fullName } = this.node;
    const { settings, setLogLevel } = this.#options;
    const encode = messageWriter("rcl_interfaces/msg/ParameterEvent");
    const publisher = this.node.advertise(parameterEvents);
    parameters.onChange(({ declared, changed }) => {
      if (publisher.matchedCount === 0) return;
      const event = {
        stamp: rosTime(this.time.stampNsAt(this.time.monotonicMs())),
        node: fullName,
        new_parameters: parameterMessages(declared),
        changed_parameters: parameterMessages(changed),
        deleted_parameters: [],
      };
      publisher.publish(encode(event));
    });
    const { setUseSimTime } = this.#clock;
    declareParameters(parameters, this.#config, {
      ...liveOptions(settings),
      "log.level": (value) => {
        setLogLevel(String(value));
      },
      ...(setUseSimTime === undefined
        ? {}
        : {
            "ros.useSimTime": (value) => {
              setUseSimTime(value === true);
            },
          }),
    });
  }

  #announceTransitions(lifecycle: Lifecycle): void {
    const encode = messageWriter("lifecycle_msgs/msg/TransitionEvent");
    const publisher = this.node.advertise(transitionEvents);
    lifecycle.onTransition((transition) => {
      if (publisher.matchedCount === 0) return;
      const timestamp = BigInt(this.time.stampNsAt(this.time.monotonicMs()));
      publisher.publish(encode({ timestamp, ...transitionDescription(transition) }));
    });
  }

  #tellUnused(): void {
    const names = this.node.parameters.unusedOverrides();
    if (names.length > 0) {
      this.#options.tee.log.warn({ names }, "parameters were given that this node does not have");
    }
  }
}
