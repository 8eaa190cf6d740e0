import { join } from "node:path";
import { type Connection, pause } from "./connection.ts";
import { FilesSeen } from "./files-seen.ts";
import { JanitorLog } from "./janitor-log.ts";
import { checkFolder, type ServerProcess, startServer } from "./server.ts";
import { tearTail } from "./torn-tail.ts";

const tearEvery = 3;
/** What the clock goes on by from one server to the next: enough for most to seal by age and to delete what was replaced; for others it is too early. */
const clockStepMsMax = 180 * 60_000;
const roundMsMax = 20_000;

/** The server of a run: killed and started again over one folder. */
export class ChaosServer {
  readonly janitor = new JanitorLog();
  readonly restartMs: number[] = [];
  killed = 0;
  torn = 0;
  /** What was seen between two lives, and what of it is gone: journal files, and objects of segments, of which each seal, merge or pass makes one at least. */
  readonly journalFiles = new FilesSeen();
  readonly objects = new FilesSeen();
  readonly #folder: string;
  readonly #connection: Connection;
  #process: ServerProcess | undefined;
  #aheadMs = 0;

  constructor(folder: string, connection: Connection) {
    this.#folder = folder;
    this.#connection = connection;
  }

  async start(): Promise<void> {
    this.#process = await startServer(this.#folder, this.#aheadMs, this.janitor);
    this.#connection.url = this.#process.url;
  }

  /** Kills it, and starts it again. @param stepMs what its clock goes on by */
  async crash(stepMs = Math.random() * clockStepMsMax): Promise<void> {
    await this.kill();
    this.killed++;
    await this.#lookAtFiles();
    if (this.killed % tearEvery === 0 && (await tearTail(this.#folder))) this.torn++;
    this.#aheadMs += Math.floor(stepMs);
    const begun = performance.now();
    await this.start();
    this.restartMs.push(performance.now() - begun);
  }

  async kill(): Promise<void> {
    this.#connection.url = undefined;
    await this.#process?.kill();
  }

  /** Once more through kills, so that nothing was only in memory; and through two rounds of the janitor: the first sees what waits, the second seals it. */
  async settle(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      await this.crash(clockStepMsMax);
      await this.tended();
    }
  }

  /** Resolves once a round of this server's janitor has ended. */
  async tended(): Promise<void> {
    const deadline = performance.now() + roundMsMax;
    while (!(await this.#hasTended())) {
      if (performance.now() > deadline) throw new Error(`no round of the janitor has ended within ${roundMsMax} ms`);
      await pause(20);
    }
  }

  /** Ends it in good order. @returns what `stratalog check` finds in its folder */
  async stopAndCheck(): Promise<readonly string[]> {
    this.#connection.url = undefined;
    await this.#process?.stop();
    await this.#lookAtFiles();
    return await checkFolder(this.#folder, this.#aheadMs);
  }

  async #hasTended(): Promise<boolean> {
    const metrics = await fetch(`${this.#process?.url}/metrics`);
    return /^stratalog_unsealed_bytes/m.test(await metrics.text());
  }

  async #lookAtFiles(): Promise<void> {
    await this.journalFiles.look(join(this.#folder, "journal"));
    await this.objects.look(join(this.#folder, "objects", "stored"));
  }
}
