/** Every benchmark, in the order in which they run. */
import type { Bench } from "./Bench.ts"
import { dialogueBenches } from "./dialogueBench.ts"
import { grpoBenches } from "./grpoBench.ts"
import { matmulBench } from "./matmulBench.ts"
import { memoryBenches } from "./memoryBench.ts"
import { sampleBenches } from "./sampleBench.ts"
import { trainBenches } from "./trainBench.ts"
import { verifyCodeBenches } from "./verifyCodeBench.ts"
import { verifyMathBench } from "./verifyMathBench.ts"

export const benches: ReadonlyArray<Bench> = [
  matmulBench,
  ...trainBenches,
  ...sampleBenches,
  ...dialogueBenches,
  ...grpoBenches,
  ...memoryBenches,
  verifyMathBench,
  ...verifyCodeBenches
]
