/** What of a consumer's settings a warning looks at. */
export interface WarnedSettings {
  readonly group: string;
  readonly topic: string;
  readonly retryAttempts?: number | undefined;
  readonly maxRecordAgeMs?: number | undefined;
  readonly onFailure?: string | undefined;
  readonly outputTopics?: readonly string[] | undefined;
}

/** What may be wanted, and often is not: a sentence each. */
export function consumerWarnings({ group, topic, outputTopics = [], ...settings }: WarnedSettings): readonly string[] {
  const { onFailure, retryAttempts = -1, maxRecordAgeMs = -1 } = settings;
  const warnings: string[] = [];
  if (outputTopics.includes(topic)) {
    warnings.push(`${group} may write to ${topic}, which it reads: each record that it answers there comes to it again.`);
  }
  if (onFailure !== undefined && retryAttempts === -1 && maxRecordAgeMs === -1) {
    warnings.push(
      `${group} tries what fails again without an end, so that ${onFailure} gets nothing but what is too large for a call: set a number of retries (--retry-attempts), or an age (--max-record-age).`,
    );
  }
  return warnings;
}
