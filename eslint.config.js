import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const injected = "comes through a port (lib/ports): the composition root binds it.";
/** What the pure parts may not reach for: time, chance, the process and the terminal are injected. */
const impureGlobals = [
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "process",
  "crypto",
  "console",
  "Buffer",
  "fetch",
  "require",
].map((name) => ({ name, message: `${name} ${injected}` }));

const defaultExport = { selector: "ExportDefaultDeclaration", message: "Name what you export." };

export default defineConfig(
  globalIgnores(["dist/", "node_modules/", "stratalog-data/", ".tools/", "cdk.out/"]),
  { linterOptions: { reportUnusedDisableDirectives: "error", reportUnusedInlineConfigs: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // An un-awaited put is lost data. What node:test runs, it awaits itself.
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: ["test", "it", "describe", "suite"] }] },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true, argsIgnorePattern: "^_" }],
      // It takes what was true before an await for true after it; a signal, a queue or a closed flag changes meanwhile.
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/no-misused-spread": ["error", { allow: ["string"] }],
      "@typescript-eslint/no-dynamic-delete": "off",
      "@typescript-eslint/only-throw-error": ["error", { allowThrowingUnknown: true, allowThrowingAny: false }],
      // A method that implements a port is async because the port is, also where this engine needs no await.
      "@typescript-eslint/require-await": "off",
      "no-restricted-syntax": ["error", defaultExport],
      "no-console": "error",
      eqeqeq: "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["**/*.ts"],
    ignores: ["test/**", "lib/testing/**"],
    rules: {
      complexity: ["error", 20],
      "max-depth": ["error", 4],
      "max-params": ["error", 6],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  // 300 lines: think again. test/unit/tidy.test.ts fails a file past 400.
  { files: ["**/*.ts"], rules: { "max-lines": ["warn", 300] } },
  {
    files: ["lib/core/**/*.ts", "lib/ports/**/*.ts", "lib/log/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", ...impureGlobals],
      "no-restricted-properties": ["error", { object: "Math", property: "random", message: `Chance ${injected}` }],
      "no-restricted-imports": ["error", { patterns: [{ group: ["node:*"], message: `What Node has ${injected}` }] }],
    },
  },
  {
    // Programs for a terminal.
    files: ["scripts/**/*.ts", "bench/**/*.ts", "examples/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // A test knows what it just made.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Functions that libraries hand out as methods are taken apart freely here.
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["**/*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
);
