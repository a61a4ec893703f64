/** What the e-Manual's control tables say of each model. All have the table of the X series. */
interface ModelFacts {
  /** Register 0. */
  readonly number: number;
  /** One unit of register 126: mA, or a tenth of a percent of the torque where it is the load. */
  readonly currentUnitMa?: number;
  /** At the rated voltage, to tell effort from current. */
  readonly stallCurrentMa?: number;
}

/** emanual.robotis.com, "Specifications" and "Control Table" of each model. */
export const dynamixelModels = {
  "xl330-m077": { number: 1190, currentUnitMa: 1, stallCurrentMa: 1470 },
  "xl330-m288": { number: 1200, currentUnitMa: 1, stallCurrentMa: 1470 },
  "xc330-m181": { number: 1230, currentUnitMa: 1, stallCurrentMa: 1800 },
  "xc330-m288": { number: 1240, currentUnitMa: 1, stallCurrentMa: 1800 },
  "xl430-w250": { number: 1060 },
  "xc430-w150": { number: 1070 },
  "xm430-w210": { number: 1030, currentUnitMa: 2.69, stallCurrentMa: 2300 },
  "xm430-w350": { number: 1020, currentUnitMa: 2.69, stallCurrentMa: 2300 },
  "xm540-w270": { number: 1120, currentUnitMa: 2.69, stallCurrentMa: 4400 },
} as const satisfies Readonly<Record<string, ModelFacts>>;

export type DynamixelModel = keyof typeof dynamixelModels;

export function dynamixelModelName(number: number): string {
  for (const [name, facts] of Object.entries(dynamixelModels)) {
    if (facts.number === number) return `${name} (${number})`;
  }
  return `model ${number}`;
}

/** Share of the servo's torque per unit of register 126. */
export function torquePerUnit(model: DynamixelModel | undefined): number {
  const facts: ModelFacts | undefined = model && dynamixelModels[model];
  if (facts?.currentUnitMa === undefined || facts.stallCurrentMa === undefined) return 1 / 1000;
  return facts.currentUnitMa / facts.stallCurrentMa;
}
