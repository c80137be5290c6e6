"""How it is said that tests, a build or a linter passed, and what makes it something else. Only patterns."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Claim: TypeAlias = Literal["tests", "build", "lint", "checks"]


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


_NOW = r"(?:(?:now|all|both|also|again|still|currently|fully|successfully|cleanly|have|has|had) )*"
# What may follow: "the tests pass in a request" and "tests pass arguments" are something else.
_FOLLOWS = _any(
    *("now", "again", "too", "cleanly", "locally", "successfully", "as well", "and", "here", "after", "under", "on")
)
_END = (
    rf"(?=[\W_]*$|[,.;:!)\]–—✅✓-]| [(✅✓🎉–—-]| {_FOLLOWS}\b| in \d"
    r"| with(?:out| no| 0) (?:any )?(?:fail|err|warn|issue|problem))"
)
_MANY = r"(?:all|every|both|each|\d[\d,]*)"
_SORT = r"(?:(?:the|of|of the|my|your|our|these|those|\d[\d,]*) )*(?:[\w-]+ ){0,3}?"
_TESTS = r"(?:tests?|specs?|test cases?)"
_PASS = _any("pass(?:es|ed)?", "succeed(?:s|ed)?", "went through", "came back green")
_IS_GREEN = r"(?:are|is|were|was) (?:(?:now|all|both|also|again|still|fully) )*(?:passing|green|succeeding|successful)"
_SUITE = _any(
    "test[- ]?suite", "suite", "test run", "pytest", "jest", "vitest", "mocha", "rspec", "phpunit", "ctest",
    "(?:npm|cargo|go|make|yarn|pnpm|dotnet|mvn|bun|deno) (?:run )?test", "tox", "nox",
)  # fmt: skip
_BUILD = _any("(?:production )?build", "compilation", "(?:npm run|yarn|pnpm|cargo|go|make|gradle|docker) build")
_LINTER = _any(
    "lint(?:er|ers|ing|s)?", "ruff(?: check| format)?", "eslint", "mypy", "flake8", "pylint", "pyright", "tsc",
    "prettier", "(?:cargo )?clippy", "type[- ]?check(?:s|er|ing)?", "golangci-lint",
    "rubocop", "(?:npm run|make|yarn|pnpm) lint",
)  # fmt: skip
_WELL = _any("passing", "green", "clean(?:ly)?", "successful", "no (?:errors|issues|warnings|problems)")
_GREEN = rf"(?:is|are|was|were|runs?|ran|comes? back|came back|reports?|shows?) {_NOW}{_WELL}"
_LABEL = r"^\W*(?:all )?{}\W{{0,6}}:\W*(?:all )?(?:\d+ )?(?:pass(?:ed|ing|es)?|green|clean|success\w*|ok)\b"

_TESTED = (
    rf"\b{_TESTS} {_NOW}{_PASS}{_END}",
    rf"\b{_TESTS} {_IS_GREEN}{_END}",
    rf"\b{_SUITE} {_NOW}{_PASS}{_END}",
    rf"\b{_SUITE} {_GREEN}{_END}",
    rf"\b{_MANY} {_SORT}{_TESTS} {_NOW}(?:passing|green){_END}",
    rf"\b(?:all|every one|both|all of them) (?:\d[\d,]* )?{_NOW}pass(?:ed|ing)?{_END}",
    rf"\b(?:suite|{_TESTS})\b[^.:]{{0,20}}: \d[\d,]* pass(?:ed|ing)?{_END}",
    r"\b\d[\d,]* pass(?:ed|ing)?,? (?:and )?(?:0|no|none|zero) fail(?:ed|ing|ures?)?\b",
    r"\b(?P<some>\d{1,9}) ?(?:/|of|out of) ?(?P<of>\d{1,9}) " + rf"(?:{_TESTS} )?{_NOW}(?:pass(?:ed|ing)?|green)\b",
    r"\bpassed:? (?P<ok>\d{1,9}) ?/ ?(?P<all>\d{1,9})\b",
    _LABEL.format(r"(?:tests?|test results?|test suite|testing|pytest)"),
    r"\b(?:with )?(?:0|no|zero) (?:test )?failures?\b(?=[\W_]*$|[,.;)]| (?:and|in|across)\b)",
    r"\b(?:everything|it all|all of it|all) (?:(?:is|are|now|comes? (?:up|back)) )*(?:passes|passed|passing|green)\b"
    + _END,
    r"\b(?:alle|sämtliche|die)\b[^,.]{0,30}\btests?\b[^,.]{0,20}\b"
    r"(?:laufen (?:wieder |jetzt |nun |alle )*(?:erfolgreich )?durch|laufen erfolgreich|bestehen|bestanden"
    r"|sind (?:wieder |jetzt |nun |alle )*(?:grün|erfolgreich))\b",
    r"\bles tests (?!ne\b)(?:\w+ )?(?:passent|réussissent|sont (?:tous )?(?:verts|au vert)|ont réussi)\b",
    r"\b(?:los tests|las pruebas) (?:ya |ahora )?(?:pasan|pasaron|están en verde)\b",
    r"\bos testes (?:agora )?(?:passam|passaram|estão passando)\b",
    r"\bi test (?:ora )?(?:passano|sono verdi|sono passati)\b",
    r"\bтесты (?:теперь )?(?:проходят|прошли)\b",
    r"测试(?:现在|均|都|已|全部|用例)*通过",
    r"テスト(?:は|が|も)?(?:すべて|全て|全部|全件)?(?:通り|通って|パスし|パスして|成功し|成功して)(?:ました|います)",
)
_BUILT = (
    rf"\b{_BUILD} {_NOW}(?:{_PASS}|completes successfully|completed successfully){_END}",
    rf"\b{_BUILD} {_GREEN}{_END}",
    r"\b(?:compile[sd]|builds|built) (?:now )?(?:successfully|cleanly|without (?:any )?(?:errors|warnings))\b",
    _LABEL.format("build"),
    r"\bder build (?:läuft|ist) (?:wieder |jetzt )*(?:durch|grün|erfolgreich)\b",
)
_LINTED = (rf"\b{_LINTER} {_NOW}{_PASS}{_END}", rf"\b{_LINTER} {_GREEN}{_END}", _LABEL.format(_LINTER))
_CHECKED = (
    rf"\b(?:all|every|both) (?:(?:of|the|\d+) )*(?:checks?|gates?) {_NOW}(?:{_PASS}|{_IS_GREEN}){_END}",
    rf"\b(?:checks|gates) {_IS_GREEN}{_END}",
)


def _pattern(every: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in every), re.IGNORECASE)


KINDS: tuple[tuple[Claim, re.Pattern[str]], ...] = (
    ("tests", _pattern(_TESTED)),
    ("build", _pattern(_BUILT)),
    ("lint", _pattern(_LINTED)),
    ("checks", _pattern(_CHECKED)),
)

# Before a claim, in its clause: then it is a plan, a wish, a doubt, another time, or somebody else's word.
_UNSURE = """
should would will could may might must can cannot shall if once until till unless whether when whenever while where
before after ensure ensures ensuring make makes making get gets getting got have let lets want wants need needs expect
expects expected assume assumes assuming hope plan verify check confirm see not never neither nor none no doesn don
didn isn aren wasn weren haven hasn won unable some most many few only half several almost nearly say says said claim
claims claimed told mentioned wrote previously earlier originally probably likely presumably believe think guess seems
seem appears appear perhaps maybe why how require requires required criteria criterion goal todo next according readme
docs documentation upstream which whose that any example ci i'll we'll let's used supposed
sollte sollten würden wenn falls sobald ob nicht keine damit bevor devraient devrait si quand pas deberían
cuando no cuando quando se não non если когда не чтобы
"""
UNSURE = re.compile(
    rf"\b(?:{'|'.join(re.escape(word) for word in dict.fromkeys(_UNSURE.split()))})\b|n['’]t\b|\[ \]|应该|如果|没有|未",
    re.IGNORECASE,
)
# "I verified that all tests pass": what makes it certain again.
SURE = re.compile(
    r"\b(?:confirmed|verified|checked|made sure|ensured|confirms|shows?|showed|means|saw|found)(?: that|:)?"
    r"(?: (?:all|the|every|both|of|each|existing|old|new|unit|my|our|\d+)){0,5} ?$",
    re.IGNORECASE,
)
SUBORDINATE = re.compile(
    r"\W*(?:if|when|whenever|once|unless|until|before|as soon as|wenn|falls|sobald|si)\b", re.IGNORECASE
)
# After a claim: then it is one of something else than what is here and now, or not of all.
LIMITED = re.compile(
    r"\b(?:except|apart from|other than|besides|excluding|aside from|before|previously|if|once|when|whenever|unless"
    r"|until|yet|should|would|without (?:my|the|this|these) (?:change|fix|patch)|in (?:ci|theory|your|my)|upstream"
    r"|on (?:main|master|ci|your|my|the (?:main|base))|either way|anyway|regardless|vor|avant|antes|said|says|according"
    r"|but (?:\d|one|two|some|the|a few|i))\b|\?",
    re.IGNORECASE,
)
