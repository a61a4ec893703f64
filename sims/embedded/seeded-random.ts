// One generator for the whole project: a run follows from its seed, whoever draws.
export { logUniform, seededRandom, uniform, type Random } from "../../bridge/core/seeded-random.ts";
