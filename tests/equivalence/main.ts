// Checks that builds with a cache equal builds without one, for random Dockerfiles and random edits of them:
//
//   npm run equivalence [-- --cases=N] [--minutes=M] [--seed=N]
//
// A failure is shown as the smallest scenario that still fails; the same seed finds it again. In memory (`TMPDIR=/dev/shm`) a case
// takes a fraction of the time.
import { findDifference } from "./find-difference.ts";

const option = (name: string): number | undefined => {
  const given = process.argv.find((argument) => argument.startsWith(`--${name}=`));
  return given === undefined ? undefined : Number(given.slice(name.length + 3));
};
const seed = option("seed") ?? Date.now() % 1e9;
const minutes = option("minutes");
const cases = option("cases") ?? (minutes === undefined ? 200 : 1_000_000);
console.log(`seed ${seed}`);
const { difference, tally, ran } = await findDifference({
  seed,
  cases,
  limitMs: minutes === undefined ? Infinity : minutes * 60_000,
  onFailure: (message) => console.log(`✖ ${message}\nlooking for a smaller one`),
});
console.log(`${ran} cases, ${tally.builds} builds compared, of which ${tally.failed} failed both times`);
if (difference !== undefined) {
  console.log(difference);
  process.exitCode = 1;
}
