/** Randomness, injected: `core` and `log` never ask the machine. */
export interface Random {
  bytes(count: number): Uint8Array;
}
