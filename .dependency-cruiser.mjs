/**
 * Imports point one way. For each part of lib: what it may import beside itself. What is not listed here may import
 * anything in lib (server, cli: they compose).
 */
const parts = {
  core: [],
  ports: ["core", "config"],
  log: ["ports", "core"],
  "engines/memory": ["ports", "core"],
  "engines/local": ["ports", "core"],
  "engines/aws": ["ports", "core", "config"],
  node: ["ports", "core"],
  config: ["core"],
  http: ["log", "ports", "core", "config"],
  kafka: ["log", "ports", "core", "config"],
  lambda: ["http", "log", "ports", "core", "config", "telemetry", "aws", "node"],
  telemetry: ["ports", "core", "config"],
  testing: ["log", "engines/memory", "engines/local", "engines/aws", "http", "client", "ports", "core"],
};

/** Parts that run anywhere: no Node, no package. */
const pure = "^lib/(core|ports|log|client)/";

const oneWay = Object.entries(parts).map(([part, allowed]) => ({
  name: `${part.replace("/", "-")}-imports`,
  comment: `lib/${part} may import ${[...allowed.map((other) => `lib/${other}`), "itself"].join(", ")}.`,
  severity: "error",
  from: { path: `^lib/${part}/` },
  to: { path: "^lib/", pathNot: [part, ...allowed, ...(part === "core" ? ["ports"] : [])].map((other) => `^lib/${other}/`) },
}));

export default {
  forbidden: [
    ...oneWay,
    {
      name: "core-runs-no-port",
      comment: "The ports are written in core's words, so core knows their types; it imports no code of theirs.",
      severity: "error",
      from: { path: "^lib/core/" },
      to: { path: "^lib/ports/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "engines-stand-alone",
      comment: "No engine imports another, not even its types.",
      severity: "error",
      from: { path: "^lib/engines/([^/]+)/" },
      to: { path: "^lib/engines/", pathNot: "^lib/engines/$1/" },
    },
    {
      name: "client-knows-the-wire-only",
      comment: "The SDK is zero dependencies and web APIs: it imports the wire types and core.",
      severity: "error",
      from: { path: "^lib/client/" },
      to: { path: "^lib/", pathNot: "^lib/(client/|core/|http/(group-|consumer-)?wire\\.ts$)" },
    },
    {
      name: "pure-parts-are-pure",
      comment: "core, ports, log and client import neither Node's modules nor packages.",
      severity: "error",
      from: { path: pure },
      to: { dependencyTypes: ["core", "npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "testing-is-for-tests",
      comment: "lib/testing is used by tests, scripts, benchmarks and the CLI's conformance command.",
      severity: "error",
      from: { pathNot: "^(test|scripts|bench|examples|lib/(testing|cli))/" },
      to: { path: "^lib/testing/" },
    },
    {
      name: "infra-knows-no-code-that-runs",
      comment:
        "The stack shares settings, metrics, the rules of names and rights, and the table's schema with what it deploys; that itself it names by path.",
      severity: "error",
      from: { path: "^infra/" },
      to: { path: "^(lib|functions)/", pathNot: "^lib/(config/|core/|engines/aws/schema\\.ts$)" },
    },
    {
      name: "functions-compose",
      comment: "A function puts parts of lib together; it is no part of anything itself.",
      severity: "error",
      from: { pathNot: "^functions/" },
      to: { path: "^functions/" },
    },
    {
      name: "lib-stands-alone",
      comment: "What is shipped imports nothing of the workshop.",
      severity: "error",
      from: { path: "^(lib|functions|bin)/" },
      to: { path: "^(test|scripts|bench|examples|infra)/" },
    },
    {
      name: "nothing-imports-test",
      comment: "Tests share what is in test/ among themselves; what others need lives in lib/testing.",
      severity: "error",
      from: { pathNot: "^test/" },
      to: { path: "^test/" },
    },
    {
      name: "no-circular",
      comment: "A circle of imports that run.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "resolvable", comment: "A module that is not there.", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-dev-dependencies",
      comment:
        "Shipped code needs a package that is not in dependencies. (Lambda's events are types of what is bundled, and of no export.)",
      severity: "error",
      from: { path: "^(lib|functions|bin)/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], pathNot: "^node_modules/@types/aws-lambda/" },
    },
    {
      name: "no-deprecated-core",
      comment: "A module that Node has deprecated.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["deprecated"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
    skipAnalysisNotInRules: true,
  },
};
