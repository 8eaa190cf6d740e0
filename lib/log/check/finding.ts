/**
 * `damaged`: bytes or rows that do not say what was written · `missing`: something is named, or must be there, and is not · `dangling`: rows of what is not there ·
 * `overlapping`: offsets that two rows are about · `unreferenced`: bytes that nothing names · `inconsistent`: two places that tell different things
 */
export type FindingKind = "damaged" | "missing" | "dangling" | "overlapping" | "unreferenced" | "inconsistent";

export type FindingSubject = "topic" | "shard" | "journal" | "frontier" | "segment" | "garbage" | "object" | "mark" | "leftover" | "index";

/** As much as is known of where it is. */
export interface FindingPlace {
  readonly topic?: string;
  readonly topicId?: string;
  readonly shard?: number;
  readonly partition?: number;
  /** The first offset that it is about. */
  readonly offset?: number;
  /** Of an object, or of a row: `pk sk`. */
  readonly key?: string;
}

/** What a check has found. */
export interface Finding {
  /** False: worth knowing, and harmless. */
  readonly isFault: boolean;
  readonly kind: FindingKind;
  readonly what: FindingSubject;
  readonly where: FindingPlace;
  /** What is wrong, and what to do. */
  readonly message: string;
  /**
   * Looks once more and mends it, if that touches no data; undefined: it takes a person. May be called at any time after it was found, and more than once.
   * @returns false when there was nothing to mend any more
   */
  readonly repair?: () => Promise<boolean>;
}

type Facts = Omit<Finding, "isFault">;

export function fault(facts: Facts): Finding {
  return { isFault: true, ...facts };
}

export function note(facts: Facts): Finding {
  return { isFault: false, ...facts };
}

/** What is to be done about data that is lost or damaged where it is stored. */
export const restoreAdvice = {
  object: "Bring the object back from a copy of the data folder, or from its earlier version in S3 (docs/runbook.md, After a disaster).",
  journal:
    "Bring it back from a copy of the data folder, or from S3 and the table's point-in-time recovery (docs/runbook.md, After a disaster).",
  catalog:
    "Bring the row back from a copy of the data folder, or from the table's point-in-time recovery (docs/runbook.md, After a disaster).",
} as const;
