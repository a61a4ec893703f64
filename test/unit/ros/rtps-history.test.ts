import { describe, expect, it } from "vitest";
import { History } from "../../../ros/rtps/writer/history.ts";

function add(history: History, key = ""): number {
  return history.add({ payload: new Uint8Array(4), stampMs: 0, key, gone: undefined })
    .sequenceNumber;
}

describe("History", () => {
  it("is empty at first", () => {
    const history = new History({ depth: 3, keyed: false });
    expect([history.first, history.last, history.size]).toEqual([1, 0, 0]);
  });

  it("keeps the newest `depth` changes", () => {
    const history = new History({ depth: 3, keyed: false });
    for (let index = 0; index < 10; index += 1) add(history);
    expect([history.first, history.last, history.size]).toEqual([8, 10, 3]);
    expect(history.get(7)).toBeUndefined();
    expect(history.get(8)?.sequenceNumber).toBe(8);
  });

  it("keeps the newest change of each key, however many came between", () => {
    const history = new History({ depth: 3, keyed: true });
    add(history, "a");
    for (let index = 0; index < 10; index += 1) add(history, "b");
    expect([history.first, history.size]).toEqual([1, 2]);
    expect(history.get(11)?.key).toBe("b");
    expect(history.get(10)).toBeUndefined();
  });

  it("stays bounded with ever new keys", () => {
    const history = new History({ depth: 3, keyed: true });
    for (let index = 0; index < 100; index += 1) add(history, `key ${index}`);
    expect([history.first, history.size]).toEqual([98, 3]);
    add(history, "key 0");
    expect(history.size).toBe(3);
  });
});
