/**
 * Facts of Feetech's series. STS and SMS: magnetic encoder, 4096 steps a turn, low byte first. SCS:
 * potentiometer, 1024 steps over the range given, high byte first, and no sync read.
 */
interface ModelFacts {
  /** Register 3. */
  readonly number?: number;
  readonly isBigEndian: boolean;
  readonly stepCount: number;
  /** What all the steps together span. */
  readonly spanRad: number;
}

const magnetic = { isBigEndian: false, stepCount: 4096, spanRad: 2 * Math.PI } as const;
const potentiometer = {
  isBigEndian: true,
  stepCount: 1024,
  spanRad: (300 / 180) * Math.PI,
} as const;

/** Model numbers as LeRobot's tables have them (motors/feetech/tables.py), spans from Feetech's data sheets. */
export const feetechModels = {
  sts3215: { ...magnetic, number: 777 },
  sts3250: { ...magnetic, number: 2825 },
  sm8512bl: { ...magnetic, number: 11272 },
  /** Any of the magnetic series: the model number is not looked at. */
  sts: magnetic,
  scs0009: { ...potentiometer, number: 1284 },
  /** Any of the potentiometer series. */
  scs: potentiometer,
} as const satisfies Readonly<Record<string, ModelFacts>>;

export type FeetechModel = keyof typeof feetechModels;

export const feetechFacts = (model: FeetechModel): ModelFacts => feetechModels[model];
