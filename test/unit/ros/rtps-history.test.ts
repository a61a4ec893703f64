import { describe, expect, it } from "vitest";
import { History } from "../../../ros/rtps/writer/history.ts";

const maxBytes = 1000;

function add(history: History, key = ""): number {
  return history.add({ payload: new Uint8Array(4), stampMs: 0, key, gone: undefined })
    .sequenceNumber;
}

describe("History", () => {
  it("is empty at first", () => {
    const history = new History({ depth: 3, keyed: false, maxBytes });
    expect([history.first, history.last, history.size]).toEqual([1, 0, 0]);
  });

  it("keeps the newest `depth` changes", () => {
    const history = new History({ depth: 3, keyed: false, maxBytes });
    for (let index = 0; index < 10; index += 1) add(history);
    expect([history.first, history.last, history.size]).toEqual([8, 10, 3]);
    expect(history.get(7)).toBeUndefined();
    expect(history.get(8)?.sequenceNumber).toBe(8);
  });

  it("keeps the newest change of each key, however many came between", () => {
    const history = new History({ depth: 3, keyed: true, maxBytes });
    add(history, "a");
    for (let index = 0; index < 10; index += 1) add(history, "b");
    expect([history.first, history.size]).toEqual([1, 2]);
    expect(history.get(11)?.key).toBe("b");
    expect(history.get(10)).toBeUndefined();
  });

  it("stays bounded with ever new keys", () => {
    const history = new History({ depth: 3, keyed: true, maxBytes });
    for (let index = 0; index < 100; index += 1) add(history, `key ${index}`);
    expect([history.first, history.size]).toEqual([98, 3]);
    add(history, "key 0");
    expect(history.size).toBe(3);
  });

  it("keeps no more octets than it may, whatever the depth", () => {
    const history = new History({ depth: 1000, keyed: false, maxBytes: 100 });
    for (let index = 0; index < 100; index += 1) add(history);
    expect([history.first, history.size, history.bytes]).toEqual([76, 25, 100]);
    expect([history.isFull(0), history.isFull(1)]).toEqual([false, true]);
  });

  it("keeps one change alone that is larger than it may hold", () => {
    const history = new History({ depth: 10, keyed: false, maxBytes: 3 });
    add(history);
    add(history);
    expect([history.first, history.size, history.bytes]).toEqual([2, 1, 4]);
  });

  it("drops what everyone has, and what is too old", () => {
    const history = new History({ depth: 10, keyed: false, maxBytes });
    for (let stampMs = 0; stampMs < 10; stampMs += 1) {
      history.add({ payload: new Uint8Array(4), stampMs, key: "", gone: undefined });
    }
    history.dropThrough(3);
    expect([history.first, history.bytes]).toEqual([4, 28]);
    history.dropOlderThan(6);
    expect([history.first, history.bytes]).toEqual([7, 16]);
    history.dropThrough(100);
    expect([history.first, history.last, history.bytes]).toEqual([11, 10, 0]);
  });

  it("counts on beyond 2^32", () => {
    const history = new History({ depth: 2, keyed: false, maxBytes, lastNumber: 2 ** 32 - 2 });
    const numbers = [add(history), add(history), add(history)];
    expect(numbers).toEqual([2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1]);
    expect(history.first).toBe(2 ** 32);
  });
});
