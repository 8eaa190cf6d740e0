const frame = /^\s+at /;
/** What Node leaves out, since the error's cause has it. */
const leftOut = /^\s+\.\.\. \d+ lines matching/;
/** This package, as frames name its files. */
const ours = new URL("../../", import.meta.url).href;

/** An error's text without the frames of Node's internals and of this package below the last one of its author's. Of a stack that has none of those, all stay. */
export function ownFrames(text: string): string {
  const kept: string[] = [];
  /** Frames since the last one of the author's. */
  let below: string[] = [];
  let isInOwn = false;
  const end = (): void => {
    // Where an error has more than its stack, that begins behind the last frame.
    const opening = below.at(-1)?.endsWith(" {") === true ? " {" : "";
    if (isInOwn) kept.push(`${kept.pop() ?? ""}${opening}`);
    else kept.push(...below);
    below = [];
    isInOwn = false;
  };
  for (const line of text.split("\n")) {
    const isLeftOut = leftOut.test(line);
    if (!isLeftOut && !frame.test(line)) {
      end();
      kept.push(line);
    } else if (isLeftOut || line.includes("node:") || line.includes(ours)) below.push(line);
    else {
      kept.push(...below, line);
      below = [];
      isInOwn = true;
    }
  }
  end();
  return kept.join("\n");
}
