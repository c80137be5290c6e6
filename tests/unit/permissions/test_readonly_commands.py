from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.policy import policy, project

EVERYDAY = r"""
ls
ls -la
ls -lah src
ls -1 *.ts
ls --color=never -R src
cat README.md
cat -n src/a.py src/b.py
cat 'a%b'
head -20 a.txt
head -n 5 a.txt
tail -n +10 a.txt
tail -5 a.txt
wc -l src/*.py
grep -rn "TODO" src
grep -E "^class |^def " a.py
grep -n -A 3 -B3 foo a.py
grep --include='*.py' -rl word .
egrep 'a|b' f
rg -n "def main" -g '*.py'
rg --files
rg -l word src tests
find . -name '*.py' -not -path './.git/*'
find src -type f -maxdepth 2
find . \( -name a -o -name b \) -print
sort a.txt
sort -k 2,2 -t , -rn a.csv
sort -u
uniq -c
cut -d / -f1 f
cut -d: -f1,3 f
tr a-z A-Z
diff -u a b
diff -r src lib
diff a /dev/null
cmp a b
comm -12 a b
stat a.txt
file a.txt
du -sh .
du -h --max-depth=1 src
df -h
which python3
type ls
command -v node
whoami
id -u
uname -a
pwd
echo hello world
echo -n "a  b" --x
printf '%s\n' a b
date
date +%Y-%m-%d
date -u
sleep 1
true
test -f a.txt
test -d src -a -r a.txt
[ -f package.json ]
[ a = b ]
basename src/a.py .py
dirname src/a.py
realpath src
readlink -f src
tree -L 2
nl a.txt
tac a.txt
od -c a.txt
xxd a.txt
md5sum a.txt
sha256sum a.txt
base64 a.txt
seq 1 10
nproc
hostname
jq . package.json
jq -r '.scripts | keys[]' package.json
sed -n 1,20p a.txt
sed -n '/start/,/end/p' a.txt
sed 's/foo/bar/g' a.txt
sed -E 's|a+|b|' a.txt
awk '{print $1}' f
awk -F, '{ sum += $2 } END { print sum }' a.csv
awk 'NR==1{print; exit}' a.csv
git status
git status --short --branch
git log --oneline -10
git log -p -1 -- src/a.py
git log --since=yesterday --author=me --format='%h %s'
git --no-pager log -3
git diff
git diff --stat HEAD~1
git diff --cached -- src
git diff main...feature
git show HEAD
git show HEAD~2:src/a.py
git show --stat stash@{0}
git branch
git branch -a -vv
git branch --show-current
git branch --merged
git branch --list 'feature/*'
git tag
git tag -l 'v*'
git remote -v
git remote get-url origin
git rev-parse HEAD
git rev-parse --show-toplevel
git rev-parse --abbrev-ref HEAD
git ls-files
git ls-files --others --exclude-standard
git blame -L 1,20 src/a.py
git describe --tags --always
git shortlog -sn
git reflog
git stash list
git stash show -p
git config --get user.name
git config --list
git merge-base main HEAD
git rev-list --count HEAD
git cat-file -p HEAD
git ls-tree -r HEAD --name-only
git grep -n word
git worktree list
git for-each-ref --format='%(refname)' refs/heads
git check-ignore -v build
git --version
python --version
python3.11 -V
node -v
npm --version
java -version
make --version
ls && pwd && git status
cat a.txt | grep x | sort | uniq -c | sort -rn | head -5
ls missing 2>/dev/null || echo none
grep -c x a.txt 2>&1
cat < a.txt
LC_ALL=C sort a.txt
timeout 10 grep -r x src
time ls
/bin/ls
/usr/bin/git status
""".strip().splitlines()

