/** Whether the keys are Ctrl (Cmd) and this lower-case letter. Caps Lock makes the letter upper-case and changes nothing. */
export const isCommand = (
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">,
  letter: string,
): boolean =>
  (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === letter;
