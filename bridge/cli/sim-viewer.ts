export async function viewScenario(_a: string, _b: unknown): Promise<void> {
  await Promise.resolve();
}
