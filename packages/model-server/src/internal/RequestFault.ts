/** A request that is refused, in the words of the protocol. */

/** `param` names the member of the request that is at fault. */
export class RequestFault {
  readonly _tag = "RequestFault"
  readonly status: number
  readonly message: string
  readonly code: string
  readonly param: string | null

  constructor(status: number, code: string, message: string, param: string | null = null) {
    this.status = status
    this.code = code
    this.message = message
    this.param = param
  }

  /** The body of the answer. */
  get json() {
    const { code, message, param, status } = this
    const type = status < 500 ? "invalid_request_error" : "server_error"
    return { error: { message, type, param, code } }
  }
}
