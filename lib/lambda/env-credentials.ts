/**
 * Stands in for the SDK's whole chain of credential providers in the functions' bundles: Lambda hands a function its role's credentials
 * in the environment, and the chain's others are a tenth of the bundle.
 */
export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";
