import { randomUUID } from "node:crypto";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { CallFailed } from "../../log/consumers/consumers.ts";
import { FileWatch, realPath } from "./file-watch.ts";
import { NotLoaded } from "./load-handler.ts";
import { ThreadPool } from "./thread-pool.ts";

export interface HandlerOptions {
  /** The function's name, as its context tells it. */
  readonly name: string;
  /** The file, and after a `#` its export. Default `handler`. */
  readonly source: string;
  /** Gets each line that the function prints, and what is said of its loading. */
  readonly print: (line: string) => void;
  /** Called when it was loaded anew. */
  readonly onReload?: () => void;
}

/** A function of a file on this machine. It is loaded anew when its file changes, or one that it imports. */
export class Handler {
  readonly #options: HandlerOptions;
  readonly #file: string;
  readonly #exportName: string;
  readonly #files = new Set<string>();
  readonly #watch: FileWatch;
  #pool: ThreadPool | undefined;
  /** With those of earlier states of the files, whose calls end first. */
  readonly #pools = new Set<ThreadPool>();
  /** Why it cannot be called, if it cannot. */
  #broken = "";
  #mended = Promise.withResolvers<undefined>();
  /** For whom it was not called since it broke. */
  readonly #told = new Set<string>();
  #reloading: Promise<void> | undefined;
  #isStale = false;
  #isClosed = false;

  private constructor(options: HandlerOptions) {
    const [file, exportName = exportNameDefault] = splitSource(options.source);
    this.#options = options;
    this.#file = resolve(file);
    this.#exportName = exportName;
    this.#watch = new FileWatch(
      (path) => this.#files.has(path) || (this.#broken !== "" && /\.([cm]?[jt]s|json)$/.test(path)),
      () => this.#reload(),
    );
  }

  /** @throws LogError invalid_config with what is wrong with the file */
  static async open(options: HandlerOptions): Promise<Handler> {
    const handler = new Handler(options);
    try {
      handler.#take(await handler.#load());
      return handler;
    } catch (cause) {
      handler.#watch.close();
      throw new LogError("invalid_config", handler.#wordsOf(cause), { cause });
    }
  }

  /** Whether its calls wait until its file is mended. */
  get isBroken(): boolean {
    return this.#broken !== "";
  }

  /** The file as one would write it here, and its export where that is not the default. */
  get shown(): string {
    return `${shown(this.#file)}${this.#exportName === exportNameDefault ? "" : `#${this.#exportName}`}`;
  }

  /**
   * Calls it with an event of JSON. While it cannot be loaded it waits until it is mended, after having said so once.
   * @param place who is to be told once that it is broken
   * @throws CallFailed; `unavailable` where it was not called
   */
  async call(event: string, timeoutMs: number, place: string, signal: AbortSignal | undefined): Promise<unknown> {
    while (this.#broken !== "") {
      if (!this.#told.has(place)) {
        this.#told.add(place);
        throw new CallFailed("unavailable", this.#broken);
      }
      await abortable(this.#mended.promise, signal);
    }
    if (this.#isClosed || this.#pool === undefined) throw new CallFailed("unavailable", "The server is ending.");
    return await this.#pool.call({ requestId: randomUUID(), event, timeoutMs }, signal);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.close();
    this.#pool = undefined;
    this.#mended.resolve(undefined);
    this.#broken = "";
    await this.#reloading;
    await Promise.all([...this.#pools].map((pool) => pool.close()));
  }

  async #load(): Promise<ThreadPool> {
    this.#files.clear();
    for (const path of [this.#file, realPath(this.#file)]) this.#uses(path);
    const { name, print } = this.#options;
    const start = { file: this.#file, exportName: this.#exportName, name };
    const slow = setTimeout(() => print(`${shown(this.#file)} still loads. It has ${limits.localLoadMsMax / 1_000} s.`), tellLoadAfterMs);
    try {
      return await ThreadPool.open(start, { print, onFile: (url) => this.#uses(fileURLToPath(url)) });
    } finally {
      clearTimeout(slow);
    }
  }

  #take(pool: ThreadPool): void {
    this.#pool?.retire();
    this.#pool = pool;
    for (const before of this.#pools) if (before.isOver) this.#pools.delete(before);
    this.#pools.add(pool);
  }

  #uses(path: string): void {
    this.#files.add(path);
    if (!this.#isClosed) this.#watch.add(path);
  }

  #reload(): void {
    this.#isStale = true;
    this.#reloading ??= this.#swapAll().finally(() => (this.#reloading = undefined));
  }

  async #swapAll(): Promise<void> {
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      await this.#swap();
    }
  }

  async #swap(): Promise<void> {
    const { print, onReload } = this.#options;
    try {
      const pool = await this.#load();
      this.#take(pool);
      this.#broken = "";
      this.#told.clear();
      this.#mended.resolve(undefined);
      this.#mended = Promise.withResolvers();
      print(`Reloaded ${shown(this.#file)}`);
      onReload?.();
    } catch (reason) {
      this.#broken = this.#wordsOf(reason);
      print(`${this.#broken} Records wait until it is mended.`);
    }
  }

  #wordsOf(reason: unknown): string {
    const message = reason instanceof Error ? reason.message : String(reason);
    const place = reason instanceof NotLoaded && reason.place !== "" ? ` (${shownPlace(reason.place)})` : "";
    return `${shown(this.#file)} cannot be loaded: ${message}${place}`;
  }
}

const exportNameDefault = "handler";
/** How long it may load until that is told. */
const tellLoadAfterMs = limits.localLoadMsMax / 5;

/** The file, and the name of its export when there is one. */
export function splitSource(source: string): readonly [file: string, exportName?: string] {
  const found = /^(.*)#([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(source);
  return found === null ? [source] : [found[1] ?? "", found[2] ?? ""];
}

/** As one would write it here. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : `./${short}`;
}

function shownPlace(place: string): string {
  const [, path = place, line = ""] = /^(.*):(\d+)$/.exec(place) ?? [];
  return `${shown(path)}:${line}`;
}

async function abortable(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await work;
    return;
  }
  const aborted = Promise.withResolvers<undefined>();
  const stop = (): void => aborted.reject(new CallFailed("unavailable", "It was ended before it was mended."));
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
