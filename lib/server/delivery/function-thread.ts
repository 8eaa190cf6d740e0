import { createInterface } from "node:readline";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { limits } from "../../core/limits.ts";
import { CallFailed } from "../../log/consumers/consumers.ts";
import { NotLoaded } from "./load-handler.ts";
import { OutputLines } from "./output-lines.ts";
import { ownFrames } from "./own-frames.ts";
import type { CallMessage, WorkerMessage, WorkerParts, WorkerStart } from "./worker-messages.ts";
import { taken } from "./worker-output.ts";

/** In a clone Node runs the sources; what is shipped is JavaScript. */
const program = new URL(`./handler-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

export interface ThreadOptions {
  /** Gets each line that the function prints. */
  readonly print: (line: string) => void;
  /** Told of each file of the function's own that it loads: its URL. */
  readonly onFile: (url: string) => void;
}

/** A function loaded into a thread of its own: it cannot hold up the server, nor end it. Runs one call at a time, as an execution environment of Lambda does. */
export class FunctionThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #waiting = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #lines: OutputLines;
  readonly #onFile: (url: string) => void;
  readonly #loaded = Promise.withResolvers<undefined>();
  #call: PromiseWithResolvers<unknown> | undefined;
  #isOver = false;
  /** What the thread died of. */
  #fault = "";

  private constructor(start: WorkerStart, { print, onFile }: ThreadOptions) {
    const { port1, port2: port } = new MessageChannel();
    const worker = new Worker(program, {
      workerData: { ...start, port, waiting: this.#waiting } satisfies WorkerParts,
      transferList: [port],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: limits.localThreadMemoryMib },
      execArgv: ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"],
    });
    this.#worker = worker;
    this.#port = port1;
    this.#lines = new OutputLines(print);
    this.#onFile = onFile;
    port1.on("message", (message: WorkerMessage) => this.#told(message));
    // What does not go through its streams: Node's own last words.
    for (const input of [worker.stdout, worker.stderr]) createInterface({ input }).on("line", print);
    worker.on("error", (reason: unknown) => {
      this.#drain();
      this.#lines.flush();
      this.#fault = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
      print(reason instanceof Error ? ownFrames(reason.stack ?? this.#fault) : this.#fault);
    });
    worker.on("exit", (code) => this.#ended(code));
  }

  /** Resolves once the handler is loaded. @throws NotLoaded */
  static async load(start: WorkerStart, options: ThreadOptions): Promise<FunctionThread> {
    const thread = new FunctionThread(start, options);
    const late = setTimeout(() => {
      thread.#loaded.reject(new NotLoaded(`It is not loaded within ${limits.localLoadMsMax / 1_000} s.`));
    }, limits.localLoadMsMax);
    try {
      await thread.#loaded.promise;
    } catch (reason) {
      await thread.end();
      throw reason;
    } finally {
      clearTimeout(late);
    }
    return thread;
  }

  /** Whether it takes no more calls. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @returns the answer, as JSON says it @throws CallFailed; after a timeout, or when the function has ended its thread, it takes no more calls */
  async call(message: CallMessage): Promise<unknown> {
    const call = Promise.withResolvers<unknown>();
    this.#call = call;
    const late = setTimeout(() => {
      this.#drain();
      this.#lines.flush();
      const seconds = (message.timeoutMs / 1_000).toFixed(2);
      call.reject(failed(`Sandbox.Timedout: Task timed out after ${seconds} seconds`, message.requestId));
      void this.end();
    }, message.timeoutMs);
    this.#port.postMessage(message);
    try {
      return await call.promise;
    } catch (reason) {
      throw reason instanceof CallFailed && reason.kind === "function" ? failed(reason.message, message.requestId) : reason;
    } finally {
      clearTimeout(late);
      this.#call = undefined;
    }
  }

  /** Ends the thread at once; a call that runs is one of which nobody knows. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#call?.reject(new CallFailed("unavailable", "The function was ended while it ran."));
    await this.#worker.terminate();
  }

  /** Takes what it has told by now. While that is not taken, it waits when it has much to print: there is an end to it. */
  #drain(): void {
    const told: WorkerMessage[] = [];
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      told.push(next.message as WorkerMessage);
    }
    for (const message of told) this.#told(message);
  }

  #told(message: WorkerMessage): void {
    if (message.kind !== "output" && message.kind !== "file") this.#lines.flush();
    switch (message.kind) {
      case "output":
        this.#lines.add(message.text);
        taken(this.#waiting, message.text);
        break;
      case "file":
        this.#onFile(message.url);
        break;
      case "loaded":
        this.#loaded.resolve(undefined);
        break;
      case "not-loaded":
        this.#loaded.reject(new NotLoaded(message.message, message.place));
        break;
      case "answer":
        this.#call?.resolve(message.json === undefined ? undefined : JSON.parse(message.json));
        break;
      case "failed":
        this.#call?.reject(failed(`${message.error.type}: ${message.error.message}`));
        break;
    }
  }

  #ended(code: number): void {
    this.#isOver = true;
    this.#drain();
    this.#lines.flush();
    this.#port.close();
    const how = this.#fault === "" ? `Runtime.ExitError: It ended its process with exit status ${code}` : this.#fault;
    this.#loaded.reject(new NotLoaded(how));
    this.#call?.reject(failed(how));
  }
}

function failed(message: string, requestId = ""): CallFailed {
  return new CallFailed("function", message, { functionError: "Unhandled", requestId });
}
