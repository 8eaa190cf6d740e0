import type { Plugin } from "esbuild";

/** A module that stands for another one, of which nothing is used: by what its path ends with, and what has to be there. */
export interface LeftOut {
  readonly path: RegExp;
  readonly exports: string;
}

const never = (what: string): string => `throw new Error(${JSON.stringify(what)})`;

/** Of the SDK: what is for operations that nobody here sends, and for a Node without its cryptography. */
export const unusedOfTheSdk: readonly LeftOut[] = [
  {
    path: /@smithy\/core\/dist-es\/submodules\/event-streams\/index\.js$/,
    exports: `
      const none = () => { ${never("This build has no event streams: no operation of the log uses one.")}; };
      export const eventStreamSerdeProvider = () => ({ serialize: none, deserialize: none });
      export const resolveEventStreamSerdeConfig = (config) => config;
      export class EventStreamSerde { constructor() { none(); } }`,
  },
  { path: /\/Sha1Js\.js$/, exports: `export class Sha1Js { constructor() { ${never("Node's own SHA-1 is missing.")}; } }` },
  { path: /\/Sha256Js\.js$/, exports: `export class Sha256Js { constructor() { ${never("Node's own SHA-256 is missing.")}; } }` },
];

/** Of the log: what only the janitor calls. */
export const janitorsOwn: readonly LeftOut[] = [
  {
    path: /lib\/engines\/aws\/upkeep\/upkeep\.ts$/,
    exports: `
      const none = async () => { ${never("This function gives no storage back: that is the janitor's.")}; };
      export class AwsUpkeep { reclaim = none; sweep = none; }`,
  },
];

/** Of the log: what only the function that delivers calls. */
export const deliversOwn: readonly LeftOut[] = [
  {
    path: /lib\/log\/consumers\/deliver\.ts$/,
    exports: `
      export const deliverPartition = async () => { ${never("This function delivers nothing: that is the deliver function's.")}; };`,
  },
];

/** Puts the stand-ins into their places. @throws Error at the end of a build that had nothing of one, so that none outlives what it stands for */
export function leaveOut(modules: readonly LeftOut[]): Plugin {
  return {
    name: "leave-out",
    setup(build) {
      const unseen = new Set(modules);
      for (const module of modules) {
        build.onLoad({ filter: module.path }, () => {
          unseen.delete(module);
          return { contents: module.exports, loader: "js" };
        });
      }
      build.onEnd(() => {
        const [missing] = unseen;
        if (missing !== undefined)
          return { errors: [{ text: `Nothing matches ${String(missing.path)} any more: take it out of scripts/functions/left-out.ts.` }] };
        return undefined;
      });
    },
  };
}
