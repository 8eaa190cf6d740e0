/** `stratalog/cdk`: the log as constructs of the AWS CDK. */
export { EventLog } from "./event-log.ts";
export type { ApiProps, EventLogProps } from "./event-log-props.ts";
export type { EventConsumer } from "./consumer.ts";
export type { LogDelivery } from "./delivery.ts";
export { StratalogEventSource, type StratalogEventSourceProps, TopicOnFailureDestination } from "./event-source.ts";
export type { RestDoor, RestDoorProps, RestDomainProps } from "./rest-door.ts";
export type { JwtProps, SecurityProps } from "./security.ts";
export type { ConsumeOptions, EventTopic, TopicProps } from "./topic.ts";
