import { LogError } from "../../../lib/core/errors.ts";
import type { Log } from "../../../lib/log/log.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { Notes } from "./notes.ts";
import { pause } from "./pause.ts";

const chances = { delayed: 0.1, requestLost: 0.02, answerLost: 0.03, repeated: 0.04, late: 0.02 } as const;
const delayMsMax = 800;
/** A copy may come when its sender has long heard of something else. */
export const lateMsMax = 5_000;
const answerMsMax = 2_500;

/** Between members and log: calls go to the processes by turns, and for a share of them something goes wrong. */
export class Network {
  isFaulty = false;
  readonly #logs: readonly Log[];
  readonly #prng: Prng;
  readonly #notes: Notes;
  #turn = 0;

  constructor(logs: readonly Log[], prng: Prng, notes: Notes) {
    this.#logs = logs;
    this.#prng = prng;
    this.#notes = notes;
  }

  /** @param isOnce whether no copy of it may come after its sender has given up: a late join would take over from a later life of the same member */
  async call<T>(run: (log: Log) => Promise<T>, { isOnce = false }: { readonly isOnce?: boolean } = {}): Promise<T> {
    const send = (): Promise<T> => run(this.#next());
    return await withinTime(this.isFaulty ? this.#faulty(send, isOnce) : send());
  }

  async #faulty<T>(send: () => Promise<T>, isOnce: boolean): Promise<T> {
    if (this.#happens("delayed")) await pause(this.#prng.between(1, delayMsMax));
    if (!isOnce && this.#happens("repeated")) this.#sendLate(send);
    if (this.#happens("requestLost")) throw noAnswer();
    if (!isOnce && this.#happens("late")) {
      this.#sendLate(send);
      throw noAnswer();
    }
    const answer = await send();
    if (this.#happens("answerLost")) throw noAnswer();
    return answer;
  }

  #sendLate(send: () => Promise<unknown>): void {
    void pause(this.#prng.between(1, lateMsMax))
      .then(send)
      .catch(() => undefined);
  }

  #next(): Log {
    const log = this.#logs[this.#turn++ % this.#logs.length];
    if (log === undefined) throw new Error("no log is open");
    return log;
  }

  #happens(what: keyof typeof chances): boolean {
    if (!this.#prng.chance(chances[what])) return false;
    this.#notes.count(`calls ${what}`);
    return true;
  }
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(noAnswer()), answerMsMax)));
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function noAnswer(): LogError {
  return new LogError("timeout", "No answer has come.", { outcome: "unknown" });
}
