// Scripts with which bash, zsh and fish complete the commands of this project. They hold all words, so that no program has
// to be started while somebody types.

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** A command with what may come after it. */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: ReadonlyArray<{
    readonly name: string;
    /** Undefined for a flag without a value; empty if only the user knows the value. */
    readonly values: readonly string[] | "file" | undefined;
  }>;
  readonly words: readonly string[] | "file";
}

/** The script, without a line break at its end. */
export const completionScript = (shell: Shell, commands: readonly CommandWords[]): string =>
  `# Completion for ${shell}, written by: npm run --silent manage -- completion ${shell}\n${scripts[shell](commands)}`;

/** The flags with a value, each once: a flag of one name has the same values with all commands. */
function flagValues(commands: readonly CommandWords[]): ReadonlyMap<string, readonly string[] | "file"> {
  const found = commands.flatMap(({ flags }) =>
    flags.flatMap(({ name, values }) => (values === undefined ? [] : [[`--${name}`, values] as const])),
  );
  return new Map(found);
}

const wordsAfter = ({ flags, words }: CommandWords): string[] => [
  ...(words === "file" ? [] : words),
  ...flags.map(({ name }) => `--${name}`),
];

/** The cases of a `case` in bash and zsh for the value of the flag before the cursor. */
function valueCases(commands: readonly CommandWords[], files: string, list: (words: readonly string[]) => string) {
  const cases = [...flagValues(commands)].map(([flag, values]) => {
    if (values === "file") return `    ${flag}) ${files}; return ;;`;
    return `    ${flag}) ${values.length === 0 ? "" : `${list(values)}; `}return ;;`;
  });
  return cases.join("\n");
}

const fileCommands = (commands: readonly CommandWords[]): string =>
  commands.flatMap(({ name, words }) => (words === "file" ? [name] : [])).join("|");

const scripts: Readonly<Record<Shell, (commands: readonly CommandWords[]) => string>> = {
  bash: (commands) => `
_simplejwt_edge_words() {
  case "$1" in
    "") echo "${commands.map(({ name }) => name).join(" ")} --help --version" ;;
${commands.map((one) => `    ${one.name}) echo "${wordsAfter(one).join(" ")}" ;;`).join("\n")}
  esac
}

# $1: where the command is in COMP_WORDS
_simplejwt_edge_at() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" command=""
  ((COMP_CWORD > $1)) && command="\${COMP_WORDS[$1]}"
  COMPREPLY=()
  case "$previous" in
${valueCases(commands, 'COMPREPLY=($(compgen -f -- "$current"))', (words) => `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$current"))`)}
  esac
  COMPREPLY=($(compgen -W "$(_simplejwt_edge_words "$command")" -- "$current"))
  case "$command" in
    ${fileCommands(commands)}) COMPREPLY+=($(compgen -f -- "$current")) ;;
  esac
}

_simplejwt_edge() { _simplejwt_edge_at 1; }

_simplejwt_edge_npx() {
  if [[ "\${COMP_WORDS[1]}" == simplejwt-edge ]] && ((COMP_CWORD > 1)); then _simplejwt_edge_at 2; fi
}

_simplejwt_edge_npm() {
  local i run="" manage=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      run | run-script) run=yes ;;
      manage) manage="$run" ;;
      --) if [[ -n "$manage" ]]; then _simplejwt_edge_at $((i + 1)); return; fi ;;
    esac
  done
  # Without "--", npm keeps flags for itself.
  if [[ -n "$manage" ]]; then COMPREPLY=(--); return; fi
  if declare -F _npm_completion > /dev/null; then _npm_completion "$@"; fi
}

complete -F _simplejwt_edge simplejwt-edge
complete -o default -F _simplejwt_edge_npx npx
complete -o default -F _simplejwt_edge_npm npm`,

  zsh: (commands) => `
