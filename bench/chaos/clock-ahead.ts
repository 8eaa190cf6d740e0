/**
 * Loaded before the server (`node --import`): its clock runs ahead by so many milliseconds. What the log does after minutes and hours
 * (seals by age, forgets what is sealed, lets tombstones and replaced objects go) so happens within a run, in the code as it is.
 */
export const aheadMsEnv = "CHAOS_CLOCK_AHEAD_MS";

const aheadMs = Number(process.env[aheadMsEnv] ?? 0);
const { now } = Date;
Date.now = () => now() + aheadMs;
