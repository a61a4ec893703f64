/** What a device can be asked to express. */
export const actionNames = ["nod", "shake", "tilt", "look-around", "bow", "look-at"] as const;
export type ActionName = (typeof actionNames)[number];
