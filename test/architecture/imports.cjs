// The one-way rule of the README's map, checked by `npm run lint:imports`.
const fence = (name, owners) => ({
  name: `${name}-has-one-home`,
  severity: "error",
  from: { pathNot: `^(${owners}|test/)` },
  to: { path: `node_modules/${name}/` },
});
// Makes training data from the simulator and the shaper: a tool of its own, never loaded by the service.
const trainingTool = "^models/training/";

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "contract-is-innermost",
      severity: "error",
      from: { path: "^bridge/contract/" },
      to: { path: "^(bridge|models|ros|devices|sims)/", pathNot: "^bridge/contract/" },
    },
    {
      name: "core-sees-contract-only",
      severity: "error",
      from: { path: "^bridge/core/" },
      to: { path: "^(bridge|models|ros|devices|sims)/", pathNot: "^bridge/(contract|core)/" },
    },
    {
      name: "side-folders-see-contract-and-core",
      severity: "error",
      from: { path: "^(models|ros|devices|sims)/" },
      to: { path: "^bridge/", pathNot: "^bridge/(contract|core)/" },
    },
    {
      name: "side-folders-do-not-meet",
      severity: "error",
      from: { path: "^(models|ros|devices|sims)/", pathNot: trainingTool },
      to: { path: "^(models|ros|devices|sims)/", pathNot: "^$1/" },
    },
    {
      name: "training-is-a-tool",
      comment: "Models are judged on episodes of the recorder that made their training data.",
      severity: "error",
      from: { pathNot: [trainingTool, "^bridge/evaluation/"] },
      to: { path: trainingTool },
    },
    {
      name: "control-sees-contract-and-core",
      severity: "error",
      from: { path: "^bridge/control/" },
      to: { path: "^bridge/", pathNot: "^bridge/(contract|core|control)/" },
    },
    {
      name: "client-stands-alone",
      comment: "It runs in browsers and React Native: types of the wire only.",
      severity: "error",
      from: { path: "^bridge/client/" },
      to: {
        path: "^(bridge|models|ros|devices|sims)/",
        pathNot: "^bridge/client/",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "client-has-no-node-imports",
      severity: "error",
      from: { path: "^bridge/(client|web)/", pathNot: "^bridge/client/examples/node/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "page-uses-the-client",
      severity: "error",
      from: { path: "^bridge/web/" },
      to: { path: "^(bridge|models|ros|devices|sims)/", pathNot: "^bridge/(client|web)/" },
    },
    {
      name: "only-compositions-wire",
      comment:
        "The service in start.ts and parts/, the simulation faster than time in lockstep/, and the judging of models in evaluation/.",
      severity: "error",
      from: { path: "^bridge/", pathNot: "^bridge/(start\\.ts$|parts/|lockstep/|evaluation/)" },
      to: { path: "^(models|ros|devices|sims)/" },
    },
    {
      name: "nothing-imports-test",
      severity: "error",
      from: { pathNot: "^test/" },
      to: { path: "^test/" },
    },
    fence("onnxruntime-node", "models/engine/"),
    fence("koffi", "models/engine/"),
    fence("rclnodejs", "ros/"),
    fence("@foxglove", "ros/"),
    fence("@mujoco", "sims/embedded/"),
    fence("ws", "bridge/control/|bridge/client/examples/node/"),
    fence("@msgpack", "bridge/(control|client)/"),
    fence("@noble", "bridge/client/"),
    fence("uqr", "bridge/control/security/"),
    fence("sharp", "bridge/media/"),
    fence("serialport", "devices/drivers/serial/"),
    fence("pino", "bridge/log\\.ts"),
    fence("commander", "bridge/cli/"),
    fence("tar", "models/package/archive/"),
    fence("yauzl", "models/package/archive/"),
    fence(
      "yaml",
      "bridge/config\\.ts|devices/profiles/|sims/scenario/|ros/node/parameter-yaml\\.ts",
    ),
    fence(
      "zod",
      "bridge/config\\.ts|bridge/control/(messages|schema|security)/|bridge/control/(messages|server-messages|device-messages|device-server-messages)\\.ts|models/package/|devices/(profiles|drivers)/|sims/scenario/",
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist/" },
  },
};
