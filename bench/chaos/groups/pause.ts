export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Looks again and again. @returns whether it came true in time */
export async function until(isSo: () => Promise<boolean>, msMax: number, everyMs = 100): Promise<boolean> {
  const endMs = performance.now() + msMax;
  while (!(await isSo())) {
    if (performance.now() > endMs) return false;
    await pause(everyMs);
  }
  return true;
}
