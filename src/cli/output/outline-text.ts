import type { Answer } from "../../build/index.ts";
import type { Outline, OutlineInput, Target } from "../../dockerfile/index.ts";
import { printable } from "../../errors/index.ts";
import { base64, callJson, locationJson } from "./call-json.ts";

/** The parameters of a target as docker's clients print them: a table for each kind that there is. */
export function outlineText({ name, description, args, secrets, ssh }: Outline): string {
  const inputs = (head: string, rows: readonly OutlineInput[]) =>
    tabbed(
      3,
      [head, "REQUIRED"],
      rows.map(({ id, isRequired }) => [id, isRequired ? "true" : ""]),
    );
  const tables = [
    about(name, description),
    tabbed(
      3,
      ["BUILD ARG", "VALUE", "DESCRIPTION"],
      args.map((arg) => [arg.name, arg.value, arg.description]),
    ),
    inputs("SECRET", secrets),
    inputs("SSH", ssh),
  ];
  return tables
    .filter((table) => table !== "")
    .map((table) => `${table}\n`)
    .join("");
}

function about(name: string, description: string): string {
  if (description !== "") return `TARGET:      ${printable(name)}\nDESCRIPTION: ${printable(description)}\n`;
  return name === "" ? "" : `TARGET: ${printable(name)}\n`;
}

export function outlineJson(answer: Answer<Outline>): string {
  const { name, description, args, secrets, ssh, dockerfile } = answer;
  const lists = {
    args: args.map((arg) => ({
      name: arg.name,
      description: arg.description || undefined,
      value: arg.value || undefined,
      location: locationJson(arg.range),
    })),
    secrets: secrets.map(inputJson),
    ssh: ssh.map(inputJson),
  };
  const present = Object.entries(lists).filter(([, list]) => list.length > 0);
  return callJson({
    name: name || undefined,
    description: description || undefined,
    ...Object.fromEntries(present),
    sources: [base64(dockerfile.text)],
  });
}

function inputJson({ id, isRequired, range }: OutlineInput): object {
  return { name: id, ...(isRequired && { required: true }), location: locationJson(range) };
}

type Targets = Answer<{ readonly targets: readonly Target[] }>;

/** The stages of a file as docker's clients print them. */
export function targetsText({ targets }: Targets): string {
  const rows = targets.map(({ name, isDefault, description }) => [
    isDefault ? `${name} (default)`.trimStart() : name,
    description,
  ]);
  return tabbed(1, ["TARGET", "DESCRIPTION"], rows);
}

export function targetsJson({ targets, dockerfile }: Targets): string {
  return callJson({
    targets: targets.map(({ name, isDefault, description, base, platform, range }) => ({
      name: name || undefined,
      default: isDefault || undefined,
      description: description || undefined,
      base: base || undefined,
      platform: platform || undefined,
      location: locationJson(range),
    })),
    sources: [base64(dockerfile.text)],
  });
}

/** Columns as Go's tabwriter sets them: each as wide as its widest cell and the padding, the last one as it is; nothing at all
 * without rows. */
function tabbed(padding: number, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const cells = [heads, ...rows].map((row) => row.map((cell) => printable(cell).replaceAll("\n", " ")));
  const widths = heads.map((_, column) =>
    cells.reduce((width, row) => Math.max(width, row[column]!.length + padding), 0),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join("");
  return `${cells.map(line).join("\n")}\n`;
}
