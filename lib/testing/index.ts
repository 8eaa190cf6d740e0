/**
 * `stratalog/testing`: what an engine, or a server at a URL, has to do, as cases; the simulator with its faults; and the judge of histories.
 * For a test runner: each case has a `name` and a `run` that rejects when the case fails.
 */
export type { ConformanceCase, EngineCase, EngineHarness } from "./conformance/case.ts";
export { catalogCases } from "./conformance/catalog.ts";
export { type HttpCase, httpCases } from "./conformance/http.ts";
export { journalCases } from "./conformance/journal.ts";
export { logCases } from "./conformance/log.ts";
export type { LogCase, LogHarness } from "./conformance/log/build.ts";
export { objectStoreCases } from "./conformance/object-store.ts";
export { upkeepCases } from "./conformance/upkeep.ts";
export * from "./history.ts";
export { localSimStore } from "./sim/local-store.ts";
export { missingGuards } from "./sim/missing-guards.ts";
export { type SimulateOptions, type SimulationResult, type StoreMaker, type StoreParts, simulate } from "./sim/simulate.ts";
export { memorySimStore, type SimStore } from "./sim/store.ts";
