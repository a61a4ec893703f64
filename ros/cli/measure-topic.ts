import { monotonicMs } from "../../bridge/contract/clock.ts";
import type { RosNodeTransport } from "../../bridge/contract/ros-services.ts";
import { RateWindow, rateText } from "./rate-window.ts";
import { findTopic, pause } from "./topic-watch.ts";

export interface MeasureOptions {
  readonly topic: string;
  /** Messages that are looked at; default 10000, as ROS has it. */
  readonly windowSize?: number;
  /** Ends after so many reports; default never. */
  readonly reports?: number;
  readonly print: (text: string) => void;
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

const defaultWindowSize = 10_000;
const reportMs = 1000;

/** How often a topic comes, once a second, as `ros2 topic hz`, until the signal is aborted. */
export async function measureTopic(
  transport: RosNodeTransport,
  options: MeasureOptions,
): Promise<void> {
  const { signal, note, print, reports = Number.POSITIVE_INFINITY } = options;
  const topic = await findTopic(transport, options.topic, undefined, {
    signal,
    onWait: () => {
      note(`WARNING: topic [${options.topic}] does not appear to be published yet`);
    },
  });
  const window = new RateWindow(options.windowSize ?? defaultWindowSize);
  let count = 0;
  const subscription = transport.subscribe(topic, () => {
    count += 1;
    window.add(monotonicMs());
  });
  let lastCount = 0;
  for (let reported = 0; reported < reports && !signal.aborted;) {
    await pause(signal, reportMs);
    const rate = window.rate();
    if (rate === undefined) continue;
    print(count === lastCount ? "no new messages\n" : `${rateText(rate)}\n`);
    lastCount = count;
    reported += 1;
  }
  subscription.close();
}
