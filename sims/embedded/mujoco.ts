import loadMujoco, { type MainModule, type MjData, type MjModel } from "@mujoco/mujoco";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";

let loading: Promise<MainModule> | undefined;

/** Compiling takes 20 to 80 ms; the module itself (10 MB of WebAssembly) loads once per thread. */
export async function compileMjcf(mjcf: string): Promise<CompiledModel> {
  loading ??= loadMujoco();
  const module = await loading;
  try {
    const model = module.MjModel.from_xml_string(mjcf);
    return new CompiledModel(module, model, new module.MjData(model));
  } catch (error) {
    throw new BridgeError(
      ErrorCode.SimModel,
      `MuJoCo refused the model: ${errorText(error).trim()}`,
      { cause: error },
    );
  }
}

/**
 * The arrays of a model and its state that this folder uses, straight in WebAssembly memory. The
 * package types them `any`; layouts are MuJoCo's (row-major, one row per body, dof, actuator ...).
 */
export interface ModelArrays {
  readonly qpos: Float64Array;
  readonly qvel: Float64Array;
  readonly ctrl: Float64Array;
  readonly actuatorForce: Float64Array;
  readonly qaccWarmstart: Float64Array;
  /** [body][force 3, torque 3], world frame, at the centre of mass. */
  readonly appliedForce: Float64Array;
  readonly sensorData: Float64Array;
  readonly geomPos: Float64Array;
  readonly geomRotation: Float64Array;
  readonly sitePos: Float64Array;
  readonly siteRotation: Float64Array;
  readonly bodyPos: Float64Array;
  readonly bodyRotation: Float64Array;
  readonly mocapPos: Float64Array;
  /** w x y z. */
  readonly mocapQuat: Float64Array;
  readonly bodyMass: Float64Array;
  readonly bodyInertia: Float64Array;
  readonly bodyInertialPos: Float64Array;
  /** [geom][sliding, torsional, rolling]. */
  readonly geomFriction: Float64Array;
  readonly dofDamping: Float64Array;
  readonly dofFriction: Float64Array;
  readonly dofArmature: Float64Array;
  readonly jointRange: Float64Array;
  /** Stride `gainStride`. */
  readonly actuatorGain: Float64Array;
  readonly actuatorBias: Float64Array;
  readonly actuatorForceRange: Float64Array;
}
/** MuJoCo's mjNGAIN and mjNBIAS. */
export const gainStride = 10;

type Named = "body" | "joint" | "geom" | "site" | "actuator";

/** A compiled model with one state: the only place that knows the MuJoCo package. */
export class CompiledModel implements Disposable {
  readonly #module: MainModule;
  readonly #model: MjModel;
  readonly #data: MjData;
  #arrays: ModelArrays;

  constructor(module: MainModule, model: MjModel, data: MjData) {
    this.#module = module;
    this.#model = model;
    this.#data = data;
    this.#arrays = fetchArrays(model, data);
  }

  get version(): string {
    return this.#module.mj_versionString();
  }

  /** Borrowed until the next await: memory that grew for another model detaches every view. // hot path */
  arraysBorrowed(): ModelArrays {
    if (this.#arrays.qpos.byteLength === 0) this.#arrays = fetchArrays(this.#model, this.#data);
    return this.#arrays;
  }

  get timeS(): number {
    return this.#data.time;
  }

  set timeS(value: number) {
    this.#data.time = value;
  }

  /** @throws BridgeError `sim/model` if there is no such thing in the model. */
  indexOf(kind: Named, name: string): number {
    const { mjtObj } = this.#module;
    const types = {
      body: mjtObj.mjOBJ_BODY,
      joint: mjtObj.mjOBJ_JOINT,
      geom: mjtObj.mjOBJ_GEOM,
      site: mjtObj.mjOBJ_SITE,
      actuator: mjtObj.mjOBJ_ACTUATOR,
    };
    const index = this.#module.mj_name2id(this.#model, types[kind].value, name);
    if (index < 0) throw new BridgeError(ErrorCode.SimModel, `the model has no ${kind} "${name}"`);
    return index;
  }

  /** One time step. // hot path */
  step(): void {
    this.#module.mj_step(this.#model, this.#data);
  }

  /** Body, geom and site poses of the state now; a step leaves those of the state before it. */
  updatePoses(): void {
    this.#module.mj_kinematics(this.#model, this.#data);
  }

  resetState(): void {
    this.#module.mj_resetData(this.#model, this.#data);
  }

  /** Joint-space inertia matrix of the poses now, shape [dof][dof] into `out`. */
  massMatrix(out: Float64Array): void {
    const buffer = new this.#module.DoubleBuffer(out.length);
    this.#module.mj_forward(this.#model, this.#data);
    this.#module.mj_fullM(this.#model, this.#data, buffer);
    out.set(buffer.GetView() as Float64Array);
    buffer.delete();
  }

  /** Recomputes what follows from masses and armatures after they were changed in place. */
  updateConstants(): void {
    this.#module.mj_setConst(this.#model, this.#data);
  }

  [Symbol.dispose](): void {
    this.#data.delete();
    this.#model.delete();
  }
}

function fetchArrays(model: MjModel, data: MjData): ModelArrays {
  const array = (value: unknown): Float64Array => {
    if (value instanceof Float64Array) return value;
    throw new BridgeError(ErrorCode.SimModel, "MuJoCo gave something else than a Float64Array");
  };
  return {
    qpos: array(data.qpos),
    qvel: array(data.qvel),
    ctrl: array(data.ctrl),
    actuatorForce: array(data.actuator_force),
    qaccWarmstart: array(data.qacc_warmstart),
    appliedForce: array(data.xfrc_applied),
    sensorData: array(data.sensordata),
    geomPos: array(data.geom_xpos),
    geomRotation: array(data.geom_xmat),
    sitePos: array(data.site_xpos),
    siteRotation: array(data.site_xmat),
    bodyPos: array(data.xpos),
    bodyRotation: array(data.xmat),
    mocapPos: array(data.mocap_pos),
    mocapQuat: array(data.mocap_quat),
    bodyMass: array(model.body_mass),
    bodyInertia: array(model.body_inertia),
    bodyInertialPos: array(model.body_ipos),
    geomFriction: array(model.geom_friction),
    dofDamping: array(model.dof_damping),
    dofFriction: array(model.dof_frictionloss),
    dofArmature: array(model.dof_armature),
    jointRange: array(model.jnt_range),
    actuatorGain: array(model.actuator_gainprm),
    actuatorBias: array(model.actuator_biasprm),
    actuatorForceRange: array(model.actuator_forcerange),
  };
}
