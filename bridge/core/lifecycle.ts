/** Closes one part that was opened. */
export type Closer = () => PromiseLike<void>;

/** Waits for all; what opened is closed later even if another failed. Throws the first failure. */
export async function openTogether<T extends readonly (AsyncDisposable | undefined)[]>(
  closers: Closer[],
  opening: { readonly [K in keyof T]: Promise<T[K]> },
): Promise<T> {
  const settled = await Promise.allSettled(opening);
  for (const result of settled) {
    if (result.status === "rejected" || result.value === undefined) continue;
    const opened = result.value;
    closers.push(() => opened[Symbol.asyncDispose]());
  }
  const failure = settled.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return settled.map((result) => (result as PromiseFulfilledResult<unknown>).value) as never;
}

/** All at once, since each bounds its own time and none depends on another to close. */
export async function closeAll(closers: readonly Closer[]): Promise<void> {
  await Promise.allSettled(
    closers.map(async (close) => {
      await close();
    }),
  );
}
