/** The sentence that tells a person what went wrong with a hub. */
import type { HubConnection } from "./HubConnection.ts"
import type { HubFault } from "./HubFault.ts"
import type { HubName } from "./HubName.ts"

/** What, where, what to do. */
export const explainFault = (
  fault: HubFault,
  source: string,
  { repository, revision }: HubName,
  { cache, endpoint, token }: HubConnection & { readonly cache: string }
): string => {
  const at = `${endpoint}/${repository}`
  const { code, kind, message, status } = fault
  if (kind === "disk") {
    return `${source} could not be kept in ${cache} (${message}); make room, or set SML_CACHE to a writable folder.`
  }
  if (kind === "content") {
    return `What came from ${at} is not what the hub describes: ${message}; try again later, or choose another revision.`
  }
  if (fault.isPassing) {
    return `${at} could not be downloaded: ${message}; check the connection and try again, which goes on where it stopped, or pass a folder.`
  }
  if (code === "GatedRepo" || status === 403) {
    return `${at} is gated; accept its terms there and set HF_TOKEN to a token of that account.`
  }
  if (code === "RevisionNotFound") {
    return `${at} has no revision ${revision}; look there for its branches and tags.`
  }
  if (code === "EntryNotFound") {
    return `${at} lists a file that is not there; try again later, or choose another revision.`
  }
  if (status === 401 && code === "" && token !== undefined) {
    return `${endpoint} refuses the token in HF_TOKEN; set one that is valid, or none.`
  }
  if (status === 401 || status === 404) {
    return `There is no folder ${source} here and no model ${repository} at ${endpoint} that may be read; check the spelling, or set HF_TOKEN if it is private.`
  }
  return `${at} could not be downloaded: ${message}; look at ${at} in a browser, or pass a folder.`
}
