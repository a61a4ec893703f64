import type { ParameterMessage } from "../messages/graph-messages.ts";
import { nodeService, type NodeService } from "./node-service.ts";
import {
  assignmentOf,
  descriptorMessage,
  parameterMessage,
  valueMessage,
} from "./parameter-messages.ts";
import type { ParameterAssignment, ParameterStore, SetResult } from "./parameter-store.ts";
import { parameterTypeNumber } from "./parameter-value.ts";

/** More names than this in one request are a mistake or an attack. */
const maxNames = 1000;

/** The six services that `ros2 param` and rqt speak to. */
export function parameterServices(store: ParameterStore): readonly NodeService[] {
  return [
    nodeService("~/list_parameters", "rcl_interfaces/srv/ListParameters", (request) => ({
      result: store.list(request.prefixes, Number(request.depth)),
    })),
    nodeService("~/get_parameters", "rcl_interfaces/srv/GetParameters", ({ names }) => ({
      values: bounded(names).map((name) => valueMessage(store.get(name))),
    })),
    nodeService("~/get_parameter_types", "rcl_interfaces/srv/GetParameterTypes", ({ names }) => ({
      types: Uint8Array.from(
        bounded(names),
        (name: string) => parameterTypeNumber[store.get(name).type],
      ),
    })),
    nodeService("~/describe_parameters", "rcl_interfaces/srv/DescribeParameters", ({ names }) => ({
      descriptors: bounded(names).map((name) => descriptorMessage(name, store.describe(name))),
    })),
    nodeService("~/set_parameters", "rcl_interfaces/srv/SetParameters", ({ parameters }) => ({
      results: store.set(bounded(parameters).map(assignmentOf)).map(resultMessage),
    })),
    nodeService(
      "~/set_parameters_atomically",
      "rcl_interfaces/srv/SetParametersAtomically",
      ({ parameters }) => ({
        result: resultMessage(store.setAtomically(bounded(parameters).map(assignmentOf))),
      }),
    ),
  ];
}

export function parameterMessages(
  assignments: readonly ParameterAssignment[],
): readonly ParameterMessage[] {
  return assignments.map(parameterMessage);
}

const bounded = <T>(list: readonly T[]): readonly T[] => list.slice(0, maxNames);

const resultMessage = ({ successful, reason }: SetResult): SetResult => ({
  successful,
  reason,
});
