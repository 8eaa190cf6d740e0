export { EventLog, type EventLogProps } from "./event-log.ts";
export { EventTopic, type TopicProps } from "./topic.ts";
