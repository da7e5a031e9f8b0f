/** The one text that a Python pickle holds; nothing else is ever made of a pickle. */

/** Reads a pickle of protocol 2 to 5 that consists of a single string; throws for any other. */
export const unpickleText = (bytes: Uint8Array): string => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text: string | undefined
  let place = 0
  const take = (length: number) => {
    if (length > bytes.length - place) throw new RangeError("The pickle is cut off")
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(place, place + length))
    place += length
  }
  while (place < bytes.length) {
    const code = bytes[place++]
    if (code === 0x80) place += 1
    else if (code === 0x95) place += 8
    else if (code === 0x94) continue
    else if (code === 0x71) place += 1
    else if (code === 0x8c) take(view.getUint8(place++))
    else if (code === 0x58) {
      place += 4
      take(view.getUint32(place - 4, true))
    } else if (code === 0x8d) {
      place += 8
      take(Number(view.getBigUint64(place - 8, true)))
    } else if (code === 0x2e && text !== undefined) return text
    else throw new RangeError("The pickle holds something else than a text")
  }
  throw new RangeError("The pickle has no end")
}