QUESTIONS = r"""
sort -o f f
sort --output=f f
sort -T . f
sort --compress-program=sh f
uniq a b
xxd a b
sed -i s/a/b/ f
sed -n '1w out' f
sed 's/a/b/w out' f
sed 's/a/b/e' f
sed '1e touch x' f
sed '/[/s/]/w f/' a
sed -f script f
sed -n 1p *
find *
find . -fprintf x y
find . -fls x
sort *
git *
tree -o out
tree -R
date -s now
date 01010101
date -f list
hostname newname
file -C -m magic
file -z a
printf -v x y
printf '%n' x
test -v x
[ -v x ]
command ls -la; command rm x
rg --pre cat x
rg --hostname-bin x y
rg -z x
rg --ignore-file x y
grep --unknown x f
diff -l a b
jq -f prog f
jq env f
jq '$ENV.KEY' f
jq 'import "a" as a; .' f
awk 'BEGIN{system("ls")}'
awk '{print > "out"}' f
awk '{print | "sh"}' f
awk '"ls" | getline x' f
awk -f prog f
awk 'BEGIN{print ENVIRON["KEY"]}'
awk 'BEGIN{ARGV[1]="/etc/passwd"; ARGC=2} 1'
base64 -o out a
git diff --output=x
git diff --ext-diff
git diff --no-index a b
git log --output=x
git -c core.pager='!sh' status
git -C sub status
git --git-dir=x status
git config alias.x '!sh'
git config --edit
git branch new
git branch -D old
git branch -l new
git tag v1
git tag -d v1
git stash
git stash -p list
git stash pop
git remote add x y
git remote show origin
git ls-remote --upload-pack=x y
git fetch
git grep -Oless x
git grep --open-files-in-pager=less x
git cat-file --textconv HEAD:a
git blame --contents a b
git log --show-signature
git archive HEAD
git symbolic-ref HEAD refs/heads/x
git bisect run sh
git checkout x
git commit --amend
javac -version -processorpath p
yarn --version
npx --version
cargo --version
pytest --version
python -m pip --version
python --version x.py
make -v
tar -version
env ls
less a
man ls
vi a
xargs cat
tail -f log
top
ping host
curl x
ls --hyper
./ls
sub/git status
""".strip().splitlines()


@pytest.mark.behaviour("B-363")
@pytest.mark.parametrize("command", EVERYDAY)
def test_everyday_reading_needs_no_question(tmp_path: Path, command: str) -> None:
    for mode in ("default", "plan", "dontAsk", "acceptEdits"):
        decision = policy(project(tmp_path), mode).bash(command)
        assert (decision.verdict, decision.read_only) == ("allow", True), decision.reasons


@pytest.mark.behaviour("B-364")
@pytest.mark.parametrize("command", QUESTIONS)
def test_a_flag_or_form_that_could_do_more_asks(tmp_path: Path, command: str) -> None:
    decision = policy(project(tmp_path)).bash(command)
    assert decision.verdict == "ask"
    assert decision.reasons
    assert policy(project(tmp_path), "plan").bash(command).verdict == "deny"


@pytest.mark.behaviour("B-365")
@pytest.mark.parametrize(
    "command",
    [
        "cat /etc/passwd",
        "ls ..",
        "cat ../x",
        "grep x ~/.ssh/config",
        "cat ~/x",
        "head < /etc/passwd",
        "cat link/x",
        "ls /etc/*.conf",
        "git diff /etc/passwd /etc/hosts",
        "diff a /etc/hosts",
        "test -f /etc/passwd",
        "find / -name x",
        "rg x /etc",
        "sort -u ../x",
        "grep -f /etc/passwd a",
        "sed -n 1p /etc/passwd",
        "awk 1 /etc/passwd",
        "find . -newer /etc/passwd",
        "git log -- ../x",
        "/bin/cat /etc/passwd",
    ],
)
def test_reading_outside_the_working_directories_asks(tmp_path: Path, command: str) -> None:
    world = project(tmp_path)
    (world.cwd / "link").symlink_to("/etc")
    decision = policy(world).bash(command)
    assert decision.verdict == "ask"
    assert "outside the working directories" in decision.reasons[0].text
    assert policy(world, "plan").bash(command).verdict == "ask"


def test_a_read_rule_opens_a_folder_for_the_shell_too(tmp_path: Path) -> None:
    world = project(tmp_path)
    assert policy(world, allow=["Read(//etc/**)"]).bash("cat /etc/passwd").verdict == "allow"
    assert policy(world, allow=["Read(//etc/**)"]).bash("cat /var/x").verdict == "ask"


def test_a_change_of_folder_only_reads_but_runs_alone(tmp_path: Path) -> None:
    decision = policy(project(tmp_path), "plan").bash("cd sub && ls")
    assert decision.verdict == "allow"
    assert not decision.read_only


@pytest.mark.parametrize(
    "command", ["timeout 5 cd sub && cat ../x", "nohup cd sub", "CDPATH=/etc cd ssh && cat config"]
)
def test_a_wrapped_change_of_folder_is_not_believed(tmp_path: Path, command: str) -> None:
    assert policy(project(tmp_path)).bash(command).verdict == "ask"


