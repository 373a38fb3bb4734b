/** Whether an event list for QEMU's `-trace events=FILE` asks for anything: one event or pattern a line, `#` begins a comment. */
export const hasEvents = (text: string): boolean => text.split(/\r?\n/).some((line) => /^\s*[^\s#]/.test(line));