# $1: where the command is in words
_simplejwt_edge_at() {
  local command=""
  ((CURRENT > $1)) && command="\${words[$1]}"
  case "\${words[CURRENT - 1]}" in
${valueCases(commands, "_files", (words) => `compadd -- ${words.join(" ")}`)}
  esac
  case "$command" in
    "")
      local -a commands=(
${commands.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`).join("\n")}
      )
      _describe command commands
      compadd -- --help --version
      ;;
${commands
  .map((one) => {
    const words = wordsAfter(one);
    const files = one.words === "file" ? "; _files" : "";
    return `    ${one.name}) ${words.length === 0 ? ":" : `compadd -- ${words.join(" ")}`}${files} ;;`;
  })
  .join("\n")}
  esac
}

_simplejwt_edge() { _simplejwt_edge_at 2 }

_simplejwt_edge_npx() {
  if [[ "\${words[2]}" == simplejwt-edge ]] && ((CURRENT > 2)); then _simplejwt_edge_at 3; else _default; fi
}

_simplejwt_edge_npm() {
  local -i i
  local run="" manage=""
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      run | run-script) run=yes ;;
      manage) manage="$run" ;;
      --) if [[ -n "$manage" ]]; then _simplejwt_edge_at $((i + 1)); return; fi ;;
    esac
  done
  # Without "--", npm keeps flags for itself.
  if [[ -n "$manage" ]]; then compadd -- --; return; fi
  if (($+functions[_npm_completion])); then _npm_completion; else _default; fi
}

compdef _simplejwt_edge simplejwt-edge
compdef _simplejwt_edge_npx npx
compdef _simplejwt_edge_npm npm`,

  fish: (commands) => `
# fish's own completion of npm adds the scripts of package.json. It is loaded when npm is completed for the first time.
function __simplejwt_edge_without_scripts
    functions -q __simplejwt_edge_npm_run; and return
    functions -q __fish_npm_run; or return
    functions -c __fish_npm_run __simplejwt_edge_npm_run
    function __fish_npm_run
        set -l words (commandline -opc)
        contains -- manage $words[3..-1]; or __simplejwt_edge_npm_run
    end
end

# Whether the "--" is missing: without it, npm keeps flags for itself.
function __simplejwt_edge_needs_dashes
    __simplejwt_edge_without_scripts
    set -l words (commandline -opc)
    contains -- manage $words[3..-1]; and not contains -- -- $words
end

# The words after the program, or nothing and 1 for another program.
function __simplejwt_edge_words
    set -l words (commandline -opc)
    if test "$words[1]" = simplejwt-edge
        set -e words[1]
    else if test "$words[1]" = npx -a "$words[2]" = simplejwt-edge
        set -e words[1..2]
    else if test "$words[1]" = npm; and contains -- manage $words; and contains -- -- $words
        set -e words[1..(contains -i -- -- $words)]
    else
        return 1
    end
    test (count $words) -eq 0; or printf '%s\\n' $words
    return 0
end

function __simplejwt_edge_first
    set -l words (__simplejwt_edge_words); or return 1
    test (count $words) -eq 0
end

# $argv[1]: the command. The value of a flag is not completed here.
function __simplejwt_edge_after
    set -l words (__simplejwt_edge_words); or return 1
    test "$words[1]" = $argv[1]; and not contains -- $words[-1] ${[...flagValues(commands).keys()].join(" ")}
end

# $argv[1]: the flag before the cursor.
function __simplejwt_edge_value
    set -l words (__simplejwt_edge_words); or return 1
    test (count $words) -gt 1; and test "$words[-1]" = $argv[1]
end

complete -c npm -n __simplejwt_edge_needs_dashes -f -a -- -d 'then the command'
for program in npm npx simplejwt-edge
    complete -c $program -n '__simplejwt_edge_words > /dev/null' -f
${[
  ...commands.map(
    ({ name, summary }) => `    complete -c $program -n __simplejwt_edge_first -f -a ${name} -d ${quoted(summary)}`,
  ),
  ...commands.flatMap((one) => {
    const words = wordsAfter(one);
    const after = `    complete -c $program -n '__simplejwt_edge_after ${one.name}'`;
    return [
      ...(words.length === 0 ? [] : [`${after} -f -a '${words.join(" ")}'`]),
      ...(one.words === "file" ? [`${after} -F`] : []),
    ];
  }),
  ...[...flagValues(commands)].flatMap(([flag, values]) => {
    const value = `    complete -c $program -n '__simplejwt_edge_value ${flag}'`;
    if (values === "file") return [`${value} -F`];
    return values.length === 0 ? [] : [`${value} -f -a '${values.join(" ")}'`];
  }),
].join("\n")}
end`,
};

/** For zsh and fish: summaries have apostrophes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "’")}'`;
