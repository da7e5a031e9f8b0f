/** A model's name on a hub. */

/** `owner/name`, then the path of a GGUF file in it and a revision, where they are given. */
export interface HubName {
  readonly repository: string
  readonly file: string | undefined
  readonly revision: string
}

// no name begins with a dot, so that none leads out of the cache
const pattern = /^([A-Za-z0-9_][\w.-]{0,95}\/[A-Za-z0-9_][\w.-]{0,95})(\/[^@]+)?(?:@(.+))?$/

const isPlain = (part: string): boolean => /^[\w][^\\/:*?"<>|\p{Cc}]{0,200}$/u.test(part)

/** `undefined` when the text is no such name. */
export const parseHubName = (source: string): HubName | undefined => {
  const [, repository, path, revision = "main"] = pattern.exec(source) ?? []
  if (repository === undefined) return undefined
  const file = path?.slice(1)
  if (file !== undefined) {
    if (!file.toLowerCase().endsWith(".gguf") || !file.split("/").every(isPlain)) return undefined
  }
  return revision.split("/").every(isPlain) ? { repository, file, revision } : undefined
}
