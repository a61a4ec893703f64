import type {
  LabelledMessage,
  ParameterDescriptorMessage,
  ParameterMessage,
  ParameterValueMessage,
  SetParametersResultMessage,
  TransitionDescription,
} from "./graph-messages.ts";

/** std_srvs/srv/Trigger and SetBool answer alike. */
interface Verdict {
  readonly success: boolean;
  readonly message: string;
}

type Nothing = object;
interface Named {
  readonly names: readonly string[];
}
interface Parameters {
  readonly parameters: readonly ParameterMessage[];
}
interface Transitions {
  readonly available_transitions: readonly TransitionDescription[];
}

/** Request and response of the services by which a node is asked and told. */
export interface GraphServices {
  "std_srvs/srv/Trigger": { readonly request: Nothing; readonly response: Verdict };
  "std_srvs/srv/SetBool": {
    readonly request: { readonly data: boolean };
    readonly response: Verdict;
  };
  "rcl_interfaces/srv/ListParameters": {
    readonly request: { readonly prefixes: readonly string[]; readonly depth: bigint };
    readonly response: {
      readonly result: { readonly names: readonly string[]; readonly prefixes: readonly string[] };
    };
  };
  "rcl_interfaces/srv/GetParameters": {
    readonly request: Named;
    readonly response: { readonly values: readonly ParameterValueMessage[] };
  };
  "rcl_interfaces/srv/GetParameterTypes": {
    readonly request: Named;
    readonly response: { readonly types: Uint8Array };
  };
  "rcl_interfaces/srv/DescribeParameters": {
    readonly request: Named;
    readonly response: { readonly descriptors: readonly ParameterDescriptorMessage[] };
  };
  "rcl_interfaces/srv/SetParameters": {
    readonly request: Parameters;
    readonly response: { readonly results: readonly SetParametersResultMessage[] };
  };
  "rcl_interfaces/srv/SetParametersAtomically": {
    readonly request: Parameters;
    readonly response: { readonly result: SetParametersResultMessage };
  };
  "lifecycle_msgs/srv/GetState": {
    readonly request: Nothing;
    readonly response: { readonly current_state: LabelledMessage };
  };
  "lifecycle_msgs/srv/ChangeState": {
    readonly request: { readonly transition: LabelledMessage };
    readonly response: { readonly success: boolean };
  };
  "lifecycle_msgs/srv/GetAvailableStates": {
    readonly request: Nothing;
    readonly response: { readonly available_states: readonly LabelledMessage[] };
  };
  "lifecycle_msgs/srv/GetAvailableTransitions": {
    readonly request: Nothing;
    readonly response: Transitions;
  };
}
export type GraphServiceName = keyof GraphServices;
