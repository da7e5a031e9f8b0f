/** Where the committed student lies. */
import { fileURLToPath } from "node:url"

/** The folder of the embedded student's checkpoint, in Hugging Face layout. */
export const checkpointDirectory: string = fileURLToPath(new URL("../checkpoint", import.meta.url))
