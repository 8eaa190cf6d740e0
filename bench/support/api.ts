import type { Child } from "./child.ts";

/** Makes a topic by the HTTP API. */
export async function createTopic({ port }: Child, name: string, partitions: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/topics`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, partitions }),
  });
  if (response.status !== 201) throw new Error(`could not make the topic: ${await response.text()}`);
}
