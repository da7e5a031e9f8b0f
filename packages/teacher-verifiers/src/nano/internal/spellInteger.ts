/** An integer as the nano language writes it: `3 3`, `- 7`. */
export const spellInteger = (value: number): string => Array.from(String(value)).join(" ")
