import type { AppendOp, History, PollOp, SeenRecord } from "../../lib/testing/history.ts";

/** What the clients of the main topic did and were told. */
export class Recording implements History {
  readonly appends: AppendOp[] = [];
  readonly polls: PollOp[] = [];
  readonly final = new Map<number, readonly SeenRecord[]>();
  acknowledged = 0;
  #moment = 0;

  moment(): number {
    return this.#moment++;
  }
}
