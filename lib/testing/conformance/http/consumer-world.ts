import type { ConsumerBody, ConsumerStatusBody, PutConsumerBody } from "../../../http/consumer-wire.ts";
import { groupPath } from "./group-member.ts";
import { type Api, freshName, type HttpCase, jsonBody, type NewTopic, type Sent, topicCase } from "./target.ts";

/** Nobody's: where there are functions, it is not called as long as there is nothing to call it with. */
export const target = "arn:aws:lambda:us-east-1:000000000000:function:stratalog-conformance";

/** A case with a topic and names of consumers of its own, which are deleted in the end with their groups. */
export function consumerCase(name: string, topic: NewTopic, run: (api: Api, world: ConsumerNames) => Promise<void>): HttpCase {
  return topicCase(name, topic, async (api, topicName) => {
    const world = new ConsumerNames(api, topicName);
    try {
      await run(api, world);
    } finally {
      await world.clear();
    }
  });
}

export class ConsumerNames {
  readonly #api: Api;
  readonly #groups = new Set<string>();
  readonly topic: string;
  readonly group = freshName();

  constructor(api: Api, topic: string) {
    this.#api = api;
    this.topic = topic;
  }

  get path(): string {
    return consumerPath(this.group);
  }

  /** What makes a consumer of the topic. */
  body(more: object = {}): ReturnType<typeof putBody> {
    return putBody({ topic: this.topic, target, ...more });
  }

  /** @param status 201 when it is new */
  put(more: Partial<PutConsumerBody> = {}, status = 201, group = this.group): Promise<ConsumerBody> {
    this.#groups.add(group);
    return this.#api.json<ConsumerBody>(consumerPath(group), this.body(more), status);
  }

  get(group = this.group): Promise<ConsumerBody> {
    return this.#api.json(consumerPath(group));
  }

  status(): Promise<ConsumerStatusBody> {
    return this.#api.json(`${this.path}/status`);
  }

  alter(body: unknown): Promise<ConsumerBody> {
    return this.#api.json(this.path, { ...jsonBody(body), method: "PATCH" });
  }

  async clear(): Promise<void> {
    for (const group of this.#groups) {
      for (const path of [consumerPath(group), groupPath(group)]) await (await this.#api.send(path, { method: "DELETE" })).arrayBuffer();
    }
  }
}

export function consumerPath(group: string): string {
  return `/consumers/${encodeURIComponent(group)}`;
}

export function putBody(body: unknown): Required<Pick<Sent, "method" | "headers" | "body">> {
  return { ...jsonBody(body), method: "PUT" };
}
