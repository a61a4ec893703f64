import process from "node:process";
import { InvalidArgumentError, Option, type Command } from "commander";
import {
  echoTopic,
  measureTopic,
  nodeLines,
  openRosLook,
  pause,
  serviceLines,
  topicDetails,
  topicLines,
  type RosLook,
} from "../parts/ros-look.ts";

interface ListFlags {
  readonly showTypes?: boolean;
  readonly verbose?: boolean;
  readonly all?: boolean;
  readonly countTopics?: boolean;
  readonly spinTime: number;
}

interface EchoFlags {
  readonly once?: boolean;
  readonly csv?: boolean;
  readonly field?: string;
  readonly arr: boolean;
  readonly str: boolean;
  readonly fullLength?: boolean;
  readonly truncateLength?: number;
  readonly qosReliability?: "reliable" | "best_effort";
  readonly qosDurability?: "volatile" | "transient_local";
  readonly qosDepth?: number;
}

interface HzFlags {
  readonly window?: number;
}

/**
 * `kairos-bridge ros topics | nodes | services | echo | hz`: a look at the ROS 2 graph as `ros2` gives
 * it, over the embedded transport, so that it needs nothing installed. Domain and discovery range come
 * from ROS's environment variables. Exit code 0 also after Ctrl-C, 1 when it cannot be done.
 */
export function addRosCommand(program: Command): void {
  const ros = program
    .command("ros")
    .description("look at the ROS 2 graph without ROS: topics, nodes, services, echo, hz");
  listCommand(ros, "topics", "list topics")
    .option("-v, --verbose", "who publishes and subscribes, with which quality of service")
    .option("-c, --count-topics", "only count them")
    .action(async (flags: ListFlags) => {
      await list(flags, (graph) => {
        const options = { types: flags.showTypes ?? false, hidden: flags.all ?? false };
        if (flags.verbose === true) return topicDetails(graph, options);
        const lines = topicLines(graph, options);
        return flags.countTopics === true ? [String(lines.length)] : lines;
      });
    });
  listCommand(ros, "nodes", "list nodes").action(async (flags: ListFlags) => {
    await list(flags, (graph) => nodeLines(graph, { hidden: flags.all ?? false }));
  });
  listCommand(ros, "services", "list services that somebody serves").action(
    async (flags: ListFlags) => {
      await list(flags, (graph) =>
        serviceLines(graph, { types: flags.showTypes ?? false, hidden: flags.all ?? false }),
      );
    },
  );
  addEcho(ros);
  addHz(ros);
}

function listCommand(ros: Command, name: string, description: string): Command {
  return ros
    .command(name)
    .description(description)
    .option("-t, --show-types", "types behind the names")
    .option("-a, --all", "also hidden ones, whose name has a part that begins with _")
    .option("--spin-time <seconds>", "how long to listen for what is there", seconds, 1.5);
}

function addEcho(ros: Command): void {
  ros
    .command("echo")
    .argument("<topic>")
    .argument("[type]", "such as sensor_msgs/msg/JointState; default: what its publishers say")
    .description("print the messages of a topic")
    .option("--once", "only the first message")
    .option("--field <path>", "only a field, such as header.stamp or position[2]")
    .option("--csv", "one line of values per message")
    .option("--no-arr", "leave out what is in lists")
    .option("--no-str", "leave out what is in texts")
    .option("-f, --full-length", "do not cut long lists and texts")
    .option("-l, --truncate-length <count>", "where to cut them (128)", wholeNumber)
    .addOption(new Option("--qos-reliability <kind>").choices(["reliable", "best_effort"] as const))
    .addOption(
      new Option("--qos-durability <kind>").choices(["volatile", "transient_local"] as const),
    )
    .option("--qos-depth <count>", "messages kept while printing", wholeNumber)
    .action(async (topic: string, type: string | undefined, flags: EchoFlags) => {
      await withLook(async ({ transport, signal }) => {
        const { qosReliability: reliability, qosDurability: durability, qosDepth: depth } = flags;
        const isGood = await echoTopic(transport, {
          topic,
          ...(type === undefined ? {} : { type }),
          once: flags.once ?? false,
          csv: flags.csv ?? false,
          ...(flags.field === undefined ? {} : { field: flags.field }),
          noArrays: !flags.arr,
          noTexts: !flags.str,
          ...truncation(flags),
          qos: {
            ...(reliability === undefined ? {} : { reliability }),
            ...(durability === undefined ? {} : { durability }),
            ...(depth === undefined ? {} : { depth }),
          },
          print,
          note,
          signal,
        });
        if (!isGood) process.exitCode = 1;
      });
    });
}

function truncation({ fullLength, truncateLength }: EchoFlags): { truncateLength?: number } {
  if (fullLength === true) return { truncateLength: Number.POSITIVE_INFINITY };
  return truncateLength === undefined ? {} : { truncateLength };
}

function addHz(ros: Command): void {
  ros
    .command("hz")
    .argument("<topic>")
    .description("print how often a topic comes, once a second")
    .option("-w, --window <count>", "messages that are looked at (10000)", wholeNumber)
    .action(async (topic: string, { window }: HzFlags) => {
      await withLook(async ({ transport, signal }) => {
        const windowSize = window === undefined ? {} : { windowSize: window };
        await measureTopic(transport, { topic, ...windowSize, print, note, signal });
      });
    });
}

async function list(
  { spinTime }: ListFlags,
  lines: (graph: Awaited<ReturnType<RosLook["transport"]["graph"]>>) => readonly string[],
): Promise<void> {
  await withLook(async ({ transport, signal }) => {
    await pause(signal, spinTime * 1000);
    for (const line of lines(await transport.graph())) print(`${line}\n`);
  });
}

/** Opens the graph, ends at Ctrl-C, and leaves it in order. */
async function withLook(act: (look: RosLook & { readonly signal: AbortSignal }) => Promise<void>) {
  const stop = new AbortController();
  const end = (): void => {
    stop.abort(interrupted);
  };
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  // `| head` closes the pipe when it has seen enough.
  process.stdout.once("error", end);
  try {
    await using look = await openRosLook({ note });
    await act({ ...look, signal: stop.signal });
  } catch (error) {
    if (error !== interrupted) throw error;
  }
}

const interrupted = new Error("interrupted");

const print = (text: string): void => void process.stdout.write(text);
const note = (text: string): void => void process.stderr.write(`${text}\n`);

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a whole number above 0.");
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0 && value <= 60) return value;
  throw new InvalidArgumentError("expected seconds from 0 to 60.");
}
