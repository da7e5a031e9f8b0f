/** Numbers as bytes for the columns of tokens: little-endian, whatever the machine. */

/** Token ids, 4 bytes each. */
export const idBytes = (ids: ReadonlyArray<number>): Uint8Array => {
  const view = new DataView(new ArrayBuffer(ids.length * 4))
  for (const [index, id] of ids.entries()) view.setInt32(index * 4, id, true)
  return new Uint8Array(view.buffer)
}

/** Log-probabilities, 8 bytes each, so that every bit is kept. */
export const numberBytes = (values: ReadonlyArray<number>): Uint8Array => {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (const [index, value] of values.entries()) view.setFloat64(index * 8, value, true)
  return new Uint8Array(view.buffer)
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What {@link idBytes} made bytes of. */
export const bytesToIds = (bytes: Uint8Array): ReadonlyArray<number> => {
  const view = viewOf(bytes)
  return Array.from({ length: bytes.length >> 2 }, (_, index) => view.getInt32(index * 4, true))
}

/** What {@link numberBytes} made bytes of. */
export const bytesToNumbers = (bytes: Uint8Array): ReadonlyArray<number> => {
  const view = viewOf(bytes)
  return Array.from({ length: bytes.length >> 3 }, (_, index) => view.getFloat64(index * 8, true))
}
