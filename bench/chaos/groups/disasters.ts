import type { Log } from "../../../lib/log/log.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import { type Cast, settledOwners } from "./cast.ts";
import type { MemberLife } from "./member-life.ts";
import { lateMsMax } from "./network.ts";
import type { Notes } from "./notes.ts";
import { pause, until } from "./pause.ts";

export interface DisasterParts {
  readonly cast: Cast;
  /** As the members' calls do not go: without faults. */
  readonly log: Log;
  readonly notes: Notes;
  readonly prng: Prng;
  readonly group: string;
  readonly topic: string;
  readonly sessionTimeoutMs: number;
  readonly isOver: () => boolean;
  /** Whether calls and the catalog's steps meet faults. */
  readonly setFaulty: (isFaulty: boolean) => void;
}

const burstMs = 10_000;
const awayMax = 4;
const settleMsMax = 30_000;
/** In which the next owner gets to its first record. */
const firstWorkMs = 500;

/** What happens to members: by turns one leaves while all is settled, and many things at once. */
export class Disasters {
  readonly #parts: DisasterParts;
  readonly #running = new Set<Promise<void>>();

  constructor(parts: DisasterParts) {
    this.#parts = parts;
  }

  /** Resolves when it is over and everyone who was away may come back. */
  async run(): Promise<void> {
    const { cast, isOver, setFaulty } = this.#parts;
    while (!isOver()) {
      await this.#departure();
      setFaulty(true);
      await this.#burst();
      await Promise.all(this.#running);
      setFaulty(false);
      // A beat that comes late would count for one who is gone.
      await pause(lateMsMax);
      cast.start();
      await this.#death();
    }
  }

  /** One of the settled members leaves, and comes back when the others have shared out what it had. */
  async #departure(): Promise<void> {
    const { cast, notes } = this.#parts;
    await this.#whenSettled(async (leaver, before) => {
      const lives = cast.names.map((name) => cast.life(name)?.id);
      notes.count("leave");
      await leaver.leave();
      const others = cast.names.filter((name) => name !== leaver.member);
      let isAlone = true;
      const after = await this.#owners(others, (there) => (isAlone &&= there.length === others.length && !there.includes(leaver.member)));
      isAlone &&= others.every((name) => lives.includes(cast.life(name)?.id));
      if (isAlone && after !== undefined) notes.departures.push({ leaver: leaver.member, before, after });
    });
  }

  /** One of the settled members dies, and nothing else happens, to calls neither, until others have what it had. */
  async #death(): Promise<void> {
    const { cast, notes } = this.#parts;
    await this.#whenSettled(async (life) => {
      notes.deaths.push({ ...life.crash(), isAlone: true });
      notes.count("crash");
      await this.#owners(cast.names.filter((name) => name !== life.member));
      await life.ended;
      await pause(firstWorkMs);
    });
  }

  /** Has something happen to one of the members, who comes back then. */
  async #whenSettled(happens: (life: MemberLife, owners: ReadonlyMap<number, string>) => Promise<void>): Promise<void> {
    const { cast, prng } = this.#parts;
    const owners = await this.#owners(cast.names);
    const name = this.#anyone();
    if (owners === undefined || name === undefined) return;
    await cast.during(name, async (life) => {
      await happens(life, owners);
      await pause(prng.between(0, 500));
    });
    cast.start();
  }

  /** Who has what once just these members have what they are to have; undefined when that takes too long, or it is over. */
  async #owners(
    members: readonly string[],
    note: (there: readonly string[]) => void = () => undefined,
  ): Promise<ReadonlyMap<number, string> | undefined> {
    const { log, group, topic, isOver } = this.#parts;
    let owners: ReadonlyMap<number, string> | undefined;
    await until(async () => isOver() || (owners = await settledOwners(log, { group, topic, members, note })) !== undefined, settleMsMax);
    return owners;
  }

  async #burst(): Promise<void> {
    const { cast, prng, isOver } = this.#parts;
    const endMs = performance.now() + burstMs;
    while (performance.now() < endMs && !isOver()) {
      await pause(prng.between(100, 800));
      // Also those whom another life has replaced come back.
      cast.start();
      const name = this.#anyone();
      if (name === undefined || cast.names.length - cast.calm.length >= awayMax) continue;
      const running = cast.during(name, (life) => this.#meet(life)).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  async #meet(life: MemberLife): Promise<void> {
    const { cast, notes, prng, sessionTimeoutMs } = this.#parts;
    const what = prng.pick(["leave", "crash", "quick crash", "freeze", "freeze", "short freeze"]);
    notes.count(what);
    if (what === "leave") await life.leave();
    else if (what === "crash") {
      notes.deaths.push(life.crash());
      await pause(sessionTimeoutMs + prng.between(1_500, 4_000));
    } else if (what === "quick crash") life.crash();
    else {
      const isLong = what === "freeze";
      const ms = isLong ? sessionTimeoutMs + prng.between(1_000, 4_000) : prng.between(200, sessionTimeoutMs - 1_000);
      const death = life.freeze(ms);
      if (isLong) notes.deaths.push(death);
      await pause(ms);
      return;
    }
    await life.ended;
    // A request that the life before has sent may get there first.
    await pause(prng.between(1_500, 4_000));
    cast.startOne(life.member);
  }

  #anyone(): string | undefined {
    const { cast, prng } = this.#parts;
    return cast.calm[prng.between(0, Math.max(0, cast.calm.length - 1))];
  }
}
