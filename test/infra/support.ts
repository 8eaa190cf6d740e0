import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { EventLog, type EventLogProps } from "../../infra/constructs/index.ts";
import { EventLogStack, stackName } from "../../infra/stacks/event-log-stack.ts";
import { StackSettings } from "../../infra/stacks/stack-settings.ts";

/** Bundles that hold nothing: a template does not depend on what is in them. */
export const functionsFolder = mkdtempSync(join(tmpdir(), "stratalog-functions-"));
for (const name of ["api", "janitor", "resources", "router", "deliver"]) {
  mkdirSync(join(functionsFolder, name));
  writeFileSync(join(functionsFolder, name, "index.mjs"), "export const handler = () => undefined;\n");
}
process.on("exit", () => rmSync(functionsFolder, { recursive: true, force: true }));

export interface Resource {
  readonly id: string;
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** A template's resources of a type, or all. */
export function resourcesOf(template: Template, type?: string): readonly Resource[] {
  const { Resources: found } = template.toJSON() as { readonly Resources: Readonly<Record<string, Omit<Resource, "id">>> };
  const all = Object.entries(found).map(([id, resource]) => ({ id, ...resource, Properties: resource.Properties }));
  return type === undefined ? all : all.filter(({ Type }) => Type === type);
}

/** What lies in a value, deep down. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Record<string | number, unknown> | undefined)?.[name], value);
}

export interface Statement {
  readonly Action: string | readonly string[];
  readonly Effect: string;
  readonly Resource: unknown;
  readonly Condition?: unknown;
  readonly Principal?: unknown;
}

/** An element or a list of them, as policies write it. */
export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** The statements of a role, a policy's or a resource's own. */
export function statementsOf({ Type, Properties }: Resource): readonly Statement[] {
  const documents =
    Type === "AWS::IAM::Role"
      ? ((Properties["Policies"] as readonly Record<string, unknown>[] | undefined) ?? []).map((policy) => policy["PolicyDocument"])
      : [Properties["PolicyDocument"]];
  return documents.flatMap((document) => (at(document, "Statement") as readonly Statement[] | undefined) ?? []);
}

export interface Synthesised {
  readonly stack: Stack;
  readonly log: EventLog;
  readonly template: Template;
}

/** A stack with a log in it. @param more what else the stack has */
export function synthesise(
  props: (stack: Stack) => EventLogProps = () => ({}),
  more: (log: EventLog, stack: Stack) => void = () => undefined,
): Synthesised {
  const stack = new Stack(new App(), "Test");
  const log = new EventLog(stack, "Log", { functionsFolder, ...props(stack) });
  more(log, stack);
  return { stack, log, template: Template.fromStack(stack) };
}

/** The app's stack, as `cdk deploy -c …` would make it. */
export function synthesiseApp(context: Readonly<Record<string, string>> = {}): {
  readonly stack: EventLogStack;
  readonly template: Template;
} {
  const app = new App({ context: { ...context } });
  const settings = new StackSettings(app);
  const stack = new EventLogStack(app, stackName(settings), settings, functionsFolder);
  return { stack, template: Template.fromStack(stack) };
}
