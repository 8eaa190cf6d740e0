// A small Node.js Lambda runtime: loads the handler, polls the Runtime API, reports results.
import { Buffer } from "node:buffer";
import console from "node:console";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import util from "node:util";

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true });
const PREFIX = "/2018-06-01/runtime/";
let requestId;

function call(method, url, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? undefined : Buffer.from(body);
    const req = http.request(
      { host, port, method, path: PREFIX + url, agent, headers: { ...headers, ...(data && { "content-length": data.length }) } },
      (res) => {
        const parts = [];
        res.on("data", (d) => parts.push(d));
        res.on("end", () =>
          res.statusCode < 300
            ? resolve({ headers: res.headers, body: Buffer.concat(parts).toString() })
            : reject(new Error(`runtime api: ${res.statusCode}`)),
        );
        res.on("error", reject);
      },
    );
    req.on("error", reject);
    req.end(data);
  });
}

for (const [name, level] of Object.entries({ log: "INFO", info: "INFO", debug: "DEBUG", trace: "TRACE", warn: "WARN", error: "ERROR" })) {
  console[name] = (...args) => process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${util.format(...args)}\n`);
}

const errorBody = (e) =>
  JSON.stringify(
    e instanceof Error || (e && e.message !== undefined && e.name)
      ? { errorType: e.name || "Error", errorMessage: String(e.message), trace: String(e.stack || "").split("\n") }
      : { errorType: typeof e, errorMessage: util.format(e), trace: [] },
  );

async function loadHandler() {
  const full = env._HANDLER;
  const base = path.basename(full);
  const dot = base.indexOf(".");
  if (dot < 0) throw Object.assign(new Error(`Bad handler ${full}`), { name: "Runtime.MalformedHandlerName" });
  const stem = path.resolve(env.LAMBDA_TASK_ROOT, path.dirname(full), base.slice(0, dot));
  const file = ["", ".js", ".mjs", ".cjs"].map((x) => stem + x).find((f) => fs.existsSync(f) && fs.statSync(f).isFile());
  if (!file) throw Object.assign(new Error(`Error: Cannot find module '${base.slice(0, dot)}'`), { name: "Runtime.ImportModuleError" });
  const mod = await import(pathToFileURL(file).href);
  const pick = (m) =>
    base
      .slice(dot + 1)
      .split(".")
      .reduce((o, k) => o?.[k], m);
  const handler = pick(mod) ?? pick(mod.default);
  if (typeof handler !== "function")
    throw Object.assign(new Error(`${full} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  return handler;
}

function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const deadline = Number(headers["lambda-runtime-deadline-ms"]);
    const callback = (err, value) => (err ? reject(err) : resolve(value));
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionName: env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
      invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
      awsRequestId: headers["lambda-runtime-aws-request-id"],
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
      done: callback,
      succeed: (v) => resolve(v),
      fail: (e) => reject(e),
    };
    try {
      const out = handler(event, context, callback);
      if (out && typeof out.then === "function") out.then(resolve, reject);
      else if (handler.length < 3 && out !== undefined) resolve(out);
    } catch (e) {
      reject(e);
    }
  });
}

(async () => {
  let handler;
  try {
    handler = await loadHandler();
  } catch (e) {
    console.error("Uncaught Exception", e);
    await call("POST", "init/error", errorBody(e)).catch(() => {});
    process.exit(1);
  }
  const die = async (e) => {
    console.error("Uncaught Exception", e);
    if (requestId) await call("POST", `invocation/${requestId}/error`, errorBody(e)).catch(() => {});
    process.exit(129);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", (e) =>
    die(Object.assign(new Error(String(e?.message ?? e)), { name: "Runtime.UnhandledPromiseRejection", stack: e?.stack })),
  );
  for (;;) {
    const next = await call("GET", "invocation/next").catch(() => process.exit(0)); // LocalStack went away
    requestId = next.headers["lambda-runtime-aws-request-id"];
    env._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"] || "";
    try {
      const value = await run(handler, JSON.parse(next.body || "null"), next.headers);
      await call("POST", `invocation/${requestId}/response`, JSON.stringify(value === undefined ? null : value) ?? "null", {
        "content-type": "application/json",
      });
    } catch (e) {
      console.error("Invoke Error", errorBody(e));
      await call("POST", `invocation/${requestId}/error`, errorBody(e)).catch(() => {});
    }
    requestId = undefined;
  }
})();
