/** What went wrong between this machine and a hub. */

/**
 * - `status`: an answer that is no success; `network`: no answer, or one that broke off or stalled;
 *   `content`: not the bytes that the hub described; `disk`: they could not be kept.
 */
export class HubFault extends Error {
  readonly kind: "status" | "network" | "content" | "disk"
  readonly status: number
  readonly code: string
  constructor(kind: HubFault["kind"], message: string, status = 0, code = "") {
    super(message)
    this.kind = kind
    this.status = status
    this.code = code
  }

  /** Whether the same request may succeed a little later. */
  get isPassing(): boolean {
    const isBusy = this.status >= 500 || this.status === 408 || this.status === 429
    return this.kind === "network" || (this.kind === "status" && isBusy)
  }
}

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined

const disk = /^E(?:NOSPC|DQUOT|ACCES|PERM|ROFS|IO|FBIG|NOTDIR|NOENT|ISDIR|EXIST|MFILE|NAMETOOLONG)$/

/** The fault behind anything that was thrown while a hub was asked. */
export const hubFault = (cause: unknown): HubFault => {
  if (cause instanceof HubFault) return cause
  if (!(cause instanceof Error)) return new HubFault("network", String(cause))
  // fetch hides the reason in the cause
  const code = codeOf(cause) ?? codeOf(cause.cause)
  const isDisk = code !== undefined && disk.test(code)
  return new HubFault(isDisk ? "disk" : "network", code ?? cause.message)
}
