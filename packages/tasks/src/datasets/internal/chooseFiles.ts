/** Which files of a data set are its tasks. */

const isTable = (path: string): boolean =>
  /\.(?:jsonl|ndjson|json|csv|tsv|parquet)(?:\.gz)?$/i.test(path) &&
  !/(?:^|\/)(?:\.|dataset_infos\.json$|package(?:-lock)?\.json$)/.test(path)

const shard = /-\d{5}-of-\d{5}(?=\.)/

const listed = (some: ReadonlyArray<string>) =>
  `${some.slice(0, 8).join(", ")}${some.length > 8 ? `, and ${some.length - 8} more` : ""}`

/** Those of whose path a folder or a row of words is the given one. */
const named = (some: ReadonlyArray<string>, word: string | undefined) =>
  word === undefined
    ? some
    : some.filter(
        (path) =>
          path.split("/").includes(word) ||
          `/${path}/`
            .split(/[/._-]/)
            .join("/")
            .includes(`/${word.split(/[._-]/).join("/")}/`)
      )

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")))

/**
 * The paths of one split of one configuration, in order, or the sentence that says what to add to the
 * request. A word of a path is what stands between `/`, `.`, `_` and `-`.
 */
export const chooseFiles = (
  paths: ReadonlyArray<string>,
  wanted: {
    readonly file?: string | undefined
    readonly config?: string | undefined
    readonly split?: string | undefined
  }
): ReadonlyArray<string> | string => {
  const { config, file, split } = wanted
  if (file !== undefined) {
    return paths.includes(file)
      ? [file]
      : `it has no file ${file}; look there for the names of its files`
  }
  const tables = paths.filter(isTable)
  if (tables.length === 0) return "it has no JSON, CSV or Parquet file"
  const ofConfig = named(tables, config)
  if (ofConfig.length === 0) return `no file of it is named after ${config}: ${listed(tables)}`
  const ofSplit = named(ofConfig, split)
  if (ofSplit.length === 0) return `no file of it is named after ${split}: ${listed(ofConfig)}`
  const parts = new Set(ofSplit.map((path) => path.replace(shard, "")))
  if (parts.size === 1) return ofSplit.toSorted()
  const folders = new Set(ofSplit.map(folderOf))
  const what = split === undefined ? "split" : folders.size > 1 ? "config" : "file"
  return `it has several files that may be meant; add a ${what} to choose one of ${listed(Array.from(parts))}`
}
