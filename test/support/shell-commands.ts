// The simple commands of a shell script, as words: enough of the shell for what the documents show.
// Must never run anything.

/** A program with its arguments; quotes are gone, variables stand as they are written, redirections are left out. */
export type SimpleCommand = readonly string[];

/** Throws for a quote or a `$(` without an end. Commands inside of `$(…)` come before the one they stand in. */
export function shellCommands(script: string): readonly SimpleCommand[] {
  const found: SimpleCommand[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let skipsNext = false;
  const endWord = () => {
    if (word !== undefined && !skipsNext) words.push(word);
    if (word !== undefined) skipsNext = false;
    word = undefined;
  };
  const endCommand = () => {
    endWord();
    const first = words.findIndex((one) => !/^[A-Za-z_]\w*=/.test(one));
    if (first >= 0) found.push(words.slice(first));
    words = [];
  };
  let at = 0;
  const until = (end: string) => {
    const close = script.indexOf(end, at + 1);
    if (close < 0) throw new Error(`no ${end} after ${JSON.stringify(script.slice(at, at + 30))}`);
    const inside = script.slice(at + 1, close);
    at = close;
    return inside;
  };
  /** At the `$` of `$(`; gives what is between the brackets. */
  const substitution = () => {
    let depth = 0;
    for (let end = at + 1; end < script.length; end++) {
      if (script[end] === "'") end = script.indexOf("'", end + 1);
      else if (script[end] === "(") depth++;
      else if (script[end] === ")" && --depth === 0) {
        found.push(...shellCommands(script.slice(at + 2, end)));
        const whole = script.slice(at, end + 1);
        at = end;
        return whole;
      }
    }
    throw new Error(`no end of ${script.slice(at, at + 30)}`);
  };
  for (; at < script.length; at++) {
    const sign = script.charAt(at);
    if (sign === "#" && word === undefined) at = (script.indexOf("\n", at) + script.length) % script.length;
    const here = script.charAt(at);
    if (here === "'") word = (word ?? "") + until("'");
    else if (here === '"') {
      word ??= "";
      for (at++; script.charAt(at) !== '"'; at++) {
        if (at >= script.length) throw new Error('no " at the end');
        if (script.startsWith("$(", at)) word += substitution();
        else word += script.charAt(script.charAt(at) === "\\" ? ++at : at);
      }
    } else if (script.startsWith("$(", at)) word = (word ?? "") + substitution();
    else if (here === "\\") {
      at++;
      if (script.charAt(at) !== "\n") word = (word ?? "") + script.charAt(at);
    } else if (/[\n|;&()]/.test(here)) endCommand();
    else if (/[<>]/.test(here)) {
      endWord();
      skipsNext = true;
    } else if (/\s/.test(here)) endWord();
    else word = (word ?? "") + here;
  }
  endCommand();
  return found;
}
