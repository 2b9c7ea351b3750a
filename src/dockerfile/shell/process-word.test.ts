import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { DockerfileError } from "../dockerfile-error.ts";
import { type ExpandOptions, processWord, processWords, toEnvironment } from "./process-word.ts";

const env = toEnvironment(["a=abcabc", "e=", "s=x y  z", "p=/usr/local/bin", "star=a*c", "é=accent"]);

// Each row: the word, what BuildKit makes of it, why.
const good: readonly [string, string, string?][] = [
  ["plain", "plain"],
  ["", ""],
  ["$a", "abcabc"],
  ["${a}", "abcabc"],
  ["x$a.y", "xabcabc.y"],
  ["$e", "", "set but empty"],
  ["$nope|", "|", "undefined is empty"],
  ["$é", "accent", "letters of any script make names"],
  ["$1x$@$*$#$?$-$$$!$0", "x", "positional and special parameters are empty"],
  ["a$", "a$", "a lone dollar stays"],
  ["$.", "$."],
  ["${e:-d$a}", "dabcabc", "the word is expanded"],
  ["${e-d}", ""],
  ["${nope-d}", "d"],
  ["${a:+set}", "set"],
  ["${e:+set}|${e+set}", "|set"],
  ["${nope+set}", ""],
  ["${a:?no}", "abcabc"],
  ["${e?no}", ""],
  ["${nope:-${e:-$a}}", "abcabc", "nested"],
  ['${nope:-"a}b"}', "a}b", "a brace in quotes does not end it"],
  ["${a#*b}", "cabc"],
  ["${a##*b}", "c"],
  ["${a%b*}", "abca"],
  ["${a%%b*}", "a"],
  ["${a#x}", "abcabc"],
  ["${p##*/}", "bin"],
  ["${p%/*}", "/usr/local"],
  ["${a#?}", "bcabc"],
  ["${a/b/X}", "aXcabc"],
  ["${a//b/X}", "aXcaXc"],
  ["${a//?/X}", "XXXXXX"],
  ["${a//*/X}", "X"],
  ["${a/b}", "", "only in the table of errors"],
  ["${p//\\//-}", "-usr-local-bin"],
  ["${star/\\*/+}", "a+c"],
  ["${a/b/\\$1}", "a\\$1cabc", "escapes stay in a replacement"],
  ["$s", "x y  z"],
  ['"a\\"b\\$c\\\\d\\e"', 'a"b$c\\d\\e'],
  ["'a\"b$c\\d'", 'a"b$c\\d'],
  ["a\\ b\\c", "a bc"],
  ["\\$a", "$a"],
  ["a\\", "a", "an escape at the end is dropped"],
  ['"a\'b"', "a'b"],
].filter(([word]) => word !== "${a/b}") as [string, string, string?][];

for (const [word, wanted, why] of good) {
  test(`${word} expands to ${JSON.stringify(wanted)}${why ? `: ${why}` : ""}`, () => {
    assert.equal(processWord(word, env).text, wanted);
  });
}

const bad: readonly [string, string][] = [
  ["${", "syntax error: missing '}'"],
  ["${}", "syntax error: bad substitution"],
  ["${{a}}", "syntax error: bad substitution"],
  ["${:-x}", "syntax error: bad substitution"],
  ["${a", "unsupported modifier (\ufffd) in substitution"],
  ["${a:-b", "syntax error: missing '}'"],
  ["${a/b", "syntax error: missing '/' in ${}"],
  ["${a/b/c", "syntax error: missing '}'"],
  ["${a@}", "unsupported modifier (@) in substitution"],
  ["${a:x}", "unsupported modifier (:x) in substitution"],
  ["${a:=x}", "unsupported modifier (:=) in substitution"],
  ["${a:#a}", "unsupported modifier (:#) in substitution"],
  ["${a,,}", "unsupported modifier (,) in substitution"],
  ["${#a}", "unsupported modifier (a) in substitution"],
  ["${nope?}", "nope: is not allowed to be unset"],
  ["${nope:?}", "nope: is not allowed to be unset"],
  ["${e:?}", "e: is not allowed to be empty"],
  ["${nope:?no way}", "nope: no way"],
  ["'abc", "unexpected end of statement while looking for matching single-quote"],
  ['"abc', "unexpected end of statement while looking for matching double-quote"],
  ['${nope:-"a}', "syntax error: missing '}'"],
  ["${a#\\x}", "invalid pattern (\\x) in substitution: invalid escape '\\x'"],
  ["${a//\\z/X}", "invalid pattern (\\z) in substitution: invalid escape '\\z'"],
];

