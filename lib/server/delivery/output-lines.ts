import { limits } from "../../core/limits.ts";

/** Makes lines of what is printed in pieces. */
export class OutputLines {
  readonly #print: (line: string) => void;
  #rest = "";

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#printOne(line);
    if (this.#rest.length > limits.localOutputCharsMax) this.flush();
  }

  /** Prints what came without an end of line. */
  flush(): void {
    const rest = this.#rest;
    this.#rest = "";
    if (rest !== "") this.#printOne(rest);
  }

  #printOne(line: string): void {
    this.#print(line.replace(/\r$/, ""));
  }
}
