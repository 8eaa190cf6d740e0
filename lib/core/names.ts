import { LogError } from "./errors.ts";
import { limits } from "./limits.ts";

const legal = /^[a-zA-Z0-9._-]+$/;

const control = /\p{Cc}/u;

/** Whether a text can be an id of a group, a member and the like: ids stand in paths and messages. @param max characters */
export function isId(text: string, max: number): boolean {
  return text.length > 0 && text.length <= max && !control.test(text) && text.isWellFormed();
}

/** Kafka's rule for topic names. @throws invalid_topic */
export function checkTopicName(name: string): void {
  if (name.length === 0 || name.length > limits.topicNameLengthMax || !legal.test(name) || name === "." || name === "..") {
    const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
    throw new LogError(
      "invalid_topic",
      `"${shown}" is no topic name: use 1 to ${limits.topicNameLengthMax} letters, digits, dots, underscores and hyphens, not only "." or "..".`,
    );
  }
}
