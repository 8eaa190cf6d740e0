/** `npm run build`: dist/ anew, what the package ships: JavaScript and declarations of lib and of the constructs, and the functions' bundles. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const steps = [["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], ["scripts/build-functions.ts"]];

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
for (const step of steps) {
  const { status } = spawnSync(process.execPath, step, { cwd: root, stdio: "inherit" });
  process.exitCode ||= status ?? 1;
}
