import { elementById, make } from "./dom.ts";

const maxLines = 60;

/** What happened, newest first: stops, resets, changes of control, lost messages. */
export function logEvent(text: string): void {
  const list = elementById("log");
  const line = make("li");
  const time = make("time", { text: new Date().toLocaleTimeString("en-GB") });
  line.append(time, text);
  list.prepend(line);
  while (list.childElementCount > maxLines) list.lastElementChild?.remove();
}
