/** Where the committed student lies. */
import { fileURLToPath } from "node:url"

/** The folder of the embedded student's checkpoint, in Hugging Face layout. */
export const checkpointDirectory: string = fileURLToPath(new URL("../checkpoint", import.meta.url))

/** SHA-256 of its `model.safetensors`, in hexadecimal: what `pretrain` with its defaults gives. */
export const checkpointHash = "cc6b863fa012f520c50a95e69bbd3dfb072ad589ab6474a4ad57c9620393d14b"
