import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Emulator, startProgram } from "./emulator.ts";
import { installed, run } from "./install.ts";

const pom = fileURLToPath(new URL("../../test/localstack-host/ddb/pom.xml", import.meta.url));
const serverSource = fileURLToPath(new URL("LoopbackServer.java", import.meta.url));

const javaMin = 17;
const checkMsMax = 30_000;
const installMsMax = 5 * 60_000;
const startMsMax = 60_000;

/** Amazon's DynamoDB Local, from Maven Central. @returns its folder, in .tools */
export async function installDynamoDbLocal(): Promise<string> {
  return installed("dynamodb-local", [pom, serverSource], async (folder) => {
    await checkPrograms();
    const jars = join(folder, "lib");
    const copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
    const maven = ["-q", "-B", "-f", pom, copy, "-DincludeScope=runtime", `-DoutputDirectory=${jars}`];
    await run("mvn", maven, { timeoutMs: installMsMax });
    await run("javac", ["-cp", join(jars, "*"), "-d", join(folder, "classes"), serverSource], { timeoutMs: checkMsMax });
  });
}

export interface DynamoDbLocalOptions {
  /**
   * How long it is used. Measured, 16 writers: compiling quickly takes a quarter of the CPU an update in the first
   * seconds (2.2 ms for 8), compiling well takes three quarters of it after half a minute. Default: seconds.
   */
  readonly usedFor?: "seconds" | "minutes";
}

/**
 * One that is empty, keeps everything in memory and serves 127.0.0.1 on a free port. It slows down as it is filled, so
 * a suite starts its own.
 */
export async function startDynamoDbLocal({ usedFor = "seconds" }: DynamoDbLocalOptions = {}): Promise<Emulator> {
  const folder = await installDynamoDbLocal();
  const jars = join(folder, "lib");
  const classPath = [join(folder, "classes"), join(jars, "*")].join(":");
  const jvm = ["-Xmx512m", "-XX:+UseSerialGC", ...(usedFor === "seconds" ? ["-XX:TieredStopAtLevel=1"] : [])];
  // The port is only for its option parser: the server takes a free one.
  const server = ["LoopbackServer", "-inMemory", "-disableTelemetry", "-port", "8000"];
  const args = [...jvm, `-Djava.library.path=${jars}`, "-cp", classPath, ...server];
  return startProgram({ name: "DynamoDB Local", command: "java", args, startMsMax });
}

async function checkPrograms(): Promise<void> {
  const missing: string[] = [];
  const version = await run("javac", ["-version"], { timeoutMs: checkMsMax }).catch(() => "");
  const major = Number(/javac (\d+)/.exec(version)?.[1] ?? 0);
  if (major < javaMin)
    missing.push(`a JDK of ${javaMin} or newer (javac ${major === 0 ? "is not there" : `is ${major}`}; Debian: openjdk-17-jdk-headless)`);
  const maven = await run("mvn", ["-v"], { timeoutMs: checkMsMax }).catch(() => "");
  if (maven === "") missing.push("Maven (mvn is not there; Debian: maven)");
  if (missing.length > 0) throw new Error(`DynamoDB Local needs ${missing.join(" and ")}. Install it and run this again.`);
}
