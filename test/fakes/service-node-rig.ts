import { loadConfigWithRos } from "../../bridge/parts/ros-arguments.ts";
import { ServiceNode } from "../../bridge/parts/service-node.ts";
import type { Config } from "../../bridge/config.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import { ControlDesk } from "../../bridge/control/desk.ts";
import type { ServerMessage } from "../../bridge/control/server-messages.ts";
import { liveSettings, type LiveSettings } from "../../bridge/live-settings.ts";
import { logTee, type LogTee } from "../../bridge/log-tee.ts";
import { messageReader } from "../../ros/messages/codec.ts";
import type { GraphServiceName, GraphServices } from "../../ros/messages/graph-services.ts";
import type { RosMessages, RosTypeName } from "../../ros/messages/message-types.ts";
import { serviceCodec } from "../../ros/messages/service-codec.ts";
import { ManualClock } from "./manual-clock.ts";
import { MemoryRosGraph } from "./memory-ros-graph.ts";
import { RecordingActuation } from "./synthetic-actuation.ts";

/** The node of the service over an in-memory graph, with a desk and a device that only remember. */
export class ServiceNodeRig {
  readonly graph = new MemoryRosGraph();
  readonly clock = new ManualClock();
  readonly actuation = new RecordingActuation();
  readonly tee: LogTee = logTee(silentLog);
  readonly logLevels: string[] = [];
  readonly config: Config;
  readonly settings: LiveSettings;
  readonly desk: ControlDesk;
  readonly node: ServiceNode;
  modelResetCount = 0;
  #requestCount = 0;

  /** @param rosArguments what would follow --ros-args. */
  constructor(rosArguments: readonly string[] = [], flags: Readonly<Record<string, unknown>> = {}) {
    this.config = loadConfigWithRos({ flags }, rosArguments).config;
    this.settings = liveSettings(this.config);
    this.desk = new ControlDesk({
      actuations: [this.actuation],
      epoch: "e1",
      clock: this.clock,
      log: silentLog,
      limits: { maxMessageBytes: 16384, maxMessagesPerS: 100, maxTtlMs: 5000 },
    });
    this.node = new ServiceNode(this.config, {
      transport: this.graph,
      clock: this.clock,
      tee: this.tee,
      settings: this.settings,
      setLogLevel: (level) => this.logLevels.push(level),
    });
  }

  static async attached(
    rosArguments: readonly string[] = [],
    flags: Readonly<Record<string, unknown>> = {},
  ): Promise<ServiceNodeRig> {
    const rig = new ServiceNodeRig(rosArguments, flags);
    await rig.attach();
    return rig;
  }

  async attach(): Promise<void> {
    const { desk, actuation } = this;
    const resetModel = (): Promise<void> => {
      this.modelResetCount += 1;
      return Promise.resolve();
    };
    await this.node.attach({ desk, actuation, resetModel });
  }

  /** @param name in full, or `~/name`. */
  async call<Type extends GraphServiceName>(
    name: string,
    type: Type,
    request: GraphServices[Type]["request"],
  ): Promise<GraphServices[Type]["response"]> {
    const codec = serviceCodec(type);
    const full = name.replace("~", this.node.node.fullName);
    const client = this.graph.client({ name: full, type });
    return codec.readResponse(await client.call(codec.writeRequest(request), { timeoutMs: 1000 }));
  }

  trigger(name: string): Promise<GraphServices["std_srvs/srv/Trigger"]["response"]> {
    return this.call(name, "std_srvs/srv/Trigger", {});
  }

  async change(label: string): Promise<boolean> {
    const transition = { id: 0, label };
    return (await this.call("~/change_state", "lifecycle_msgs/srv/ChangeState", { transition }))
      .success;
  }

  async state(): Promise<string> {
    return (await this.call("~/get_state", "lifecycle_msgs/srv/GetState", {})).current_state.label;
  }

  /** Decoded messages of a topic, filled as they come. */
  listen<Type extends RosTypeName>(name: string, type: Type): RosMessages[Type][] {
    const read = messageReader(type);
    const taken: RosMessages[Type][] = [];
    const qos = { reliability: "best_effort", durability: "volatile", depth: 1 } as const;
    this.graph.subscribe({ name, type, qos }, (cdr) => taken.push(read(cdr)));
    return taken;
  }

  /** What the desk answers a WebSocket client that takes the lease and moves an axis. */
  move(): string {
    const answers: ServerMessage[] = [];
    const id = `client-${++this.#requestCount}`;
    const nowMs = this.clock.monotonicMs();
    const peer = { send: (answer: ServerMessage) => answers.push(answer), end: () => undefined };
    this.desk.open({ id, role: "supervisor", client: "page" }, peer);
    const device = this.actuation.device.id;
    this.desk.handle(id, { type: "lease.take", id: 1, device }, nowMs);
    const granted = answers.find((answer) => answer.type === "lease" && answer.id === 1);
    const lease = granted?.type === "lease" ? granted.lease : undefined;
    if (lease === undefined) return "no lease";
    const velRadPerS = { yaw: 0.1 };
    this.desk.handle(
      id,
      { type: "command", id: 2, seq: 1, device, lease, kind: "velocity", velRadPerS, ttlMs: 200 },
      nowMs,
    );
    const ack = answers.find((answer) => answer.type === "ack" && answer.id === 2);
    return ack?.type === "ack" ? (ack.code ?? ack.status) : "no answer";
  }
}
