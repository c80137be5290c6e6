"""The words the fuzz cooks with: plain commands, forms of shell, and payloads that leave a trace when they run.

Marks in a form are filled in by `soup`: «c» a command, «p» a payload, «v» a value, «u» a command that uses $x,
«w» words of a loop, «f» a file name, «d» a here-document's end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.fuzz import commands

JOINS = [
    " && ", " || ", "; ", " | ", "\n", " |& ", ";", "&&", "||", "|", " ;\n", "\n\n", " && \\\n", " | \\\n  ", " & ",
    "&\n", " &\n",
]  # fmt: skip
PAYLOADS = [
    "touch PWN", "$(touch PWN)", "`touch PWN`", "<(touch PWN)", "> PWN", ">PWN", ">> PWN", "&> PWN", ">|PWN", "2>PWN",
    "1>PWN", "-o PWN", "--output=PWN", "--output PWN", "-exec touch PWN ;", "-exec touch PWN \\;", "-fprint PWN",
    "-delete", "w PWN", "a[$(touch PWN)]", "'a[$(touch PWN)]'", "-v 'a[$(touch PWN)]'", "${x:-$(touch PWN)}",
    "$((a[$(touch PWN)]))", "<<E\n$(touch PWN)\nE", "<<'E'\ntouch PWN\nE", "| tee PWN", "| sh", "& touch PWN",
    "; touch PWN", "\ntouch PWN", "\\\ntouch PWN", "\rtouch PWN", "PWN", "eval touch PWN", "sh -c 'touch PWN'",
    "!touch PWN", "{ touch PWN; }", "(touch PWN)", "{touch,PWN}", "time touch PWN", "coproc touch PWN",
    "<<<$(touch PWN)", "'s/a/touch PWN/e'", "'s/o/x/w PWN'", "'1w PWN'", '\'BEGIN{system("touch PWN")}\'',
    '\'{print > "PWN"}\'', "-i.PWN s/o/x/", "--pre touch", "-t PWN", "-T PWN", "-C -m PWN", "%n 'a[$(touch PWN)]'",
    '"$(touch PWN)"', '"`touch PWN`"', '"${x:-`touch PWN`}"', "<<E\n`touch PWN`\nE\n", "<<-E\n\t$(touch PWN)\n\tE\n",
    '<<< "$(touch PWN)"', "<<<`touch PWN`", "$'\\ntouch PWN'", '$"$(touch PWN)"', ">(touch PWN)", "> >(tee PWN)",
    "|| touch PWN", "&& touch PWN", "|touch PWN", "&touch PWN\n", "evil", "; evil #", "`evil`", "$(evil)", "| evil",
    "../private/secret.txt", "~/private/secret.txt", ".links/link.txt", ".links/out/secret.txt", "$FILES", "$OPTS",
    "$OUTPUT", "$PAYLOAD", "$SUBSCRIPT", '"$SUBSCRIPT"', "$((SUBSCRIPT))", "$(< ../private/secret.txt)",
    "-f ../private/secret.txt", "< .links/link.txt", "<../private/secret.txt", "> ../PWN", "> .git/PWN", "> ~/PWN",
    "> $HOME/PWN", "> .links/out/PWN", "&& cd .. && cat private/secret.txt", "; cd ..; ls", "odd/*", "*", "sub/*.txt",
    "../*", "-oPWN", "flags.lst", "$X_TOKEN", "${X_TOKEN}", "${!x}", "${x@P}", "${x=$(touch PWN)}", "${x:=PWN}",
    "${x/a/$(touch PWN)}", "${a[$(touch PWN)]}", "${x:$(touch PWN):1}", "$[a[$(touch PWN)]]", "$(<places.lst)",
    "`cat flags.lst`", "$(cat flags.lst)", "$(echo -o PWN)", "$(printf '%s ' -o PWN)", "$(cat script.sh)",
    "[[ -v $SUBSCRIPT ]]", "[[ $SUBSCRIPT -eq 1 ]]", "(( SUBSCRIPT ))", "let $SUBSCRIPT", "-a flags.lst",
    "trap 'touch PWN' EXIT", "alias ls='touch PWN'", "exec touch PWN", "PS4='$(touch PWN)' bash -xc :",
    "-exec sort -oPWN {} +",
]  # fmt: skip
GLUE = [
    " ", "  ", "\t", "\n", "\\", "\\\n", "\r", "\x0b", "\x0c", "\xa0", "#", " # ", "\\#", "'", '"', "''", '""', "\\'",
    '\\"', "$", "$$", "$x", "${x}", "`", "\\`", "(", ")", "{", "}", "[", "]", "[[", "]]", "*", "?", "~", "~/", "~+",
    "!", "&", "|", ";", ";;", "<", ">", "<>", ">&", "2>&1", "2>/dev/null", ">/dev/null", "&>/dev/null", "<a.txt",
    "x=1 ", "x=1;", "x+=1", "=", "-", "--", "-n", "-e", "-x", "^", "%", "@", "+", ",", "case x in x)", "esac",
    "if true;then ", ";fi", "while false;do ", ";done", "for x in a;do ", "function f ", "$'\\x0a'", '$"', "EOF",
    "<<EOF\n", "\nEOF\n", "\x00", "\x1b", "\u200b", "\u202e", "é", "😀", "!!", "{a,b}", "{1..3}", "a.txt", "sub", "$(",
    "$((", "))", "<<<", "<<-E\n", "<<'E'\n", "\nE\n", "\nE", "\n\tE\n", "$'", "$'\\''", "$?", "$@", "$*", "$#",
    "$HOME", "$PWD", "$IFS", "${IFS}", "$_", "$0", "$1", "${x:-", "${x-", "${#x}", "IFS=/ ", "IFS=a;", "then ", "do ",
    "else ", "elif true;then ", "in ", "until true;do ", "{ ", " }", "; }", "break", "continue", "return", "exit",
    "\\", "\u2028", "\xad", "\u3000", " \\\n", "\\\n\\\n", "\\ ", "\\$", "\\(", "\\;", "|&", ">>", "<(", ">(", "&>",
    "#!", "$RANDOM", "$BASH", "$BASHPID", "$BASH_COMMAND", "$BASH_EXECUTION_STRING", "$coder_command",
    "${coder_command}", "$BASH_ARGV0", "$LINENO", "$PPID", "$OLDPWD", "$DIRSTACK", "$SHLVL", "$OSTYPE", "$HOSTNAME",
    "$UID", "$FUNCNAME", "${BASH_SOURCE[0]}", "${PIPESTATUS}", "$REPLY", "$COLUMNS", "$SECONDS", "${_}", "$-", "$!",
    "${#}", "${0##*/}", "${PWD##*/}", "${HOME}", "${PWD}/..", "${x:-a.txt}", "${x:+PWN}", "${OPTS:-a}",
    "${OPTS##-o }", "${OPTS:3}", "${FILES%/*}", "${FILES/private/other}", "${x:--oPWN}", "${x-PWN}", "${OUTPUT#x}",
    "# -oPWN", "# ../private/secret.txt",
]  # fmt: skip
VALUES = [
    "1", "a.txt", "sub", "''", '""', "one", '"a.txt b.txt"', "'a b.txt'", "'-o PWN'", '"--output=PWN"', "-oPWN",
    "PWN", "'$(touch PWN)'", '"$(touch PWN)"', "$(touch PWN)", "`touch PWN`", "'`touch PWN`'", "'; touch PWN'",
    "'touch PWN'", "'a.txt PWN'", "../private/secret.txt", "'a.txt ../private/secret.txt'", "~/private/secret.txt",
    ".links/link.txt", "..", "'a[$(touch PWN)]'", "'*'", "'odd/*'", "odd/*", "'-exec touch PWN {} +'", "'-delete'",
    "'1w PWN'", "$OPTS", "$FILES", "a.txt:~/private/secret.txt", "$(cat flags.lst)", "$(cat places.lst)",
    '"$(echo a.txt)"', "$(echo a.txt)", "$x", "${x}b.txt", "a.txt;touch${IFS}PWN", "$'-o\\x20PWN'", "$'a.txt\\nPWN'",
    "'a.txt\nPWN'", "{a.txt,PWN}", "evil", "'s/one/touch PWN/e'", "'/dev/stdin'", "(a.txt PWN)", "'>PWN'",
    "a\\ b.txt", "nested", "-", "bin/ls",
]  # fmt: skip
USES = [
    "cat $x", 'cat "$x"', "cat ${x}", "sort $x a.txt", 'sort "$x" a.txt', "uniq a.txt $x", "uniq $x", 'uniq "$x"',
    "echo $x", 'echo "$x"', "head -n $x a.txt", "$x", "$x a.txt", 'eval "$x"', "echo $(($x))", "echo $((x))",
    "[[ $x -eq 0 ]]", '[ "$x" = a ]', "[ $x ]", "test -f $x", "cat < $x", "echo hi > $x", "cat <<< $x", "git log $x",
    "git diff $x", "printf -v $x y", 'printf "$x"', "printf %s $x", "ls $x", "find . $x", "find $x -name a",
    "sed $x a.txt", 'sed -n "$x" a.txt', "awk $x a.txt", 'awk "{print}" $x', "grep $x a.txt", "cd $x",
    "cd $x && git diff", "xxd $x", "date $x", "wc -l $x", "${x:-a}", "${x#a}", "${#x}", "export $x",
    "read $x < a.txt", "[[ -v $x ]]", "(( x ))", "git $x", "git -C $x diff", "sh -c $x", "timeout 5 $x", "env $x",
    "command $x", "ls ${x%.*}*", "echo ${x@P}", "cat /dev/null $x", "echo $x | xargs cat", "echo $x | xargs sort",
    "cat <<E\n$x\nE", "ls -d $x/*", "tail $x", "[[ a == $x ]]", "diff a.txt $x", "${x}", "file $x", "echo ${!x}",
    "y=$x; cat $y", "$x $x", "for y in $x; do cat $y; done", "sort ${x} a.txt", "cat ${x:-a.txt}",
    "cat ${x:+../private/secret.txt}", "sort ${x:-a.txt}", "sort ${x%.txt}", "uniq a.txt ${x#-}", "xxd ${x/a/b}",
    "sort ${x:0:3} a.txt", "cat ${x//a/b}", "uniq a.txt ${x,,}", "find . -name $x", 'find . -name "$x" | xargs cat',
    "find $x -type f", "set -- $x; sort $1 $2", "read y <<< $x; sort $y", "sort $x$x a.txt", "sort -$x a.txt",
    'sort "-$x" a.txt', "date -d @$x", 'date -d "$x" -f $x', 'date "+$x"', "[[ $x == *.txt ]] && uniq a.txt $x",
    "[[ -f $x ]] && cat $x", "case $x in a*) uniq a.txt $x;; esac", 'test -n "$x" && sort $x a.txt',
    "wc --files0-from=$x", "printf '%s\\0' $x | wc --files0-from=-", "cd $x && cat ../private/secret.txt",
    'cd "$x" && ls', 'git -C "$x" status', "git log --oneline $x", "git show $x", "git show HEAD:$x",
    "git diff --stat $x", "git grep one $x", "grep -r $x .", 'grep "$x" -r .', "awk -v y=$x '{print y}' a.txt",
    'awk -v y="$x" "$x" a.txt', 'sed -n "${x}p" a.txt', 'sed "s/one/$x/" a.txt', "sed s/one/$x/ a.txt",
    'jq "$x" data.json', "jq --arg y $x . data.json", 'tail -n "$x" a.txt', 'tr a "$x" < a.txt',
    'cut -d"$x" -f1 a.txt', "$x=1 ls", "y=$x ls", "LANG=$x ls", "TZ=$x date", 'echo a > "$x"', "ls 2>$x",
    "cat <<E | sort $x\nE", "diff <(cat $x) a.txt", "cat <(sort $x a.txt)", "basename $x | xargs cat",
    "dirname $x | xargs ls", "realpath $x | xargs cat", "stat -c %n $x", "[ $x -eq 1 ]", "(( $x > 0 ))", "let y=$x",
    "echo $((x + 1))", "echo $(( $x + 1 ))", "[[ $x -gt 0 ]]", "[[ 1 -eq $x ]]", "[[ x -eq 0 ]]", "printf '%d' $x",
    "printf %s\\\\n $x | xargs sort", "seq $x", "sleep $x", "nice -n $x ls", "timeout $x ls", "head -$x a.txt",
    "env -i $x", "xargs -a $x echo", "type $x", "command -v $x",
]  # fmt: skip
LOOPED = [
    "a.txt b.txt", "*", "*.txt", "sub/*", "odd/*", "1 2 3", "a.txt PWN", "-oPWN a.txt", "'-o PWN' a.txt", "$(ls odd)",
    "$(ls)", "`ls sub`", "../private/*", ".links/link.txt", ".links/out/*", "{a,b}.txt", "$FILES", '"$@"',
    "'a.txt PWN'", "touch PWN", "'$(touch PWN)'", "sub ..", "nested", "~/private/*", "",
    "a.txt ../private/secret.txt", "bin/*", "places.lst", "$(cat places.lst)", "$(seq 2)", "'a[$(touch PWN)]'",
    "a.txt b.txt 1 2 3 4 5 6 7 8 -oPWN", "$(git ls-files)", "$(find . -name '*.txt')", "$(ls odd/)",
    "$(find odd -type f)", "$(basename odd/*)", "$(seq 1 3)", "$(cat list.txt)", "$(echo a b)", '"$(ls odd)"',
    "$(find odd -name '-*' -printf '%f\\n')", "odd/-*", "$(git diff --name-only)", "$(grep -l one *.txt)", "$x a.txt",
    '"$x"', "'a b.txt' *", "$(pwd)/..", "$PWD/../private/*",
]  # fmt: skip
ENDS = [
    "E", "'E'", '"E"', "\\E", "EOF", "'EOF'", "E''", "$E", "'E F'", '"E"F', "E\\\nF", "'$(touch PWN)'",
]  # fmt: skip
FORMS = [
    "(«c»)", "{ «c»; }", "«c» &", "«c» & «c»", "«c» &\nwait", "! «c»", "time «c»", "if «c»; then «c»; fi",
    "if «c»; then «c»; else «c»; fi", "if «c»\nthen\n  «c»\nelif «c»; then «c»\nfi", "while «c»; do «c»; break; done",
    "until «c»; do «c»; break; done", "for x in «w»; do «u»; done", "for x in «w»\ndo\n  «u»\ndone",
    "for x in «w»; do «c»; done", "for x in «w»; do «u»; done | «c»", "for x in «w»; do «u» & done",
    "case a in a) «c»;; *) «c»;; esac", "case «v» in\n  a*|b) «c» ;;\n  *) «c» ;&\n  c) «c» ;;\nesac",
    "for x; do «u»; done", "for ((x=0;x<1;x++)); do «u»; done", "x=«v»; «u»", "x=«v»\n«u»", "x=«v» && «u»",
    "x=«v» «u»", "x=«v»; y=«v»; «u»", "x=$(«c»); «u»", "x=`«c»`; «u»", 'x="$(«c»)"; «u»', "export x=«v»; «u»",
    "local x=«v»; «u»", "declare x=«v»; «u»", "x=(«v» «v»); «u»", "x+=«v»; «u»", "echo $(«c»)", 'echo "$(«c»)"',
    "echo `«c»`", 'echo "`«c»`"', "cat $(«c»)", "sort $(«c»)", "ls -d $(«c»)", "$(«c»)", "echo $(echo $(«c»))",
    'echo "a $(echo "b $(«c»)") c"', "echo `echo \\`«c»\\``", "uniq $(«c»)", "git log $(«c»)", "cat <(«c»)",
    "diff <(«c») <(«c»)", "«c» > >(cat)", "echo $((1 + 2))", "echo $(( «v» ))", "(( 1 + «v» )) && «c»",
    "cat <<E\n«t»\nE", "cat <<'E'\n«t»\nE", 'cat <<"E"\n«t»\nE', "cat <<\\E\n«t»\nE", "cat <<-E\n\t«t»\n\tE\n«c»",
    "cat <<E | «c»\n«t»\nE", "cat <<E && «c»\n«t»\nE\n«c»", "cat <<A <<B\n«t»\nA\n«t»\nB", "cat <<«d»\n«t»\nE\n«c»",
    "«c» <<'E'\n«t»\nE\n«c»", "«c» <<E\n«t»\nE", "cat <<E; «c»\n«t»\n E\nE \nE\n«c»",
    'echo "$(cat <<\'E\'\n«t»\nE\n)"', 'echo "$(cat <<E\n«t»\nE\n)"', "x=$(cat <<'E'\n«t»\nE\n); «u»",
    "(cat <<E\n«t»\nE\n)", "cat <<E\n«t»", "cat <<E\n«t»\r\nE\r\n«c»", "cat <<< «v»", 'cat <<< "«t»"', "«c» <<< «v»",
    "grep one <<< $(«c»)", "cat <<<«v» | «c»", "sh <<< «v»", "cat <<E\n«t»\\\nE\nE\n«c»", "echo $'«t»'",
    "echo $'a\\tb'; «c»", 'echo $"«t»"', "[[ -f «f» ]] && «c»", "[[ «v» == a* ]] || «c»", "[[ «v» =~ ^a ]]; «c»",
    "[[ -n $(«c») ]]", '[ -n "$(«c»)" ] && «c»', 'test "$(«c»)" = «v»', "[[ «v» -eq 0 ]]", "[ «v» -eq 0 ]",
    "x=«v»; [[ $x -gt 1 ]]", "«c» | xargs «c»", "«c» | xargs cat", "«c» | xargs -n1 sort", "«c» | xargs -I{} cat {}",
    "xargs «c» < «f»", "«c» | xargs", "find . -name '*.txt' -exec «c» {} \\;", "find sub -type f -exec cat {} +",
    "find . -type f | xargs «c»", "«c» | while read x; do «u»; done", "while read -r x; do «u»; done < «f»",
    "«c» | while read x; do «c»; done", "f() { «c»; }; f", "function f { «c»; }\nf", "ls() { touch PWN; }; «c»",
    "cd() { touch PWN; }; cd sub", "alias ls=evil\n«c»", "cd «f»; «c»", "cd sub && «c»", "(cd .. && «c»); «c»",
    "cd .. ; «c»", "if cd ..; then «c»; fi", "cd sub & «c»", "cd sub | «c»", "for x in sub ..; do cd $x; «c»; done",
    "{ cd ..; }; «c»", "cd nested && «c»", "pushd ..; «c»", "cd -; «c»", "cd .links/out && «c»", "cd «v»; «u»",
    "echo $(cd ..; «c»)", "echo $(cd .. && cat private/secret.txt)", "PATH=bin; «c»", "PATH=bin:$PATH «c»",
    "IFS=«v»; «u»", "IFS=,; x=a.txt,PWN; uniq $x", "HOME=../private; cat ~/secret.txt", "set -- «w»; uniq $1 $2",
    "set -x; «c»", "exec > PWN; «c»", "exec 3>PWN; «c»", "trap «v» EXIT; «c»", "echo «v» | sh", "«c» || «c» && «c»",
    "«c» #«t»\n«c»", "«c» # «t»", "x=«v»; for y in 1; do «u»; done", "for x in «w»; do y=«v»; done; «u»",
    "for x in «w»; do :; done; «u»", "x=a.txt; x=«v»; «u»", "if «c»; then x=«v»; else x=a.txt; fi; «u»",
    "(x=«v»); «u»", "«c» && x=«v»; «u»", "x=«v» | «c»; «u»", "unset x; «u»", "for x in a.txt; do x=«v»; «u»; done",
    "while x=«v»; do «u»; break; done", "readonly x=«v»; «u»", "x=«v»; «u»; x=a.txt", "{ «c»; «c»; } > /dev/null",
    "(«c»; «c») 2>&1 | «c»", "{ «c»; } < «f»", "(«c») > «f»", "if «c»; then «c»; fi > «f»", "«c» 2>&1",
    "«c» >/dev/null 2>&1 &", "«c» < «f»", "«c» > «f»", "nohup «c» &", "echo $PWD $HOME; «c»", "echo ${X_TOKEN}",
    "cat $PWD/a.txt", 'ls "$PWD/sub"', "cat $HOME/private/secret.txt", 'ls "${HOME}"', "cat ~+/a.txt",
    "cat ${x:-a.txt}", "cat ${x:-../private/secret.txt}", "sort ${x:--oPWN} a.txt", "echo ${x:-$(«c»)}",
    'echo "${x:-`«c»`}"', "echo ${x:+«v»}", "cat {a,b}.txt", "uniq {a.txt,PWN}", "echo {1..3}", "«c» \\\n  | «c»",
    "«c» &&\n«c»", "«c» |\n\n«c»", "«c»;«c»;", "coproc «c»", "x='«t»'; «u»", 'x="«t»"; «u»', 'echo "«t»"',
    "echo '«t»'", "grep '«t»' a.txt", 'grep -e "«t»" a.txt', "find . -type f -print0 | xargs -0 «c»",
    "find odd -type f -printf '%f\\n' | xargs sort", "find . -name '«f»' -exec cat {} +",
    "find . -maxdepth 1 -exec «c» \\;", "git ls-files | xargs «c»", "git ls-files -z | xargs -0 cat",
    "git diff --name-only | xargs cat", "ls odd | while read x; do «u»; done",
    "find . -name '*.txt' | while read -r x; do «u»; done", "find . -type f | while IFS= read -r x; do «u»; done",
    "while read -r x y; do «u»; done <<< «v»", "while read x; do «u»; done <<'E'\n«t»\nE", "read x < «f»; «u»",
    "read -r x <<< «v»; «u»", "set -e; «c»", "set -euo pipefail\n«c»\n«c»", "set +x -- «v»; sort $1 a.txt",
    "set -o allexport; x=«v»; «c»", "x=«v»; (x=«v»); «u»", "x=«v»; for y in «w»; do x=$y; done; «u»",
    "x=«v»; if «c»; then x=«v»; fi; «u»", "x=«v»; while «c»; do x=«v»; done; «u»", "x=«v»; «c» || x=«v»; «u»",
    "x=«v» & «u»", "{ x=«v»; }; «u»", "x=«v»; case $x in «v») «u»;; esac", 'x=«v»; y="$x «v»"; sort $y',
    "x=«v»; y=${x}«v»; sort $y", "x=-o; y=PWN; sort $x$y a.txt", "x=«v»; cd $x; «c»",
    "cd sub; x=$PWD; cd ..; cd ..; ls $x", "x=$(cd ..; pwd); cat $x/private/secret.txt",
    "x=$(pwd); cat $x/../private/secret.txt", "x=$(dirname $PWD); cat $x/private/secret.txt",
    "x=$(basename «v»); «u»", "x=$(dirname «v»); «u»", "x=$(git rev-parse --show-toplevel); ls $x/..",
    "x=$(git rev-parse HEAD); git show $x", "x=$(git describe --tags); git show $x", "x=$(ls -d «f»); «u»",
    "x=$(find odd -type f | head -1); «u»", "sort --file=<(«c»)", "cat <(«c») «f»", "comm <(sort «f») <(sort «f»)",
    "grep -f <(«c») a.txt", "xargs -I{} date -d @{} < «f»", "echo «v» | xargs -I{} date -d @{}",
    "«c» | wc --files0-from=-", "time («c»)", "! («c»)", "if [ -f «f» ]; then cat «f»; fi",
    "if [[ «v» = «v» && -f «f» ]]; then «c»; fi", "[ «v» = «v» -a -f «f» ]", "[ «v» ] && «c»",
    "test «v» -nt «f»; «c»", "[[ ( «v» < «v» ) || ! -e «f» ]]", "case $x in *) «c»;; esac",
    'case «v» in\n  «v») «c»;;\n  "«t»") «c»;;\nesac', "for x in «w»; do if [ -f $x ]; then «u»; else «u»; fi; done",
    "for x in «w»; do for y in «w»; do sort $x $y; done; done", "for x in «w»; do cd $x; «c»; cd ..; done",
    'for x in «w»; do (cd "$x" && «c»); done', "for x in «w»; do «u» || break; done",
    "for x in «w»; do case $x in -*) continue;; esac; «u»; done",
]  # fmt: skip
TEXT = [
    "plain words", "it's", 'a "quoted" one', "one\ntwo", "$x", "${x}", "`x`", "\\`", "\\$(x)", "$(touch PWN)",
    "`touch PWN`", "\\`touch PWN\\`", "\\\\$(touch PWN)", "\\$(touch PWN)", "\\\\\\$(touch PWN)",
    "${x:-$(touch PWN)}", "${x:-`touch PWN`}", " $(touch PWN)", "\t$(touch PWN)", "$\\\n(touch PWN)", "$(touch PWN",
    "$((a[$(touch PWN)]))", "E\ntouch PWN", " E\ntouch PWN", "\tE\ntouch PWN", "E \ntouch PWN", "E\r\ntouch PWN",
    "'\ntouch PWN\n'", '"\ntouch PWN\n"', '"; touch PWN; "', "'; touch PWN; '", "<<F\nF\ntouch PWN", "# $(touch PWN)",
    "$'\\''; touch PWN; '", "\\E\nE\ntouch PWN", "$X_TOKEN", "\\\nE\ntouch PWN", ")\n", "a)b", ")", "touch PWN",
    "${x:-<", '$(echo ")")', "$(echo ')' ; touch PWN)", "$(case a in a) touch PWN;; esac)",
    "$(cat <<F\n)\nF\ntouch PWN)", "`echo \\`touch PWN\\``", "${x#$(touch PWN)}", "$[1]", "\\x", "a\\\nb", "$ x",
    "100%", "a & b",
]  # fmt: skip
FILES = [
    "a.txt", "b.txt", "sub", "list.txt", "places.lst", "flags.lst", "PWN", "/dev/null", ".links/link.txt",
    "../private/secret.txt",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pantry:
    """What one kind of fuzz cooks with. `spice` is sprinkled far more often than the common payloads."""

    plain: list[str] = field(default_factory=lambda: commands.PLAIN)
    risky: list[str] = field(default_factory=lambda: commands.RISKY)
    payloads: list[str] = field(default_factory=lambda: PAYLOADS)
    corpus: list[str] = field(default_factory=list)
    spice: list[str] = field(default_factory=list)
