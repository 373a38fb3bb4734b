/** The event that was picked in the list of names, as a word of the filter: `name:=virtio_notify`. Pure. */
const pickedWord = /^name:=(.*)$/s;

const words = (filter: string): string[] => filter.match(/\S+/g) ?? [];

/** The name that a filter picks, or null. */
export const pickedName = (filter: string): string | null =>
  words(filter)
    .flatMap((word) => pickedWord.exec(word)?.[1] ?? [])
    .at(-1) ?? null;

/** The filter with another name picked, or none; its other words stay. */
export function withPickedName(filter: string, name: string | null): string {
  const others = words(filter).filter((word) => !pickedWord.test(word));
  // What was typed stays as it was typed where there is nothing to take out.
  if (name === null) return others.length === words(filter).length ? filter : others.join(" ");
  return [`name:=${name}`, ...others].join(" ");
}
