/** Whether a path names a GGUF file; any other is a folder. */
export const isGguf = (path: string): boolean => path.toLowerCase().endsWith(".gguf")
