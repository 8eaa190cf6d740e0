import { readFileSync } from "node:fs";

/** A fenced block of the README. */
export interface Block {
  readonly language: string;
  readonly code: string;
}

/** The README's fenced blocks, in order. */
export function readmeBlocks(): readonly Block[] {
  const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = "", code = ""]) => ({ language, code }));
}

/** What one shell block does, and what the page says that it prints. */
export interface Step {
  readonly kind: "start" | "run" | "skip";
  readonly code: string;
  /** The `text` block after it: the whole of its output, line by line; `…` stands for anything in a line. */
  readonly output: string | undefined;
}

/** The shell blocks as steps. Installing and testing is what runs this, so these two commands are no steps of it. */
export function readmeSteps(): readonly Step[] {
  const blocks = readmeBlocks();
  return blocks.flatMap((block, at) => {
    if (block.language !== "sh") return [];
    const next = blocks[at + 1];
    const starts = /^(npm ci && )?npm start\b/.test(block.code);
    const kind = starts ? "start" : block.code.startsWith("npm ci") ? "skip" : "run";
    return [{ kind, code: block.code, output: next?.language === "text" ? next.code : undefined }];
  });
}

/** Whether an output is what the page says, but for the end of the last line: JSON answers have none. */
export function isAsShown(output: string, shown: string): boolean {
  const pattern = shown
    .trimEnd()
    .split("…")
    .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join("[^\\n]*")}$`).test(output.trimEnd());
}
