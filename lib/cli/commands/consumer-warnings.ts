/** What of a consumer's settings a warning looks at. */
export interface WarnedSettings {
  readonly group: string;
  readonly topic: string;
  readonly outputTopics?: readonly string[] | undefined;
}

/** What may be wanted, and often is not: a sentence each. */
export function consumerWarnings({ group, topic, outputTopics = [] }: WarnedSettings): readonly string[] {
  const warnings: string[] = [];
  if (outputTopics.includes(topic)) {
    warnings.push(`${group} may write to ${topic}, which it reads: each record that it answers there comes to it again.`);
  }
  return warnings;
}
