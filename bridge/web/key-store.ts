import type { KeyStorage } from "../client/index.ts";

const databaseName = "kairos-bridge";
const storeName = "keys";

/** Keys and tokens in IndexedDB: no other site reads them, and they never travel with a request. */
export const keyStore: KeyStorage = {
  async load(name) {
    const found: unknown = await inStore("readonly", (store) => store.get(name));
    return typeof found === "string" ? found : undefined;
  },
  async save(name, text) {
    await inStore("readwrite", (store) => store.put(text, name));
  },
};

async function inStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await promised(openDatabase());
  try {
    return await promised(act(database.transaction(storeName, mode).objectStore(storeName)));
  } finally {
    database.close();
  }
}

function openDatabase(): IDBOpenDBRequest {
  const request = indexedDB.open(databaseName, 1);
  request.addEventListener("upgradeneeded", () => {
    request.result.createObjectStore(storeName);
  });
  return request;
}

async function promised<T>(request: IDBRequest<T>): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    request.addEventListener("success", () => {
      resolve(request.result);
    });
    request.addEventListener("error", () => {
      reject(request.error ?? new Error("the browser keeps nothing for this page"));
    });
  });
}
