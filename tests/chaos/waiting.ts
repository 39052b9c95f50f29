// Waiting for what no event of another process tells of.

const POLL_MS = 100;

/** Resolves when `condition` holds (one that throws does not), or after `patienceMs`. */
export async function until(
  condition: () => unknown | Promise<unknown>,
  patienceMs: number,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!await holds(condition)) {
    if (performance.now() > deadline) return;
    await pause(POLL_MS);
  }
}

async function holds(condition: () => unknown | Promise<unknown>): Promise<boolean> {
  try {
    return Boolean(await condition());
  } catch {
    return false;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
