"""Names of file types and the file names they stand for. Must not know how files are searched."""

from __future__ import annotations

from difflib import get_close_matches

from coder.core.errors import ToolError

_TYPES: dict[str, str] = {
    "asm": "*.asm *.s *.S",
    "c": "*.c *.h",
    "clojure": "*.clj *.cljc *.cljs *.edn",
    "cmake": "*.cmake CMakeLists.txt",
    "config": "*.cfg *.conf *.config *.ini *.properties",
    "cpp": "*.cc *.cpp *.cxx *.c++ *.h *.hh *.hpp *.hxx *.inl",
    "cs": "*.cs *.csx",
    "css": "*.css *.scss *.sass *.less",
    "csv": "*.csv *.tsv",
    "dart": "*.dart",
    "docker": "Dockerfile *.dockerfile Dockerfile.* Containerfile",
    "elixir": "*.ex *.exs *.eex *.heex",
    "erlang": "*.erl *.hrl",
    "fsharp": "*.fs *.fsi *.fsx",
    "go": "*.go go.mod go.sum go.work",
    "graphql": "*.graphql *.graphqls *.gql",
    "groovy": "*.groovy *.gradle",
    "haskell": "*.hs *.lhs *.cabal",
    "html": "*.html *.htm *.xhtml",
    "java": "*.java",
    "js": "*.js *.jsx *.mjs *.cjs *.vue",
    "json": "*.json *.jsonc *.jsonl *.json5",
    "julia": "*.jl",
    "jupyter": "*.ipynb",
    "kotlin": "*.kt *.kts",
    "lock": "*.lock package-lock.json pnpm-lock.yaml go.sum",
    "log": "*.log",
    "lua": "*.lua",
    "make": "Makefile makefile GNUmakefile *.mk *.mak",
    "md": "*.md *.mdx *.markdown",
    "nix": "*.nix",
    "objc": "*.m *.mm *.h",
    "ocaml": "*.ml *.mli *.mll *.mly",
    "perl": "*.pl *.pm *.t",
    "php": "*.php *.phtml",
    "proto": "*.proto",
    "ps": "*.ps1 *.psm1 *.psd1",
    "py": "*.py *.pyi *.pyx",
    "r": "*.r *.R *.Rmd *.qmd",
    "rst": "*.rst",
    "ruby": "*.rb *.erb *.rake *.gemspec Gemfile Rakefile",
    "rust": "*.rs",
    "scala": "*.scala *.sbt *.sc",
    "sh": "*.sh *.bash *.zsh *.ksh *.fish .bashrc .zshrc .profile",
    "sql": "*.sql",
    "svelte": "*.svelte",
    "svg": "*.svg",
    "swift": "*.swift",
    "terraform": "*.tf *.tfvars *.hcl",
    "tex": "*.tex *.sty *.cls *.bib",
    "toml": "*.toml",
    "ts": "*.ts *.tsx *.mts *.cts",
    "txt": "*.txt",
    "vim": "*.vim",
    "vue": "*.vue",
    "xml": "*.xml *.xsd *.xsl *.xslt *.plist",
    "yaml": "*.yaml *.yml",
    "zig": "*.zig",
}
_ALIASES = {
    "bash": "sh",
    "c++": "cpp",
    "csharp": "cs",
    "dockerfile": "docker",
    "golang": "go",
    "hcl": "terraform",
    "ini": "config",
    "javascript": "js",
    "jsonl": "json",
    "jsx": "js",
    "makefile": "make",
    "markdown": "md",
    "powershell": "ps",
    "protobuf": "proto",
    "python": "py",
    "rb": "ruby",
    "rs": "rust",
    "scss": "css",
    "shell": "sh",
    "tf": "terraform",
    "tsx": "ts",
    "typescript": "ts",
    "yml": "yaml",
    "zsh": "sh",
}


def globs_of(name: str) -> list[str]:
    """The file name patterns of a type. Raises ToolError with the names that come near."""
    known = _ALIASES.get(name.lower().lstrip("."), name.lower().lstrip("."))
    if known in _TYPES:
        return _TYPES[known].split()
    near = get_close_matches(known, [*_TYPES, *_ALIASES], n=3, cutoff=0.5)
    hint = f"Near it: {', '.join(near)}." if near else f"Known: {', '.join(_TYPES)}."
    raise ToolError(
        f'`type` is {name!r}; expected a file type. {hint} Any other files: use `glob`, such as "*.{known}".'
    )
