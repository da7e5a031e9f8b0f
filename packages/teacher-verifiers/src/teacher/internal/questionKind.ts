/** What a student's sentence asks for, by its words. */

const asking =
  /\?|\b(?:what|which|who|when|where|why|how)\b|^\s*(?:please\s+)?(?:tell|give|show|explain|clarify|provide|remind|repeat)\b|\b(?:can|could|would|will)\s+you\b|\bI\s+(?:need|want|would like)\s+to\s+know\b|\b(?:need|missing)\s+(?:more\s+)?information\b/i

/** Whether an utterance asks something. */
export const isQuestion = (text: string): boolean => asking.test(text)

/** "What is the answer?", "give me the solution", "print the reference". */
export const isAskingForAnswer = (text: string): boolean =>
  /\b(?:final\s+)?(?:answer|solution|reference|result|correct\s+(?:value|code|program))\b/i.test(
    text
  ) && !/\b(?:my|your\s+task|format|form|write|round|units?)\b/i.test(text)

/** "What is wrong?", "why?", "which test failed?", "is it too high?". */
export const isAskingWhatIsWrong = (text: string): boolean =>
  /\b(?:wrong|mistake|error|incorrect|fail\w*|why|too\s+(?:high|low|big|small|large)|close|off|test)\b/i.test(
    text
  )

/** "What is missing?", "is there anything else?", "can you give me more information?". */
export const isAskingForMore = (text: string): boolean =>
  /\b(?:more|else|missing|other|further|additional|information|info|details?|facts?|data|clarif\w*|know|hint|help)\b/i.test(
    text
  )

/** "How should I write my answer?". */
export const isAskingHow = (text: string): boolean =>
  /\b(?:format|form|write|boxed|language|round|units?|fenced)\b/i.test(text)
