import { type RuleTable } from "./Rule.ts"
import { elementwiseRules } from "./rule/elementwise.ts"
import { fusedRules } from "./rule/fused.ts"
import { indexingRules } from "./rule/indexing.ts"
import { layoutRules } from "./rule/layout.ts"
import { linearAlgebraRules } from "./rule/linearAlgebra.ts"
import { reductionRules } from "./rule/reduction.ts"

/** The gradient of every operator; one that is missing here does not compile. */
export const rules: RuleTable = {
  ...elementwiseRules,
  ...fusedRules,
  ...indexingRules,
  ...layoutRules,
  ...linearAlgebraRules,
  ...reductionRules
}
