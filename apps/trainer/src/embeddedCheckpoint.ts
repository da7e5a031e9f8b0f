/** Where the student that comes with the house lies. */
import { fileURLToPath } from "node:url"

/** A folder in Hugging Face layout. */
export const embeddedCheckpoint: string = fileURLToPath(
  new URL("checkpoint", import.meta.resolve("@sml/nano-student/package.json"))
)
