/** builtin_interfaces/Time and /Duration: `nanosec` is always 0 to 999 999 999 and counts upwards. */
export interface RosTime {
  readonly sec: number;
  readonly nanosec: number;
}

export interface Header {
  readonly stamp: RosTime;
  readonly frame_id: string;
}
