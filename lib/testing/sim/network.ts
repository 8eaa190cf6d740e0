import { LogError } from "../../core/errors.ts";
import type { Life } from "./life.ts";
import type { Prng } from "./prng.ts";
import type { Scheduler } from "./scheduler.ts";

/** How often what goes wrong, as probabilities of one message. */
export interface NetworkFaults {
  readonly lost: number;
  readonly late: number;
  readonly lateMsMax: number;
  /** Of requests that may be repeated. */
  readonly repeated: number;
  /** Requests that are refused on arrival. */
  readonly throttled: number;
}

export const noFaults: NetworkFaults = { lost: 0, late: 0, lateMsMax: 0, repeated: 0, throttled: 0 };

export interface CallOptions {
  readonly timeoutMs: number;
  /** Whether the network may deliver the request twice: only what is idempotent. Default false. */
  readonly repeatable?: boolean;
}

/** Carries requests and answers, each as a task of its own: late, lost, twice, in any order. */
export class Network {
  faults: NetworkFaults = noFaults;
  /** Messages on their way, and requests being served. */
  inFlight = 0;
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  readonly #trace: (line: string) => void;

  constructor(scheduler: Scheduler, prng: Prng, trace: (line: string) => void) {
    this.#scheduler = scheduler;
    this.#prng = prng;
    this.#trace = trace;
  }

  /** Has the target do something. What the caller gets may be a timeout, although the request is done, or will be later. */
  call<T>(caller: Life, what: string, target: () => Promise<T>, options: CallOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      let answered = false;
      const answer = (how: string, settle: () => void): void => {
        if (answered) return;
        answered = true;
        cancelTimeout();
        this.#trace(`${caller.name} ${what}: ${how}`);
        settle();
      };
      const cancelTimeout = caller.after(options.timeoutMs, () => {
        answer("timeout", () =>
          reject(new LogError("timeout", `${what} was not answered in ${options.timeoutMs} ms.`, { outcome: "unknown" })),
        );
      });
      const respond = (how: string, settle: () => void): void => {
        this.#carry(what, () => caller.arrive(() => answer(how, settle)));
      };
      const deliver = (): void => {
        this.#serve(what, target).then(
          (value) => respond("ok", () => resolve(value)),
          (reason: unknown) => {
            const error = LogError.from(reason);
            respond(`${error.code} ${error.outcome} (${error.message})`, () => reject(error));
          },
        );
      };
      const copies = options.repeatable === true && this.#prng.chance(this.faults.repeated) ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) this.#carry(what, deliver, true);
    });
  }

  async #serve<T>(what: string, target: () => Promise<T>): Promise<T> {
    this.inFlight++;
    try {
      if (this.#prng.chance(this.faults.throttled)) {
        throw new LogError("throttled", `${what} was refused: too much at once.`, { retryAfterMs: 5 });
      }
      return await target();
    } catch (reason) {
      throw LogError.from(reason);
    } finally {
      this.inFlight--;
    }
  }

  /** Sends one message, unless it gets lost. */
  #carry(what: string, arrive: () => void, isRequest = false): void {
    const { lost, late, lateMsMax } = this.faults;
    if (this.#prng.chance(lost)) {
      this.#trace(`${what}: ${isRequest ? "request" : "answer"} lost`);
      return;
    }
    const delayMs = this.#prng.chance(late) ? this.#prng.fraction() * lateMsMax : this.#prng.fraction() * 4 + 0.5;
    this.inFlight++;
    this.#scheduler.schedule(delayMs, () => {
      this.inFlight--;
      arrive();
    });
  }
}
