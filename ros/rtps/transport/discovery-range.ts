/** ROS_AUTOMATIC_DISCOVERY_RANGE: who may find us. */
export const discoveryRanges = ["LOCALHOST", "SUBNET", "OFF"] as const;
export type DiscoveryRange = (typeof discoveryRanges)[number];
