import { partitionForKey } from "../core/partition.ts";
import { fraction } from "./backoff.ts";
import type { EncodedRecord } from "./encode.ts";
import type { ClientRandom } from "./options.ts";

/** Where records go: by the key as every Kafka client does it; keyless ones stay in one partition until its batch is sent or full. */
export class Partitioner {
  readonly #random: ClientRandom;
  readonly #batchBytes: number;
  #sticky: number | undefined;
  #stickyBytes = 0;

  constructor(random: ClientRandom, batchBytes: number) {
    this.#random = random;
    this.#batchBytes = batchBytes;
  }

  partitionOf(record: EncodedRecord, partitions: number): number {
    if (record.partition !== undefined) return record.partition;
    if (record.key !== null) return partitionForKey(record.key, partitions);
    if (this.#sticky === undefined || this.#sticky >= partitions || this.#stickyBytes >= this.#batchBytes) {
      this.#sticky = this.#another(partitions);
      this.#stickyBytes = 0;
    }
    this.#stickyBytes += record.bytes;
    return this.#sticky;
  }

  /** The next keyless record goes elsewhere. */
  turn(): void {
    this.#stickyBytes = this.#batchBytes;
  }

  #another(partitions: number): number {
    if (this.#sticky === undefined || partitions === 1) return Math.floor(fraction(this.#random) * partitions);
    return (this.#sticky + 1 + Math.floor(fraction(this.#random) * (partitions - 1))) % partitions;
  }
}
