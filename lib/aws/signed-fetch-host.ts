/** What AWS service stands behind a host name, as far as the name tells. */
export interface SignedHost {
  /** The name that SigV4 signs for: `lambda` for a Function URL, `execute-api` for API Gateway. */
  readonly service: "lambda" | "execute-api";
  readonly region: string | undefined;
}

const region = "([a-z]{2,4}(?:-[a-z]+)+-\\d+)";
const functionUrl = new RegExp(`\\.lambda-url\\.${region}\\.`);
const restApi = new RegExp(`\\.execute-api\\.(?:${region}\\.)?`);
const amazonsOwn = new RegExp(`\\.(?:lambda-url\\.${region}\\.on\\.aws|execute-api\\.${region}\\.(?:vpce\\.)?amazonaws\\.com(?:\\.cn)?)$`);

/** Reads the names of Amazon and of emulators, such as `ID.lambda-url.us-east-1.localhost.localstack.cloud`. Undefined for any other. */
export function signedHostOf(host: string): SignedHost | undefined {
  const name = host.toLowerCase();
  const ofFunction = functionUrl.exec(name);
  if (ofFunction !== null) return { service: "lambda", region: ofFunction[1] };
  const ofApi = restApi.exec(name);
  return ofApi === null ? undefined : { service: "execute-api", region: ofApi[1] };
}

/** Whether a URL is one of Amazon's own Function URLs or API Gateway addresses, over TLS: what may be signed for without being asked to. */
export function isAmazonUrl(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed?.protocol === "https:" && amazonsOwn.test(parsed.hostname);
}
