/** What a command line gives for a flag, before anything is parsed. */

/** The value of `--name value` or `--name=value`. */
export const argumentValue = (args: ReadonlyArray<string>, name: string): string | undefined => {
  const at = args.indexOf(name)
  if (at >= 0) return args[at + 1]
  return args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1)
}
