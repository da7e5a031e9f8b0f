/** The catalogue. */
import type { Generator } from "./Generator.ts"
import { catalogue } from "./internal/catalogue.ts"

/** Every generator, by topic. */
export const generators: ReadonlyArray<Generator> = catalogue.map(
  ({ description, judge, name, topic }) => ({ name, topic, description, judge })
)
