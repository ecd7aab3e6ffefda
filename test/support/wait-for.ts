export interface WaitForOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  /** What there is to see when the wait was in vain, such as the logs of processes. */
  readonly evidence?: () => string;
}

/**
 * Polls until `condition` holds, every `everyMs`.
 *
 * @throws Error naming `what` when it does not within `timeoutMs` (30 s unless said otherwise), with what `evidence` says then.
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: string,
  { timeoutMs = 30_000, everyMs = 10, evidence }: WaitForOptions = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      const found = evidence === undefined ? '' : `\n${evidence()}`;
      throw new Error(`waited ${timeoutMs} ms in vain for: ${what}${found}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
