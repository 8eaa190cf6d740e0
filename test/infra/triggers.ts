import assert from "node:assert/strict";
import type { Stack } from "aws-cdk-lib";
import { Code, Function as LambdaFunction, type FunctionProps, type IFunction, Runtime, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { type EventLog, type EventLogProps, StratalogEventSource, type StratalogEventSourceProps } from "../../infra/constructs/index.ts";
import { listOf, type Resource, resourcesOf, statementsOf, type Synthesised, synthesise } from "./support.ts";

/** The one setting of a consumer that has to be given. */
export const start = { startingPosition: StartingPosition.TRIM_HORIZON };

/** A function of a user's. */
export const addFunction = (stack: Stack, id = "Billing", props: Partial<FunctionProps> = {}): LambdaFunction =>
  new LambdaFunction(stack, id, {
    runtime: Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: Code.fromInline("exports.handler = async () => {}"),
    ...props,
  });

/** A stack whose topic `orders` triggers a function. */
export function triggered(
  more: Partial<StratalogEventSourceProps> | ((log: EventLog, stack: Stack) => Partial<StratalogEventSourceProps>) = {},
  props: (stack: Stack) => EventLogProps = () => ({}),
  fn: (stack: Stack) => IFunction = (stack) => addFunction(stack),
): Synthesised {
  return synthesise(props, (log, stack) => {
    const own = typeof more === "function" ? more(log, stack) : more;
    fn(stack).addEventSource(new StratalogEventSource(log, { topic: log.topic("orders"), ...start, ...own }));
  });
}

/** The consumers that a template declares, without what every custom resource has. */
export function consumersOf({ template }: Pick<Synthesised, "template">): readonly Readonly<Record<string, unknown>>[] {
  return resourcesOf(template, "Custom::StratalogConsumer").map(
    ({ Properties: { ServiceToken: _, ServiceTimeout: __, ...properties } }) => properties,
  );
}

/** The resource of a type whose id begins so. */
export const byId = (of: Synthesised, type: string, id: string): Resource =>
  resourcesOf(of.template, type).find((resource) => resource.id.startsWith(id)) ?? assert.fail(`${type} ${id}`);

/** All that a role's own policy, or a policy, allows. */
export const actionsOf = (resource: Resource): readonly string[] => statementsOf(resource).flatMap(({ Action }) => listOf(Action));
