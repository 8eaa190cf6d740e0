/** `Empty`: it has no members. `Reconciling`: partitions are changing hands. `Stable`: everyone has what they are to have. */
export const groupStates = ["Empty", "Reconciling", "Stable"] as const;
export type GroupStateName = (typeof groupStates)[number];
