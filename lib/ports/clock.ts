/** Time, injected: `core` and `log` never ask the machine. */
export interface Clock {
  /** Milliseconds since the epoch. May jump. */
  nowMs(): number;
  /** Resolves after a time, or at once (never rejecting) when the signal aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}