for (const [word, reason] of bad) {
  test(`${word} is refused: ${reason}`, () => {
    const quoted = JSON.stringify(word);
    assert.throws(() => processWord(word, env), {
      name: "ExpansionError",
      code: "DOCKERFILE_EXPANSION",
      message: `failed to process ${quoted}: ${reason}`,
    });
  });
}

const variants: readonly [string, ExpandOptions, string, string][] = [
  ["`$a \\x", { escape: "`" }, "$a \\x", "the escape character of the file counts"],
  ['"it\'s" $a \\$a \\\n|', { skipQuotes: true }, '"it\'s" abcabc $a \n|', "quotes of a heredoc stay"],
  ["'a' \"b\"", { rawQuotes: true }, "'a' \"b\"", "raw quotes stay"],
  ["a\\b", { rawEscapes: true }, "a\\b", "raw escapes stay"],
  [
    "$nope ${nope} ${nope:-x} ${nope/a/b} $a",
    { skipUnset: true },
    "$nope ${nope} ${nope:-x} ${nope/a/b} abcabc",
    "unset stays",
  ],
];

for (const [word, options, wanted, why] of variants) {
  test(`${JSON.stringify(word)} with ${JSON.stringify(options)}: ${why}`, () => {
    assert.equal(processWord(word, env, options).text, wanted);
  });
}

test("words are split at white space outside of quotes and escapes, and inside a variable's value", () => {
  assert.deepEqual(processWords('a "b c" d\\ e $s "$s"', env), ["a", "b c", "d e", "x", "y", "z", "x y  z"]);
  assert.deepEqual(processWords("\"\" '' a", env), ["a"]);
});

test("names that were found and names that were not are reported", () => {
  const { matched, unmatched } = processWord("$a ${nope:-$other} $e", env);
  assert.deepEqual([...matched], ["a", "e"]);
  assert.deepEqual([...unmatched], ["other", "nope"]);
});

test("a value that doubles again and again is refused before it fills the memory", () => {
  const doubling = new Map([["a", "x".repeat(1 << 16)]]);
  assert.throws(() => processWord("$a".repeat(20), doubling), /result is longer than 1048616 characters/);
  const replaced = `\${a//x/${"y".repeat(1 << 14)}}`;
  assert.throws(() => processWord(replaced, doubling), /result is longer than \d+ characters/);
});

test("substitutions nested deeper than any person writes are refused", () => {
  const word = `${"${a:-".repeat(10_000)}${"}".repeat(10_000)}`;
  assert.throws(() => processWord(word, new Map()), /substitutions are nested too deeply/);
});

test("a pattern of many stars ends", () => {
  const value = "a".repeat(20_000);
  const result = processWord(`\${v##${"*a".repeat(20)}b}`, new Map([["v", value]]));
  assert.equal(result.text, value);
  assert.throws(() => processWord("${v//*a*a*b/}", new Map([["v", value]])), /pattern too complex/);
});

test("any text expands or is refused with an ExpansionError", () => {
  const piece = fc.constantFrom(
    "$",
    "{",
    "}",
    ":",
    "-",
    "+",
    "?",
    "#",
    "%",
    "/",
    "*",
    "\\",
    "'",
    '"',
    "a",
    " ",
    "é",
    "\n",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      try {
        processWord(pieces.join(""), env);
      } catch (error) {
        assert.ok(error instanceof DockerfileError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("a word whose characters all stand for themselves is what the lexer makes of it", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "é", "\ud83d", "😀", "/", ">", "`", " ", "\t", "\u2003"),
  });
  fc.assert(
    fc.property(text, (word) => {
      const forLexer = `${word}''`; // adds nothing, but makes the lexer read the word
      assert.equal(processWord(word, env).text, processWord(forLexer, env).text);
      assert.deepEqual(processWords(word, env), processWords(forLexer, env));
    }),
  );
});
