// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strings"
	"unicode/utf8"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish,powershell" help:"bash, zsh, fish or powershell."`
}

// Help is shown by completion --help.
func (completionCommand) Help() string {
	return `The script completes commands, options, buckets, keys and the IDs of jobs. It asks the storage for names, for at most two seconds.

Examples:
  source <(lithops-s3 completion bash)                        # in ~/.bashrc
  lithops-s3 completion zsh > "${fpath[1]}/_lithops-s3"
  lithops-s3 completion fish > ~/.config/fish/completions/lithops-s3.fish
  lithops-s3 completion powershell | Out-String | Invoke-Expression`
}

// Run prints the script.
func (c *completionCommand) Run(t *terminal) error {
	_, err := io.WriteString(t.stdout, completionScripts[c.Shell])
	return err
}

// completionScripts pass the line up to the cursor on to the command. A bucket or
// folder is followed by no blank. What a shell would run or split is quoted: by zsh and fish
// themselves, for bash by the command, because bash quotes only names of files.
var completionScripts = map[string]string{
	"bash": `# Completion of lithops-s3 for bash.
_lithops_s3() {
    local line=${COMP_LINE:0:COMP_POINT} candidate
    COMPREPLY=()
    while IFS= read -r candidate; do
        COMPREPLY+=("$candidate")
    done < <(lithops-s3 __complete --bash --word="$2" "$line" 2>/dev/null)
    case ${COMPREPLY[0]} in
    */) compopt -o nospace 2>/dev/null ;;
    esac
}
complete -o default -F _lithops_s3 lithops-s3
`,
	"zsh": `#compdef lithops-s3
# Completion of lithops-s3 for zsh.
_lithops_s3() {
    local -a found folders others
    found=("${(@f)$(lithops-s3 __complete "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
    found=(${found:#})
    if (( ! $#found )); then
        _files
        return
    fi
    folders=(${(M)found:#*/})
    others=(${found:#*/})
    (( $#folders )) && compadd -S '' -- $folders
    (( $#others )) && compadd -- $others
}
if [ "$funcstack[1]" = "_lithops-s3" ]; then
    _lithops_s3
else
    compdef _lithops_s3 lithops-s3
fi
`,
	"fish": `# Completion of lithops-s3 for fish.
complete -c lithops-s3 -a '(lithops-s3 __complete (commandline -cp) 2>/dev/null)'
`,
	"powershell": `# Completion of lithops-s3 for PowerShell.
Register-ArgumentCompleter -Native -CommandName lithops-s3 -ScriptBlock {
    param($word, $ast, $cursor)
    $line = $ast.ToString()
    if ($cursor -gt $line.Length) { $line += ' ' } else { $line = $line.Substring(0, $cursor) }
    lithops-s3 __complete $line 2>$null | ForEach-Object {
        $text = $_
        if ($text -match '[^\w./:=%+-]') {
            $text = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($text) + "'"
        }
        [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
    }
}
`,
}

// forBash returns what bash inserts for each candidate after what stays of the word, as it
// must be written within the quote that is open, or 0 for none.
func forBash(candidates []string, stays string, quote rune) (inserted []string) {
	for _, candidate := range candidates {
		if rest, ok := strings.CutPrefix(candidate, stays); ok {
			inserted = append(inserted, quoteForBash(rest, quote))
		}
	}
	return inserted
}

// quoteForBash writes text so that bash reads it as it is within the quote that is open.
func quoteForBash(text string, quote rune) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case quote == 0 && isPlainInBash(r), quote == '"' && !strings.ContainsRune("$`\"\\!", r), quote == '\'' && r != '\'':
			b.WriteRune(r)
		case quote == 0, quote == '"' && r != '!':
			b.WriteString(`\` + string(r))
		default: // which no quote can hold
			b.WriteString(string(quote) + `\` + string(r) + string(quote))
		}
	}
	return b.String()
}

// isPlainInBash reports whether bash takes a rune outside of quotes for itself.
func isPlainInBash(r rune) bool {
	return r >= utf8.RuneSelf || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("%+,-./:=@_", r)
}
