import { Dependable, type IConstruct } from "constructs";
import type { EventLog } from "./event-log.ts";
import { EventTopic } from "./topic.ts";

/** Topics by name, as what has to be there before: those of them that the log declares, also after this was made. */
export class DeclaredTopics extends Dependable {
  readonly #log: EventLog;
  readonly #names: readonly string[];

  constructor(log: EventLog, names: readonly string[]) {
    super();
    this.#log = log;
    this.#names = names;
    Dependable.implement(this, this);
  }

  override get dependencyRoots(): IConstruct[] {
    const found = this.#names.map((name) => this.#log.node.tryFindChild(`Topic-${name}`));
    return found.filter((child) => child instanceof EventTopic).map(({ resource }) => resource);
  }
}
