import assert from "node:assert/strict";
import type { CommandResult } from "./run-command.ts";

/** A command of a server's, and what its outcome has to be. */
export interface CheckedCommand {
  readonly run: (...args: string[]) => Promise<CommandResult>;
  /** What a command that must end well prints. */
  readonly ok: (...args: string[]) => Promise<string>;
  /** What a command says that must fail and print nothing. */
  readonly fails: (code: 1 | 2, ...args: string[]) => Promise<string>;
}

export function checkedCommand(run: CheckedCommand["run"]): CheckedCommand {
  return {
    run,
    ok: async (...args) => {
      const { code, stdout, stderr } = await run(...args);
      assert.equal(code, 0, stderr);
      return stdout;
    },
    fails: async (code, ...args) => {
      const result = await run(...args);
      assert.deepEqual([result.code, result.stdout], [code, ""], args.join(" "));
      return result.stderr;
    },
  };
}
