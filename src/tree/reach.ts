import { compilePattern } from "./pattern.ts";

/** Can a pattern match something below a directory? Sound, not exact: where in doubt, yes. */
export type Reach = (directory: string) => boolean;

/** Compiles the question for one pattern (cleaned, relative). The first `**` or class ends what is known, for both may
 * match a `/`. */
export function compileReach(pattern: string): Reach {
  const components = pattern.split("/");
  const known = components.findIndex((component) => component.includes("**") || component.includes("["));
  const isOpen = known !== -1;
  const matchers = (isOpen ? components.slice(0, known) : components).map(
    (component) => compilePattern(component) ?? (() => true),
  );
  return (directory) => {
    const parts = directory.split("/");
    if (!isOpen && parts.length >= matchers.length) return false;
    return parts.slice(0, matchers.length).every((part, index) => matchers[index]!(part));
  };
}
