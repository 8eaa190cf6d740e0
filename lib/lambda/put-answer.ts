import { limits } from "../core/limits.ts";

/** Puts a custom resource's answer to CloudFormation's presigned URL, which is never told on. */
export async function putAnswer(url: string, body: string): Promise<void> {
  let problem = "";
  for (let attempt = 1; attempt <= limits.resourceAnswerAttemptsMax; attempt++) {
    try {
      // CloudFormation signs the URL for no content type.
      const signal = AbortSignal.timeout(limits.resourceAnswerMsMax);
      const response = await fetch(url, { method: "PUT", body, headers: { "content-type": "" }, signal });
      await response.arrayBuffer();
      if (response.ok) return;
      problem = `status ${response.status}`;
    } catch (reason) {
      problem = reason instanceof Error ? reason.name : "no answer";
    }
  }
  throw new Error(`CloudFormation did not take the answer (${problem}).`);
}