def test_a_wildcard_is_what_it_stands_for_on_the_disk(tmp_path: Path) -> None:
    world = project(tmp_path)
    (world.cwd / "a.txt").write_text("a", encoding="utf-8")
    (world.cwd / "out.md").symlink_to("/etc/passwd")
    (world.cwd / "in.py").symlink_to("a.txt")
    judge = policy(world)
    assert judge.bash("cat *.txt *.py").verdict == "allow"
    assert judge.bash("cat *.md").verdict == "ask"
    assert judge.bash("head -1 *").verdict == "ask"
    assert judge.bash('for f in *; do cat "$f"; done').verdict == "ask"
    assert judge.bash("cat */../../x").verdict == "ask"
    assert judge.bash("echo ../*").verdict == "ask"


def test_a_reader_that_follows_links_asks_when_one_leads_out(tmp_path: Path) -> None:
    world = project(tmp_path)
    (world.cwd / "in").mkdir()
    (world.cwd / "in" / "link").symlink_to("..")
    (world.cwd / "out").mkdir()
    (world.cwd / "out" / "link").symlink_to("/etc")
    judge = policy(world)
    for command in ("grep -R x {}", "find -L {} -name x", "rg --follow x {}", "diff -r {} in"):
        assert judge.bash(command.format("in")).verdict == "allow", command
        assert judge.bash(command.format("out")).verdict == "ask", command
    assert judge.bash("grep -r x out").verdict == "allow"
    for number in range(10_100):
        (world.cwd / "in" / str(number)).touch()
    assert judge.bash("grep -R x in").verdict == "ask"


@pytest.mark.behaviour("B-385")
@pytest.mark.parametrize(
    "command", ["env", "printenv | sort", "echo $API_TOKEN", 'cat <<<"$API_TOKEN"', "printenv API_TOKEN"]
)
def test_what_shows_a_secret_of_the_environment_asks(tmp_path: Path, command: str) -> None:
    world = project(tmp_path)
    assert policy(world).bash(command).verdict == "allow"
    decision = policy(replace(world, environment={"API_TOKEN": "s3cr3t"})).bash(command)
    assert decision.verdict == "ask"
    assert "API_TOKEN" in decision.reasons[0].text
    assert "s3cr3t" not in str(decision)


def test_names_that_a_command_lists_are_read_only_where_they_stay_whole(tmp_path: Path) -> None:
    judge = policy(project(tmp_path))
    for command in (
        "git ls-files | xargs wc -l",
        "wc -l $(git ls-files)",
        "for f in $(git ls-files); do wc -l $f; done",
        "find . -name '*.py' -print0 | xargs -0 grep x",
        "git ls-files -z | xargs -0 cat",
        "find . -name '*.py' -exec cat {} +",
        "find . -type f -exec grep -l x {} \\;",
        "git ls-files | grep py | xargs wc -l",
        "git log $(git describe --tags)..HEAD",
    ):
        assert judge.bash(command).verdict == "allow", command
    split = ("git ls-files | xargs cat", "cat $(git ls-files)", "for f in $(git ls-files); do cat $f; done")
    for command in split:
        assert judge.bash(command).verdict == "allow", command
    (judge.world.cwd / "b /etc").mkdir(
        parents=True
    )  # a name that comes apart: its pieces may name any file
    (judge.world.cwd / "b /etc" / "passwd").touch()
    for command in split:
        assert judge.bash(command).verdict == "ask", command
    for command in (
        "cat list | xargs wc -l",
        "echo /etc/passwd | xargs cat",
        "wc -l $(cat list)",
        "find . -print0 | xargs -0 sort",
        "find . -exec sort {} +",
        "find . -exec cat /etc/passwd {} +",
        "find . -exec cat {} -delete",
        "git log $(git rev-parse --output=x)..HEAD",
    ):
        assert judge.bash(command).verdict == "ask", command


def test_a_program_that_obeys_a_file_of_the_repository_first_asks(tmp_path: Path) -> None:
    world = project(tmp_path)
    judge = policy(world)
    assert judge.bash("go version && rustc --version").verdict == "allow"
    (world.cwd / "go.mod").touch()
    assert judge.bash("go version").verdict == "ask"
    (world.home / "rust-toolchain.toml").touch()
    assert judge.bash("rustc --version").verdict == "ask"
