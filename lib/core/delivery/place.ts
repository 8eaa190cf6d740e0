import { LogError } from "../errors.ts";

/** Where in which filter something stands, to say so when it is wrong. */
export class Place {
  readonly #filter: number;
  readonly #path: string;

  /** @param filter its number, counted from 1 */
  constructor(filter: number, path = "") {
    this.#filter = filter;
    this.#path = path;
  }

  field(name: string): Place {
    return new Place(this.#filter, this.#path === "" ? name : `${this.#path}.${name}`);
  }

  item(index: number): Place {
    return new Place(this.#filter, `${this.#path}[${index}]`);
  }

  error(message: string): LogError {
    return new LogError("invalid_config", `Filter ${this.#filter}${this.#path === "" ? "" : `, at ${this.#path}`}: ${message}`);
  }
}
