import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cli = join(root, "node_modules/aws-cdk/bin/cdk");
const account = "000000000000";
const region = "us-east-1";

export interface Outputs {
  readonly FunctionUrl: string;
  readonly RestUrl: string;
  readonly TableName: string;
  readonly BucketName: string;
  readonly ApiFunctionName: string;
  readonly JanitorFunctionName: string;
  readonly ClerkKeyId: string;
  readonly ClerkSecret: string;
}

/** CDK's own command line against one LocalStack, with the suite's app. */
export class Cdk {
  readonly #endpoint: string;
  readonly #app: string;

  /** @param endpoint such as `http://127.0.0.1:4566` */
  constructor(endpoint: string, app = "test/localstack/app.ts") {
    this.#endpoint = endpoint;
    this.#app = app;
  }

  async bootstrap(): Promise<void> {
    await this.#run(["bootstrap", `aws://${account}/${region}`]);
  }

  async deploy(context: Readonly<Record<string, string>> = {}): Promise<Outputs> {
    const folder = await mkdtemp(join(tmpdir(), "stratalog-cdk-"));
    try {
      const file = join(folder, "outputs.json");
      await this.#run([
        "deploy",
        "--require-approval",
        "never",
        "--outputs-file",
        file,
        "--output",
        join(folder, "cdk.out"),
        ...flagsOf(context),
      ]);
      const [outputs] = Object.values(JSON.parse(await readFile(file, "utf8")) as Record<string, Outputs>);
      if (outputs === undefined) throw new Error("The deployed stack has no outputs.");
      return outputs;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async destroy(context: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#run(["destroy", "--force", ...flagsOf(context)]);
  }

  /** @throws Error with what it printed when it failed */
  async #run(args: readonly string[]): Promise<void> {
    const { PATH = "", HOME } = process.env;
    const child = spawn(process.execPath, [cli, ...args, "--app", `node ${this.#app}`, "--no-notices", "--no-version-reporting"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      // Nothing of the developer's own account.
      env: {
        // As npx has it: the package's own Node comes first.
        PATH: `${join(root, "node_modules/.bin")}:${PATH}`,
        HOME,
        CI: "true",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_REGION: region,
        // S3 by an address, as its buckets' host names are not known here.
        AWS_ENDPOINT_URL: this.#endpoint,
        AWS_ENDPOINT_URL_S3: this.#endpoint,
      },
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`cdk ${args.join(" ")} failed (${code}):\n${printed}`);
  }
}

function flagsOf(context: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(context).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
