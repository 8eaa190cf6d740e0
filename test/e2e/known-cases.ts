/** HTTP cases that a front door cannot pass, each with the reason. A suite that lists one fails when it passes all the same. */
export type KnownCases = Readonly<Record<string, string>>;

const noStream = "an answer in one piece is no stream";

/** Doors whose function answers in one piece. */
export const inOnePiece: KnownCases = {
  "a partition's stream has what was there and what comes": noStream,
  "a partition's stream starts at the latest offset unless told otherwise": noStream,
  "a partition's stream that reconnects misses nothing and repeats nothing": noStream,
  "a topic's stream that reconnects misses nothing and repeats nothing": noStream,
  "a topic's stream takes in partitions that are added": noStream,
  "a stream's records are written as asked, one line each": noStream,
};

/** REST APIs. */
export const queryOpened: KnownCases = {
  "a query with broken percent-encoding is refused": "the door opens the encoding, and leaves as it is what it cannot",
};
